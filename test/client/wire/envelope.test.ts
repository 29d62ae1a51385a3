import { expect } from 'chai';
import fc from 'fast-check';
import { decodeUnsealedEnvelope, encodeUnsealedEnvelope } from '../../../client/wire/envelope.ts';
import { deriveAccountId } from '../../../crypto/account/account-id.ts';
import { concatBytes, utf8 } from '../../../crypto/bytes.ts';
import { ChatError } from '../../../crypto/errors.ts';
import { ENVELOPE_MAX_BYTES } from '../../../relay/protocol/limits.ts';
import { refusalOf } from '../../support/refusal.ts';

const account = deriveAccountId(utf8('alice'));
const envelope = { type: 3, account, device: 7, ciphertext: Uint8Array.of(1, 2, 3) } as const;

describe('unsealed envelope', () => {
  it('is type, account, device and ciphertext', () => {
    expect(encodeUnsealedEnvelope(envelope)).to.deep.equal(
      concatBytes(Uint8Array.of(3), account, Uint8Array.of(7, 1, 2, 3)),
    );
  });

  it('round-trips', () => {
    fc.assert(
      fc.property(
        fc.record({
          type: fc.constantFrom(2 as const, 3 as const),
          account: fc.uint8Array().map((seed) => deriveAccountId(seed)),
          device: fc.integer({ min: 1, max: 127 }),
          ciphertext: fc.uint8Array({ maxLength: 200 }),
        }),
        (each) => {
          expect(decodeUnsealedEnvelope(encodeUnsealedEnvelope(each))).to.deep.equal(each);
        },
      ),
    );
  });

  it('refuses other types, device ids and account ids', () => {
    const good = encodeUnsealedEnvelope(envelope);
    for (const [at, value, code] of [
      [0, 0, 'bad-envelope'],
      [0, 4, 'bad-envelope'],
      [17, 0, 'bad-envelope'],
      [17, 128, 'bad-envelope'],
      [7, 0x40, 'bad-account-id'],
    ] as const) {
      const changed = good.map((byte, i) => (i === at ? value : byte));
      expect(refusalOf(() => decodeUnsealedEnvelope(changed))).to.equal(code);
    }
    for (const device of [0, 128, 1.5]) {
      expect(refusalOf(() => encodeUnsealedEnvelope({ ...envelope, device }))).to.equal('bad-envelope');
    }
  });

  it('refuses what ends before the ciphertext', () => {
    const good = encodeUnsealedEnvelope(envelope);
    for (let length = 0; length < 18; length++) {
      expect(refusalOf(() => decodeUnsealedEnvelope(good.slice(0, length)))).to.equal('bad-envelope');
    }
    expect(decodeUnsealedEnvelope(good.slice(0, 18)).ciphertext).to.have.length(0);
  });

  it('is at most 96 KiB', () => {
    const ciphertext = new Uint8Array(ENVELOPE_MAX_BYTES - 18);
    expect(encodeUnsealedEnvelope({ ...envelope, ciphertext })).to.have.length(ENVELOPE_MAX_BYTES);
    const longer = new Uint8Array(ENVELOPE_MAX_BYTES - 17);
    expect(refusalOf(() => encodeUnsealedEnvelope({ ...envelope, ciphertext: longer }))).to.equal('too-long');
    expect(refusalOf(() => decodeUnsealedEnvelope(new Uint8Array(ENVELOPE_MAX_BYTES + 1)))).to.equal(
      'too-long',
    );
  });

  it('fails only with typed errors on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeUnsealedEnvelope(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(ChatError);
        }
      }),
    );
  });
});
