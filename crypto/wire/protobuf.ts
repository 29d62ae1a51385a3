/**
 * The protobuf wire format (proto2 presence rules): varints and length-delimited fields, nothing else.
 * Fields are written in the order of the calls; zero values are written like any other, because a required
 * field must be on the wire also when it is 0.
 *
 * @see Protocol Buffers encoding, https://protobuf.dev/programming-guides/encoding/
 */

import { fromUtf8, utf8 } from '../bytes.ts';
import { CodecError } from '../errors.ts';

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;
/** A varint of ten bytes holds 64 bits; a longer one is malformed. */
const MAX_VARINT_BYTES = 10;
const MAX_FIELD_NUMBER = 536_870_911;
const INITIAL_CAPACITY = 128;

export class ProtobufWriter {
  #buffer: Uint8Array;
  #length = 0;

  constructor(capacity = INITIAL_CAPACITY) {
    this.#buffer = new Uint8Array(capacity);
  }

  varint(field: number, value: number): this {
    this.#reserve(2 * MAX_VARINT_BYTES);
    this.#tag(field, WIRE_VARINT);
    this.#writeVarint(value);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#reserve(2 * MAX_VARINT_BYTES + value.length);
    this.#tag(field, WIRE_BYTES);
    this.#writeVarint(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, utf8(value));
  }

  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #tag(field: number, wireType: number): void {
    this.#writeVarint(field * 8 + wireType);
  }

  #writeVarint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new CodecError('bad-integer', 'only integers from 0 to 2^53-1 can be encoded');
    }
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#buffer.length, this.#length + extra));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

/** One field as it stands on the wire: `number` for a varint, bytes (a view, not a copy) otherwise. */
export interface ProtobufField {
  readonly field: number;
  readonly offset: number;
  readonly value: number | Uint8Array;
}

/** Reads fields one after the other; everything malformed ends in a CodecError with its offset. */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @returns the next field, or undefined at the end. Fixed32 and fixed64 fields come as their bytes. */
  next(): ProtobufField | undefined {
    if (this.#offset >= this.#bytes.length) return undefined;
    const offset = this.#offset;
    const tag = this.#varint();
    const field = Math.floor(tag / 8);
    if (field < 1 || field > MAX_FIELD_NUMBER)
      throw this.#error('bad-field-number', 'field number out of range');
    switch (tag % 8) {
      case WIRE_VARINT:
        return { field, offset, value: this.#varint() };
      case WIRE_BYTES:
        return { field, offset, value: this.#take(this.#varint()) };
      case WIRE_FIXED64:
        return { field, offset, value: this.#take(8) };
      case WIRE_FIXED32:
        return { field, offset, value: this.#take(4) };
      default:
        throw this.#error('bad-wire-type', 'unknown wire type');
    }
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#offset)
      throw this.#error('truncated', 'field is longer than its message');
    const value = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return value;
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#bytes[this.#offset];
      if (byte === undefined) throw this.#error('truncated', 'message ends inside a varint');
      this.#offset++;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw this.#error('bad-integer', 'integer above 2^53-1');
        return value;
      }
      scale *= 0x80;
    }
    throw this.#error('bad-varint', 'varint of more than ten bytes');
  }

  #error(code: string, text: string): CodecError {
    return new CodecError(code, text, { offset: this.#offset });
  }
}

export function fieldBytes(field: ProtobufField, name: string): Uint8Array {
  if (typeof field.value === 'number') {
    throw new CodecError('bad-wire-type', `${name} is not a byte string`, {
      field: name,
      offset: field.offset,
    });
  }
  return field.value;
}

export function fieldText(field: ProtobufField, name: string): string {
  return fromUtf8(fieldBytes(field, name));
}

export function fieldInteger(field: ProtobufField, name: string): number {
  if (typeof field.value !== 'number') {
    throw new CodecError('bad-wire-type', `${name} is not an integer`, { field: name, offset: field.offset });
  }
  return field.value;
}
