import { sha3_256, shake256 } from '@noble/hashes/sha3.js';
import { ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { expect } from 'chai';
import { concatBytes, fromHex, toHex } from '../../../crypto/bytes.ts';
import { kyberDecapsulate, kyberEncapsulate, kyberKeyPair } from '../../../crypto/primitives/kyber1024.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { readSignalVectors } from '../../support/vectors.ts';

interface KyberRow {
  readonly public: string;
  readonly private: string;
  readonly coins: string;
  readonly ciphertext: string;
  readonly sharedSecret: string;
}

function withoutType(hex: string): Uint8Array {
  return fromHex(hex).subarray(1);
}

/** The round-3 secret on top of what noble's ML-KEM gives. */
function bind(inner: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return shake256(concatBytes(inner, sha3_256(ciphertext)), { dkLen: 32 });
}

describe('Kyber-1024', () => {
  it('encapsulates and decapsulates with the keys of libsignal as it does', () => {
    const { kyber1024 } = readSignalVectors<{ kyber1024: readonly KyberRow[] }>('primitives');
    for (const row of kyber1024) {
      const { ciphertext, sharedSecret } = kyberEncapsulate(withoutType(row.public), fromHex(row.coins));
      expect(`08${toHex(ciphertext)}`).to.equal(row.ciphertext);
      expect(toHex(sharedSecret)).to.equal(row.sharedSecret);
      expect(toHex(kyberDecapsulate(withoutType(row.private), ciphertext))).to.equal(row.sharedSecret);
    }
  });

  it('equals round 3 on top of noble, implicit rejection included', () => {
    for (let i = 0; i < 30; i++) {
      const { publicKey, secretKey } = kyberKeyPair(seededBytes(`kyber ${i}`, 64));
      const coins = seededBytes(`coins ${i}`, 32);
      const { ciphertext, sharedSecret } = kyberEncapsulate(publicKey, coins);
      const expected = ml_kem1024.encapsulate(publicKey, sha3_256(coins));
      expect(ciphertext).to.deep.equal(expected.cipherText);
      expect(sharedSecret).to.deep.equal(bind(expected.sharedSecret, ciphertext));
      expect(kyberDecapsulate(secretKey, ciphertext)).to.deep.equal(sharedSecret);
      const changed = ciphertext.slice();
      changed[i * 50] = (changed[i * 50] as number) ^ 1;
      expect(kyberDecapsulate(secretKey, changed)).to.deep.equal(
        bind(ml_kem1024.decapsulate(changed, secretKey), changed),
      );
    }
  });

  it('refuses keys that are too short, too long or not reduced, and ciphertexts of another length', () => {
    const { publicKey, secretKey } = kyberKeyPair(seededBytes('kyber', 64));
    const coins = seededBytes('coins', 32);
    const unreduced = publicKey.slice();
    unreduced.fill(0xff, 0, 3);
    for (const key of [publicKey.subarray(1), concatBytes(publicKey, Uint8Array.of(0)), unreduced]) {
      expect(refusalOf(() => kyberEncapsulate(key, coins))).to.equal('invalid-key');
    }
    expect(refusalOf(() => kyberEncapsulate(publicKey, coins.subarray(1)))).to.equal('bug');
    const { ciphertext } = kyberEncapsulate(publicKey, coins);
    expect(refusalOf(() => kyberDecapsulate(secretKey.subarray(1), ciphertext))).to.equal('invalid-key');
    expect(refusalOf(() => kyberDecapsulate(secretKey, ciphertext.subarray(1)))).to.equal('invalid-message');
  });
});
