/** Makes table and log descriptions out of codecs. */

import { concatBytes, uint32, uint64, utf8 } from '../../../crypto/bytes.ts';
import { BugError } from '../../../crypto/errors.ts';
import type { MessageCodec } from '../../../crypto/wire/schema.ts';
import type { Log, Table } from '../tables.ts';

interface Codec<T> {
  encode(row: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** Small rows that are always in memory. */
export function residentTable<T>(name: string, number: number, codec: Codec<T> | MessageCodec<T>): Table<T> {
  return { name, number, resident: true, volatile: false, encode: codec.encode, decode: codec.decode };
}

/** Rows that are read by key when they are needed. */
export function storedTable<T>(name: string, number: number, codec: Codec<T> | MessageCodec<T>): Table<T> {
  return { name, number, resident: false, volatile: false, encode: codec.encode, decode: codec.decode };
}

/** What only this process knows; a start begins with none of it. */
export function volatileTable<T>(name: string, number: number): Table<T> {
  const refuse = (): never => {
    throw new BugError('bug', `rows of ${name} are never stored`);
  };
  return { name, number, resident: true, volatile: true, encode: refuse, decode: refuse };
}

export function logOf<T>(name: string, number: number, codec: Codec<T> | MessageCodec<T>): Log<T> {
  return { name, number, encode: codec.encode, decode: codec.decode };
}

/** The key of tables with one row. */
export const ONLY: Uint8Array = new Uint8Array(1);

export function deviceKey(id: Uint8Array, device: number): Uint8Array {
  return concatBytes(id, Uint8Array.of(device));
}

export function orderKey(id: Uint8Array, order: number): Uint8Array {
  return concatBytes(id, uint64(order));
}

export function numberKey(number: number): Uint8Array {
  return uint32(number);
}

export function textKey(text: string): Uint8Array {
  return utf8(text);
}
