/** A writer and a reader for the fixed layout of a stored state. Numbers are big-endian. */

import { assert, CodecError } from '../../errors.ts';

const TWO_32 = 0x1_0000_0000;

export class LayoutWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  uint8(value: number): void {
    this.#view.setUint8(this.#offset, value);
    this.#offset += 1;
  }

  uint16(value: number): void {
    this.#view.setUint16(this.#offset, value);
    this.#offset += 2;
  }

  uint32(value: number): void {
    this.#view.setUint32(this.#offset, value);
    this.#offset += 4;
  }

  uint53(value: number): void {
    this.uint32(Math.floor(value / TWO_32));
    this.uint32(value % TWO_32);
  }

  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#offset);
    this.#offset += value.length;
  }

  finish(): Uint8Array {
    assert(this.#offset === this.#bytes.length, 'the layout has another size than announced');
    return this.#bytes;
  }
}

/** Every read is checked against the end; everything malformed ends in a CodecError `bad-spqr-state`. */
export class LayoutReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
    const value = this.uint32() * TWO_32 + this.uint32();
    this.check(value <= Number.MAX_SAFE_INTEGER, 'integer above 2^53-1');
    return value;
  }

  /** A copy, so that the stored bytes can be wiped. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.slice(start, start + length);
  }

  end(): void {
    this.check(this.#offset === this.#bytes.length, 'bytes after the end');
  }

  check(condition: boolean, why: string): asserts condition {
    if (!condition) throw new CodecError('bad-spqr-state', why, { offset: this.#offset });
  }

  #advance(length: number): number {
    const start = this.#offset;
    this.check(length <= this.#bytes.length - start, 'state is cut off');
    this.#offset = start + length;
    return start;
  }
}
