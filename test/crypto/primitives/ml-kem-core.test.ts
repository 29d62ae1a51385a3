import { ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { expect } from 'chai';
import { concatBytes } from '../../../crypto/bytes.ts';
import {
  isWorkspaceClear,
  ML_KEM_768,
  ML_KEM_1024,
  type MlKemParams,
} from '../../../crypto/primitives/k-pke.ts';
import { decapsulate, encapsulate, generate } from '../../../crypto/primitives/ml-kem-core.ts';
import { flipBit, withCoefficient } from '../../support/ml-kem-damage.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

const CASES = 120;

const SETS: readonly (readonly [name: string, params: MlKemParams, noble: typeof ml_kem768])[] = [
  ['ML-KEM-768', ML_KEM_768, ml_kem768],
  ['ML-KEM-1024', ML_KEM_1024, ml_kem1024],
];

for (const [name, params, noble] of SETS) {
  describe(name, () => {
    it(`equals noble in ${CASES} cases, implicit rejection included`, () => {
      for (let i = 0; i < CASES; i++) {
        const seed = seededBytes(`${name} seed ${i}`, 64);
        const m = seededBytes(`${name} m ${i}`, 32);
        const pair = generate(params, seed);
        const expectedPair = noble.keygen(seed);
        expect(pair.encapsulationKey).to.deep.equal(expectedPair.publicKey);
        expect(pair.decapsulationKey).to.deep.equal(expectedPair.secretKey);
        const { ciphertext, sharedSecret } = encapsulate(params, pair.encapsulationKey, m);
        const expected = noble.encapsulate(expectedPair.publicKey, m);
        expect(ciphertext).to.deep.equal(expected.cipherText);
        expect(sharedSecret).to.deep.equal(expected.sharedSecret);
        expect(decapsulate(params, pair.decapsulationKey, ciphertext)).to.deep.equal(sharedSecret);
        const changed = flipBit(ciphertext, (i * 7919) % (8 * ciphertext.length));
        const rejected = decapsulate(params, pair.decapsulationKey, changed);
        expect(rejected).to.deep.equal(noble.decapsulate(changed, expectedPair.secretKey));
        expect(rejected).to.not.deep.equal(sharedSecret);
      }
    });

    it('refuses an encapsulation key with a coefficient that is not below the modulus', () => {
      const { encapsulationKey } = generate(params, seededBytes('bad key', 64));
      const m = seededBytes('m', 32);
      for (const index of [0, 1, 255, 256, 256 * params.k - 1]) {
        for (const value of [3329, 3330, 4095]) {
          const key = withCoefficient(encapsulationKey, index, value);
          expect(
            refusalOf(() => encapsulate(params, key, m)),
            `${index} ${value}`,
          ).to.equal('invalid-key');
        }
        const largest = withCoefficient(encapsulationKey, index, 3328);
        expect(refusalOf(() => encapsulate(params, largest, m))).to.equal('none');
      }
    });

    it('refuses keys and ciphertexts of other lengths and keys whose hash is wrong', () => {
      const { encapsulationKey, decapsulationKey } = generate(params, seededBytes('lengths', 64));
      const m = seededBytes('m', 32);
      const { ciphertext } = encapsulate(params, encapsulationKey, m);
      const longer = (bytes: Uint8Array): Uint8Array => concatBytes(bytes, Uint8Array.of(0));
      for (const key of [encapsulationKey.subarray(1), longer(encapsulationKey), new Uint8Array()]) {
        expect(refusalOf(() => encapsulate(params, key, m))).to.equal('invalid-key');
      }
      for (const key of [decapsulationKey.subarray(1), longer(decapsulationKey), new Uint8Array()]) {
        expect(refusalOf(() => decapsulate(params, key, ciphertext))).to.equal('invalid-key');
      }
      for (const bytes of [ciphertext.subarray(1), longer(ciphertext), new Uint8Array()]) {
        expect(refusalOf(() => decapsulate(params, decapsulationKey, bytes))).to.equal('invalid-message');
      }
      const publicPart = 8 * (encapsulationKey.length - 32) + 3;
      const damaged = flipBit(decapsulationKey, publicPart);
      expect(refusalOf(() => decapsulate(params, damaged, ciphertext))).to.equal('invalid-key');
      expect(refusalOf(() => generate(params, new Uint8Array(63)))).to.equal('bug');
      expect(refusalOf(() => encapsulate(params, encapsulationKey, new Uint8Array(31)))).to.equal('bug');
    });

    it('leaves nothing in its working memory and changes no input', () => {
      const seed = seededBytes('wipe', 64);
      const { encapsulationKey, decapsulationKey } = generate(params, seed);
      expect(isWorkspaceClear(), 'after key generation').to.equal(true);
      const m = seededBytes('m', 32);
      const { ciphertext } = encapsulate(params, encapsulationKey, m);
      expect(isWorkspaceClear(), 'after encapsulation').to.equal(true);
      const copies = [encapsulationKey.slice(), decapsulationKey.slice(), ciphertext.slice()];
      decapsulate(params, decapsulationKey, ciphertext);
      expect(isWorkspaceClear(), 'after decapsulation').to.equal(true);
      expect([encapsulationKey, decapsulationKey, ciphertext]).to.deep.equal(copies);
      expect(seed).to.deep.equal(seededBytes('wipe', 64));
      expect(m).to.deep.equal(seededBytes('m', 32));
    });
  });
}
