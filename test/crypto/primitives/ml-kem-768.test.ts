import { expect } from 'chai';
import { concatBytes, fromHex, toHex } from '../../../crypto/bytes.ts';
import { isWorkspaceClear } from '../../../crypto/primitives/k-pke.ts';
import {
  encapsulateHeader,
  encapsulateVector,
  headerOf,
  isValidVector,
  mlKem768Decapsulate,
  mlKem768Encapsulate,
  mlKem768KeyPair,
} from '../../../crypto/primitives/ml-kem-768.ts';
import { flipBit, withCoefficient } from '../../support/ml-kem-damage.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { readSignalVectors } from '../../support/vectors.ts';

interface SpqrComponents {
  readonly incrementalMlKem768: readonly {
    readonly seed: string;
    readonly header: string;
    readonly ekVector: string;
    readonly decapsulationKey: string;
    readonly m: string;
    readonly ct1: string;
    readonly ct2: string;
    readonly sharedSecret: string;
  }[];
}

const VECTOR_BYTES = 1152;

describe('incremental ML-KEM-768', () => {
  it('reproduces the recorded parts', () => {
    const { incrementalMlKem768 } = readSignalVectors<SpqrComponents>('spqr-components');
    for (const row of incrementalMlKem768) {
      const [header, vector, m] = [fromHex(row.header), fromHex(row.ekVector), fromHex(row.m)];
      const pair = mlKem768KeyPair(fromHex(row.seed));
      expect(toHex(pair.encapsulationKey.subarray(0, VECTOR_BYTES))).to.equal(row.ekVector);
      expect(toHex(pair.decapsulationKey)).to.equal(row.decapsulationKey);
      expect(toHex(headerOf(pair.encapsulationKey))).to.equal(row.header);
      expect(isValidVector(header, vector)).to.equal(true);
      const first = encapsulateHeader(header, m);
      expect(toHex(first.ct1)).to.equal(row.ct1);
      expect(toHex(first.sharedSecret)).to.equal(row.sharedSecret);
      const ct2 = encapsulateVector(header, vector, m);
      expect(toHex(ct2)).to.equal(row.ct2);
      const ciphertext = concatBytes(first.ct1, ct2);
      expect(toHex(mlKem768Decapsulate(pair.decapsulationKey, ciphertext))).to.equal(row.sharedSecret);
    }
  });

  it('makes the two parts of the ciphertext that encapsulation makes at once', () => {
    for (let i = 0; i < 100; i++) {
      const { encapsulationKey } = mlKem768KeyPair(seededBytes(`parts ${i}`, 64));
      const m = seededBytes(`parts m ${i}`, 32);
      const whole = mlKem768Encapsulate(encapsulationKey, m);
      const header = headerOf(encapsulationKey);
      const { ct1, sharedSecret } = encapsulateHeader(header, m);
      expect(ct1).to.deep.equal(whole.ciphertext.slice(0, 960));
      expect(sharedSecret).to.deep.equal(whole.sharedSecret);
      const ct2 = encapsulateVector(header, encapsulationKey.subarray(0, VECTOR_BYTES), m);
      expect(ct2).to.deep.equal(whole.ciphertext.slice(960));
    }
    expect(isWorkspaceClear()).to.equal(true);
  });

  it('refuses a vector that its header does not announce', () => {
    const { encapsulationKey } = mlKem768KeyPair(seededBytes('vector', 64));
    const header = headerOf(encapsulationKey);
    const vector = encapsulationKey.slice(0, VECTOR_BYTES);
    const m = seededBytes('m', 32);
    const refused: readonly (readonly [Uint8Array, Uint8Array])[] = [
      [header, flipBit(vector, 0)],
      [header, flipBit(vector, 8 * VECTOR_BYTES - 1)],
      [flipBit(header, 0), vector],
      [flipBit(header, 511), vector],
      [header, vector.subarray(1)],
      [header, concatBytes(vector, Uint8Array.of(0))],
      [header.subarray(1), vector],
    ];
    expect(isValidVector(header, vector)).to.equal(true);
    for (const [badHeader, badVector] of refused) {
      expect(isValidVector(badHeader, badVector)).to.equal(false);
      expect(refusalOf(() => encapsulateVector(badHeader, badVector, m))).to.equal('invalid-key');
    }
  });

  it('refuses a vector with an unreduced coefficient even under a header made for it', () => {
    const { encapsulationKey } = mlKem768KeyPair(seededBytes('vector', 64));
    for (const index of [0, 1, 767]) {
      const key = withCoefficient(encapsulationKey, index, 3329);
      expect(isValidVector(headerOf(key), key.subarray(0, VECTOR_BYTES))).to.equal(false);
    }
  });

  it('refuses a header or randomness of another length', () => {
    const m = seededBytes('m', 32);
    expect(refusalOf(() => encapsulateHeader(new Uint8Array(63), m))).to.equal('bug');
    expect(refusalOf(() => encapsulateHeader(new Uint8Array(64), new Uint8Array(31)))).to.equal('bug');
  });
});
