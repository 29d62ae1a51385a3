import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../../crypto/bytes.ts';
import {
  addChunk,
  type ChunkDecoder,
  chunkAt,
  chunkCount,
  decodedMessage,
  nextChunk,
  startDecoder,
  startEncoder,
} from '../../../../crypto/ratchet/spqr/erasure-code.ts';
import { codeOf, readVectors, SeededRandom } from './support.ts';

interface ErasureVector {
  readonly message: string;
  readonly chunks: readonly { readonly index: number; readonly data: string }[];
}

const vectors = readVectors<{ erasure: readonly ErasureVector[] }>('spqr-components.json').erasure;
const SIZES = [3, 5, 30, 36];

function decodeFrom(message: Uint8Array, numbers: readonly number[]): ChunkDecoder {
  let decoder = startDecoder(message.length);
  for (const number of numbers) decoder = addChunk(decoder, { number, data: chunkAt(message, number) });
  return decoder;
}

describe('erasure code', () => {
  it('makes the recorded chunks of every transfer size', () => {
    expect(vectors.map(({ message }) => message.length / 64)).to.deep.equal(SIZES);
    for (const { message, chunks } of vectors) {
      expect(chunks).to.have.lengthOf(10);
      for (const { index, data } of chunks) {
        expect(toHex(chunkAt(fromHex(message), index))).to.equal(data);
      }
    }
  });

  it('decodes the recorded parity chunks together with data chunks', () => {
    for (const vector of vectors) {
      const message = fromHex(vector.message);
      const needed = message.length / 32;
      let decoder = startDecoder(message.length);
      for (const { index, data } of [...vector.chunks].reverse()) {
        decoder = addChunk(decoder, { number: index, data: fromHex(data) });
      }
      for (let number = 0; chunkCount(decoder) < needed; number++) {
        decoder = addChunk(decoder, { number, data: chunkAt(message, number) });
      }
      expect(toHex(decodedMessage(decoder) ?? new Uint8Array())).to.equal(vector.message);
    }
  });

  it('gives the message back from any distinct chunks, as many as it has, in any order', () => {
    const anyCase = fc.constantFrom(...SIZES).chain((size) =>
      fc.record({
        message: fc.uint8Array({ minLength: 32 * size, maxLength: 32 * size }),
        numbers: fc.uniqueArray(fc.oneof(fc.nat(2 * size), fc.nat(0xffff)), {
          minLength: size,
          maxLength: size,
        }),
      }),
    );
    fc.assert(
      fc.property(anyCase, ({ message, numbers }) => {
        const before = message.slice();
        expect(decodedMessage(decodeFrom(message, numbers))).to.deep.equal(before);
        expect(message).to.deep.equal(before);
      }),
      { numRuns: 150 },
    );
  });

  it('gives nothing with one chunk too few', () => {
    const message = new SeededRandom(1).bytes(96);
    const decoder = decodeFrom(message, [0, 7]);
    expect(decodedMessage(decoder)).to.equal(undefined);
    expect(chunkCount(decoder)).to.equal(2);
  });

  it('keeps the first value of a chunk number', () => {
    const message = new SeededRandom(2).bytes(96);
    const decoder = decodeFrom(message, [0, 1]);
    expect(addChunk(decoder, { number: 1, data: new Uint8Array(32) })).to.equal(decoder);
    expect(decodedMessage(addChunk(decoder, { number: 2, data: message.slice(64) }))).to.deep.equal(message);
  });

  it('takes no chunk once it is complete', () => {
    const decoder = decodeFrom(new SeededRandom(3).bytes(96), [4, 5, 6]);
    expect(addChunk(decoder, { number: 0, data: new Uint8Array(32) })).to.equal(decoder);
  });

  it('never changes a decoder in place', () => {
    const message = new SeededRandom(4).bytes(96);
    const decoder = decodeFrom(message, [5]);
    const points = decoder.points.slice();
    addChunk(decoder, { number: 6, data: chunkAt(message, 6) });
    addChunk(decoder, { number: 7, data: chunkAt(message, 7) });
    expect(decoder.points).to.deep.equal(points);
  });

  it('numbers chunks from 0 and starts again after 65535', () => {
    const message = new SeededRandom(5).bytes(160);
    const first = nextChunk(startEncoder(message));
    expect(first.chunk).to.deep.equal({ number: 0, data: message.slice(0, 32) });
    expect(first.encoder.next).to.equal(1);
    const last = nextChunk({ message, next: 65535 });
    expect(last.chunk.number).to.equal(65535);
    expect(last.encoder.next).to.equal(0);
  });

  it('refuses to encode a message of no whole number of chunks', () => {
    for (const size of [0, 33, 32 * 37]) {
      expect(codeOf(() => chunkAt(new Uint8Array(size), 100))).to.equal('bug');
    }
  });
});
