/**
 * Declares a protobuf message once and gets its type, its encoder and its checked decoder from it.
 * Every length and every count has a maximum; unknown fields are skipped; the last value of a scalar wins.
 *
 * ```ts
 * const Ping = message('Ping', { nonce: required(1, bytes({ length: 32 })), label: optional(2, text({ max: 64 })) });
 * type Ping = MessageOf<typeof Ping>;            // { nonce: Uint8Array; label?: string }
 * Ping.decode(Ping.encode({ nonce }));
 * ```
 */

import { utf8 } from '../bytes.ts';
import { CodecError } from '../errors.ts';
import {
  fieldBytes,
  fieldInteger,
  fieldText,
  type ProtobufField,
  ProtobufReader,
  ProtobufWriter,
} from './protobuf.ts';

export interface FieldType<T> {
  write(writer: ProtobufWriter, number: number, value: T, name: string): void;
  read(field: ProtobufField, name: string): T;
}

interface Field<T, Presence extends 'required' | 'optional' | 'repeated'> {
  readonly number: number;
  readonly presence: Presence;
  readonly max: number;
  readonly type: FieldType<T>;
}

type AnyField =
  // biome-ignore lint/suspicious/noExplicitAny: a field table mixes value types; each entry is checked where it is declared
  Field<any, 'required'> | Field<any, 'optional'> | Field<any, 'repeated'>;
type Shape = Readonly<Record<string, AnyField>>;

type Flatten<T> = { readonly [K in keyof T]: T[K] };
type ShapeOf<S extends Shape> = Flatten<
  {
    [K in keyof S as S[K] extends Field<infer _, 'required'> ? K : never]: S[K] extends Field<
      infer T,
      'required'
    >
      ? T
      : never;
  } & {
    [K in keyof S as S[K] extends Field<infer _, 'optional'> ? K : never]?: S[K] extends Field<
      infer T,
      'optional'
    >
      ? T
      : never;
  } & {
    [K in keyof S as S[K] extends Field<infer _, 'repeated'> ? K : never]: S[K] extends Field<
      infer T,
      'repeated'
    >
      ? readonly T[]
      : never;
  }
>;

export interface MessageCodec<T> {
  readonly name: string;
  readonly fields: Shape;
  encode(value: T): Uint8Array;
  /** @throws CodecError `missing-field`, `too-long`, `bad-length`, `too-many` and those of the reader. */
  decode(bytes: Uint8Array): T;
}

export type MessageOf<C> = C extends MessageCodec<infer T> ? T : never;

export function required<T>(number: number, type: FieldType<T>): Field<T, 'required'> {
  return { number, presence: 'required', max: 1, type };
}

export function optional<T>(number: number, type: FieldType<T>): Field<T, 'optional'> {
  return { number, presence: 'optional', max: 1, type };
}

export function repeated<T>(
  number: number,
  type: FieldType<T>,
  limit: { readonly max: number },
): Field<T, 'repeated'> {
  return { number, presence: 'repeated', max: limit.max, type };
}

/** A byte string of an exact length, or of at most `max` bytes. Decoded values are views of the input. */
export function bytes(limit: { readonly length: number } | { readonly max: number }): FieldType<Uint8Array> {
  const check = (value: Uint8Array, name: string): Uint8Array => {
    if ('length' in limit && value.length !== limit.length) {
      throw new CodecError('bad-length', `${name} has ${value.length} bytes, not ${limit.length}`, {
        field: name,
      });
    }
    if ('max' in limit && value.length > limit.max) {
      throw new CodecError('too-long', `${name} has ${value.length} bytes, at most ${limit.max}`, {
        field: name,
      });
    }
    return value;
  };
  return {
    write: (writer, number, value, name) => writer.bytes(number, check(value, name)),
    read: (field, name) => check(fieldBytes(field, name), name),
  };
}

/** UTF-8 text of at most `max` bytes. */
export function text(limit: { readonly max: number }): FieldType<string> {
  const check = (length: number, name: string): void => {
    if (length > limit.max) {
      throw new CodecError('too-long', `${name} has ${length} bytes, at most ${limit.max}`, { field: name });
    }
  };
  return {
    write: (writer, number, value, name) => {
      const encoded = utf8(value);
      check(encoded.length, name);
      writer.bytes(number, encoded);
    },
    read: (field, name) => {
      check(fieldBytes(field, name).length, name);
      return fieldText(field, name);
    },
  };
}

/** An unsigned integer up to `max`. */
export function uint(limit: { readonly max: number }): FieldType<number> {
  const check = (value: number, name: string): number => {
    if (!Number.isSafeInteger(value) || value < 0 || value > limit.max) {
      throw new CodecError('out-of-range', `${name} is above ${limit.max}`, { field: name });
    }
    return value;
  };
  return {
    write: (writer, number, value, name) => writer.varint(number, check(value, name)),
    read: (field, name) => check(fieldInteger(field, name), name),
  };
}

export const uint8: FieldType<number> = uint({ max: 0xff });
export const uint32: FieldType<number> = uint({ max: 0xffff_ffff });
/** Integers, times in ms since 1970 and sequence numbers: 0 to 2^53-1. */
export const uint53: FieldType<number> = uint({ max: Number.MAX_SAFE_INTEGER });

export const flag: FieldType<boolean> = {
  write: (writer, number, value) => writer.varint(number, value ? 1 : 0),
  read: (field, name) => fieldInteger(field, name) !== 0,
};

export function nested<T>(codec: MessageCodec<T>): FieldType<T> {
  return {
    write: (writer, number, value) => writer.bytes(number, codec.encode(value)),
    read: (field, name) => codec.decode(fieldBytes(field, name)),
  };
}

export function message<const S extends Shape>(name: string, fields: S): MessageCodec<ShapeOf<S>> {
  const entries = Object.entries(fields).sort(([, a], [, b]) => a.number - b.number);
  const byNumber = new Map(
    entries.map(([key, field]) => [field.number, { key, field, label: `${name}.${key}` }]),
  );

  function encode(value: ShapeOf<S>): Uint8Array {
    const writer = new ProtobufWriter();
    const source = value as Readonly<Record<string, unknown>>;
    for (const [key, field] of entries) {
      const label = `${name}.${key}`;
      const item = source[key];
      if (field.presence === 'repeated') {
        const items = item as readonly unknown[];
        if (items.length > field.max) throw tooMany(label, field.max);
        for (const each of items) field.type.write(writer, field.number, each, label);
      } else if (item !== undefined) {
        field.type.write(writer, field.number, item, label);
      } else if (field.presence === 'required') {
        throw missing(label);
      }
    }
    return writer.finish();
  }

  function decode(input: Uint8Array): ShapeOf<S> {
    const out: Record<string, unknown> = {};
    for (const [key, field] of entries) if (field.presence === 'repeated') out[key] = [];
    const reader = new ProtobufReader(input);
    for (let read = reader.next(); read !== undefined; read = reader.next()) {
      const known = byNumber.get(read.field);
      if (known === undefined) continue;
      const item = known.field.type.read(read, known.label);
      if (known.field.presence === 'repeated') {
        const items = out[known.key] as unknown[];
        if (items.length >= known.field.max) throw tooMany(known.label, known.field.max);
        items.push(item);
      } else {
        out[known.key] = item;
      }
    }
    for (const [key, field] of entries) {
      if (field.presence === 'required' && out[key] === undefined) throw missing(`${name}.${key}`);
    }
    return out as ShapeOf<S>;
  }

  return { name, fields, encode, decode };
}

function missing(label: string): CodecError {
  return new CodecError('missing-field', `${label} is missing`, { field: label });
}

function tooMany(label: string, max: number): CodecError {
  return new CodecError('too-many', `${label} has more than ${max} entries`, { field: label });
}
