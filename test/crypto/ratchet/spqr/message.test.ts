import { expect } from 'chai';
import fc from 'fast-check';
import { concatBytes, fromHex, toHex } from '../../../../crypto/bytes.ts';
import { ProtocolError } from '../../../../crypto/errors.ts';
import {
  decodeSpqrMessage,
  encodeSpqrMessage,
  type SpqrPayload,
} from '../../../../crypto/ratchet/spqr/message.ts';
import { codeOf, readVectors } from './support.ts';

interface Vectors {
  readonly encodings: readonly {
    readonly epoch: number;
    readonly index: number;
    readonly type: number;
    readonly chunk?: { readonly index: number; readonly data: string };
    readonly encoded: string;
  }[];
}

const TYPES = ['None', 'Hdr', 'Ek', 'EkCt1Ack', 'Ct1Ack', 'Ct1', 'Ct2'] as const;

function payloadOf(type: number, chunk: { number: number; data: Uint8Array }): SpqrPayload {
  const name = TYPES[type] ?? 'None';
  return name === 'None' || name === 'Ct1Ack' ? { type: name } : { type: name, chunk };
}

describe('SPQR message', () => {
  it('encodes and decodes every recorded message', () => {
    const { encodings } = readVectors<Vectors>('spqr-components.json');
    expect(encodings).to.have.lengthOf(5);
    for (const { epoch, index, type, chunk, encoded } of encodings) {
      const payload = payloadOf(type, { number: chunk?.index ?? 0, data: fromHex(chunk?.data ?? '') });
      expect(toHex(encodeSpqrMessage(epoch, index, payload))).to.equal(encoded);
      expect(decodeSpqrMessage(fromHex(encoded))).to.deep.equal({ version: 1, epoch, index, payload });
    }
  });

  it('round-trips', () => {
    const message = fc.record({
      epoch: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      index: fc.integer({ min: 1, max: 0xffff_ffff }),
      type: fc.nat(6),
      number: fc.nat(0xffff),
      data: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    });
    fc.assert(
      fc.property(message, ({ epoch, index, type, number, data }) => {
        const payload = payloadOf(type, { number, data });
        const encoded = encodeSpqrMessage(epoch, index, payload);
        expect(decodeSpqrMessage(encoded)).to.deep.equal({ version: 1, epoch, index, payload });
      }),
    );
  });

  it('ignores bytes after the message and takes padded varints', () => {
    const expected = { version: 1, epoch: 2, index: 5, payload: { type: 'None' } };
    expect(decodeSpqrMessage(fromHex('0102050099'))).to.deep.equal(expected);
    expect(decodeSpqrMessage(fromHex('0182000500'))).to.deep.equal(expected);
    expect(decodeSpqrMessage(fromHex('0182808080808080808000850000'))).to.deep.equal(expected);
  });

  const malformed: readonly [string, string][] = [
    ['nothing at all', ''],
    ['version 0', '00010100'],
    ['a version alone', '01'],
    ['epoch 0', '01000100'],
    ['an epoch of 2^53', '018080808080808010010001'],
    ['an epoch of 2^64-1', '01ffffffffffffffffff010100'],
    ['an epoch of eleven bytes', '018180808080808080808000010001'],
    ['an epoch that is cut off', '0181'],
    ['no index', '0101'],
    ['index 0', '01010000'],
    ['index 0 at a later epoch', '01020000'],
    ['an index of 2^32', '0101808080801000'],
    ['no type', '010101'],
    ['type 7', `01010107${'00'.repeat(33)}`],
    ['type 255', `010101ff${'00'.repeat(33)}`],
    ['a chunk type without a chunk', '01010101'],
    ['a chunk number of 65536', `01010101808004${'00'.repeat(32)}`],
    ['a chunk of 31 bytes', `0101010100${'00'.repeat(31)}`],
  ];
  for (const [what, hex] of malformed) {
    it(`refuses ${what}`, () => {
      expect(codeOf(() => decodeSpqrMessage(fromHex(hex)))).to.equal('invalid-message');
    });
  }

  it('refuses every truncation of every kind of message', () => {
    for (let type = 0; type < TYPES.length; type++) {
      const payload = payloadOf(type, { number: 300, data: new Uint8Array(32) });
      const encoded = encodeSpqrMessage(300, 70_000, payload);
      for (let length = 0; length < encoded.length; length++) {
        expect(codeOf(() => decodeSpqrMessage(encoded.subarray(0, length)))).to.equal('invalid-message');
      }
    }
  });

  it('throws nothing but its typed error on random bytes', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 64 }).map((tail) => concatBytes(Uint8Array.of(1), tail)),
    );
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        try {
          decodeSpqrMessage(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(ProtocolError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
