/**
 * Reads the protobuf bodies of Signal's messages exactly as laxly as Signal does, because what one side takes
 * for valid the other must not refuse: 32-bit fields keep the low bits of a longer varint, unknown fields and
 * groups are skipped, the last value of a field wins. Works without allocating per field.
 *
 * @see Protocol Buffers encoding, https://protobuf.dev/programming-guides/encoding/
 */

import { CodecError } from '../errors.ts';

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_GROUP_START = 3;
const WIRE_GROUP_END = 4;
const WIRE_FIXED32 = 5;
/** Ten groups of seven bits hold 64 bits. */
const MAX_VARINT_BYTES = 10;
/** The last of the ten may carry one bit only. */
const MAX_LAST_VARINT_BYTE = 1;
/** Groups in groups: what the parsers of Signal allow before they give up. */
const MAX_GROUP_DEPTH = 100;
const TWO_TO_32 = 0x1_0000_0000;
const MAX_HIGH_OF_53 = 0x1f_ffff;

export class Proto2Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;
  #wireType = 0;
  #high = 0;

  /** Reads `bytes` from `start` up to `end`. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  /** The number of the next field, or 0 at the end; its value must then be read or skipped. */
  nextField(): number {
    if (this.#offset >= this.#end) return 0;
    return this.#tag();
  }

  /** The low 32 bits of a varint field. */
  uint32(): number {
    this.#expect(WIRE_VARINT);
    return this.#varint();
  }

  /** @throws CodecError `invalid-message` above 2^53-1. */
  uint53(): number {
    this.#expect(WIRE_VARINT);
    const low = this.#varint();
    if (this.#high > MAX_HIGH_OF_53) throw malformed('integer above 2^53-1');
    return this.#high * TWO_TO_32 + low;
  }

  /** A view of a length-delimited field. */
  bytes(): Uint8Array {
    this.#expect(WIRE_BYTES);
    const length = this.#length();
    const start = this.#offset;
    this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Steps over a field that the reader does not know. */
  skip(field: number, depth = 0): void {
    switch (this.#wireType) {
      case WIRE_VARINT:
        this.#varint();
        return;
      case WIRE_FIXED64:
        this.#advance(8);
        return;
      case WIRE_BYTES:
        this.#advance(this.#length());
        return;
      case WIRE_FIXED32:
        this.#advance(4);
        return;
      case WIRE_GROUP_START:
        this.#skipGroup(field, depth);
        return;
      default:
        throw malformed('a group ends that did not begin');
    }
  }

  #skipGroup(field: number, depth: number): void {
    if (depth >= MAX_GROUP_DEPTH) throw malformed('groups are nested too deeply');
    for (;;) {
      const inner = this.#tag();
      if (this.#wireType !== WIRE_GROUP_END) this.skip(inner, depth + 1);
      else if (inner === field) return;
      else throw malformed('a group ends that did not begin');
    }
  }

  #tag(): number {
    const tag = this.#varint();
    if (this.#high !== 0) throw malformed('field number out of range');
    this.#wireType = tag & 7;
    const field = tag >>> 3;
    if (field === 0 || this.#wireType > WIRE_FIXED32) throw malformed('field number or wire type is wrong');
    return field;
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) throw malformed('a field has the wrong wire type');
  }

  #length(): number {
    const length = this.#varint();
    if (this.#high !== 0) throw malformed('a field is longer than its message');
    return length;
  }

  #advance(length: number): void {
    if (length > this.#end - this.#offset) throw malformed('a field is longer than its message');
    this.#offset += length;
  }

  /** Returns the low 32 bits and leaves the high ones in `#high`. */
  #varint(): number {
    let low = 0;
    this.#high = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      if (this.#offset >= this.#end) throw malformed('the message ends inside a varint');
      const byte = this.#bytes[this.#offset++] as number;
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i === 4) {
        low |= bits << 28;
        this.#high = bits >> 4;
      } else this.#high += bits * 2 ** (7 * i - 32);
      if (byte < 0x80) {
        if (i === MAX_VARINT_BYTES - 1 && byte > MAX_LAST_VARINT_BYTE) break;
        return low >>> 0;
      }
    }
    throw malformed('varint of more than 64 bits');
  }
}

function malformed(text: string): CodecError {
  return new CodecError('invalid-message', text);
}
