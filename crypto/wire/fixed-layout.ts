/** Writes and reads the fixed layouts of stored states: big-endian numbers, byte strings of known lengths. */

import { assert, CodecError } from '../errors.ts';

const TWO_TO_32 = 0x1_0000_0000;

export class LayoutWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  /** The size is known beforehand: one allocation, and a forgotten field is found at once. */
  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  uint8(value: number): this {
    this.#view.setUint8(this.#offset, value);
    this.#offset += 1;
    return this;
  }

  uint16(value: number): this {
    this.#view.setUint16(this.#offset, value);
    this.#offset += 2;
    return this;
  }

  uint32(value: number): this {
    this.#view.setUint32(this.#offset, value);
    this.#offset += 4;
    return this;
  }

  uint53(value: number): this {
    return this.uint32(Math.floor(value / TWO_TO_32)).uint32(value % TWO_TO_32);
  }

  bytes(value: Uint8Array): this {
    this.#bytes.set(value, this.#offset);
    this.#offset += value.length;
    return this;
  }

  finish(): Uint8Array {
    assert(this.#offset === this.#bytes.length, 'the layout has another size than announced');
    return this.#bytes;
  }
}

/** Checks every read against the end. */
export class LayoutReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #errorCode: string;
  #offset = 0;

  /** @param errorCode of the CodecError in which everything malformed ends */
  constructor(bytes: Uint8Array, errorCode: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#errorCode = errorCode;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  uint53(): number {
    const value = this.uint32() * TWO_TO_32 + this.uint32();
    this.check(value <= Number.MAX_SAFE_INTEGER, 'integer above 2^53-1');
    return value;
  }

  /** A view of the input. */
  view(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A copy, so that the input can be wiped. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.slice(start, start + length);
  }

  end(): void {
    this.check(this.#offset === this.#bytes.length, 'bytes after the end');
  }

  check(condition: boolean, why: string): asserts condition {
    if (!condition) throw new CodecError(this.#errorCode, why, { offset: this.#offset });
  }

  #advance(length: number): number {
    const start = this.#offset;
    this.check(length <= this.#bytes.length - start, 'the input is cut off');
    this.#offset = start + length;
    return start;
  }
}
