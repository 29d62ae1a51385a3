/** Reads the fields of a request; everything that has not its documented form is a `bad-request`. */

import { MAX_DEVICE_ID, MIN_DEVICE_ID } from '../../crypto/constants.ts';
import { UsageError } from '../../crypto/errors.ts';
import { makeAddress, type ProtocolAddress } from '../../crypto/keys/address.ts';
import { type PublicKey, parsePublicKey } from '../../crypto/keys/keys.ts';

export type Fields = Readonly<Record<string, unknown>>;

const LOWER_CASE_HEX = /^(?:[0-9a-f]{2})*$/;
const MAX_UINT32 = 0xffff_ffff;

export function badRequest(why: string): UsageError {
  return new UsageError('bad-request', why);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own fields only: a request has no business with what objects inherit. */
export function has(fields: Fields, name: string): boolean {
  return Object.hasOwn(fields, name);
}

function field(fields: Fields, name: string): unknown {
  if (!has(fields, name)) throw badRequest(`${name} is missing`);
  return fields[name];
}

export function text(fields: Fields, name: string): string {
  const value = field(fields, name);
  if (typeof value !== 'string') throw badRequest(`${name} is not a string`);
  return value;
}

export function flag(fields: Fields, name: string): boolean {
  const value = field(fields, name);
  if (typeof value !== 'boolean') throw badRequest(`${name} is not a boolean`);
  return value;
}

export function integer(
  fields: Fields,
  name: string,
  min = 0,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = field(fields, name);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
    throw badRequest(`${name} is not an integer from ${min} to ${max}`);
  }
  return value;
}

export function uint32(fields: Fields, name: string): number {
  return integer(fields, name, 0, MAX_UINT32);
}

export function deviceId(fields: Fields, name: string): number {
  return integer(fields, name, MIN_DEVICE_ID, MAX_DEVICE_ID);
}

export function bytes(fields: Fields, name: string): Uint8Array {
  const value = field(fields, name);
  if (typeof value !== 'string' || !LOWER_CASE_HEX.test(value)) throw badRequest(`${name} is not hex`);
  const buffer = Buffer.from(value, 'hex');
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length).slice();
}

export function bytesOf(fields: Fields, name: string, length: number): Uint8Array {
  const value = bytes(fields, name);
  if (value.length !== length) throw badRequest(`${name} is not ${length} bytes`);
  return value;
}

/** A key of another form is not a bad request but an `invalid-key`. */
export function publicKey(fields: Fields, name: string): PublicKey {
  return parsePublicKey(bytes(fields, name));
}

export function object(fields: Fields, name: string): Fields {
  const value = field(fields, name);
  if (!isFields(value)) throw badRequest(`${name} is not an object`);
  return value;
}

export function objects(fields: Fields, name: string): readonly Fields[] {
  const value = field(fields, name);
  if (!Array.isArray(value) || !value.every(isFields)) throw badRequest(`${name} is not a list of objects`);
  return value;
}

export function address(fields: Fields, name: string): ProtocolAddress {
  const value = object(fields, name);
  return makeAddress(text(value, 'name'), deviceId(value, 'deviceId'));
}

export function hex(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex');
}
