import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expect } from 'chai';
import { concatBytes, utf8 } from '../../../crypto/bytes.ts';
import { aeadOpen, aeadSeal } from '../../../crypto/primitives/aead.ts';
import { isScratchClear, ready } from '../../../crypto/primitives/sodium.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

const KEY = seededBytes('aead key', 32);
const NONCE = seededBytes('aead nonce', 24);
const AAD = utf8('row key');

describe('XChaCha20-Poly1305', () => {
  before(ready);

  it('agrees with noble for every length, beyond the scratch area too', () => {
    for (const length of [0, 1, 63, 64, 65, 1000, 16_300, 16_384, 100_000]) {
      for (const aad of [utf8(''), AAD, seededBytes('long aad', 20_000)]) {
        const plaintext = seededBytes('plaintext', length);
        const sealed = aeadSeal(KEY, NONCE, aad, plaintext);
        expect(sealed).to.deep.equal(xchacha20poly1305(KEY, NONCE, aad).encrypt(plaintext));
        expect(aeadOpen(KEY, NONCE, aad, sealed)).to.deep.equal(plaintext);
        expect(isScratchClear()).to.equal(true);
      }
    }
  });

  it('refuses any changed bit of key, nonce, associated data, ciphertext and tag', () => {
    const inputs = [KEY, NONCE, AAD, aeadSeal(KEY, NONCE, AAD, utf8('some plaintext'))] as const;
    const open = (list: readonly Uint8Array[]): Uint8Array =>
      aeadOpen(...(list as readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array]));
    expect(refusalOf(() => open(inputs))).to.equal('none');
    for (const [which, input] of inputs.entries()) {
      for (let at = 0; at < input.length; at++) {
        const changed = input.slice();
        changed[at] = (changed[at] as number) ^ 0x80;
        const list = inputs.map((bytes, i) => (i === which ? changed : bytes));
        expect(
          refusalOf(() => open(list)),
          `input ${which}, byte ${at}`,
        ).to.equal('tampered');
      }
    }
    expect(isScratchClear()).to.equal(true);
  });

  it('refuses truncated and extended ciphertexts', () => {
    const sealed = aeadSeal(KEY, NONCE, AAD, utf8('some plaintext'));
    for (let length = 0; length < sealed.length; length++) {
      expect(refusalOf(() => aeadOpen(KEY, NONCE, AAD, sealed.subarray(0, length)))).to.equal('tampered');
    }
    const longer = concatBytes(sealed, Uint8Array.of(0));
    expect(refusalOf(() => aeadOpen(KEY, NONCE, AAD, longer))).to.equal('tampered');
  });

  it('refuses keys and nonces of other lengths', () => {
    expect(refusalOf(() => aeadSeal(KEY.subarray(1), NONCE, AAD, AAD))).to.equal('bug');
    expect(refusalOf(() => aeadSeal(KEY, NONCE.subarray(12), AAD, AAD))).to.equal('bug');
    expect(refusalOf(() => aeadOpen(KEY, NONCE.subarray(12), AAD, KEY))).to.equal('bug');
  });
});
