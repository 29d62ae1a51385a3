import { expect } from 'chai';
import { fromHex, toHex } from '../../../../crypto/bytes.ts';
import type { Random } from '../../../../crypto/random.ts';
import {
  decapsulate,
  ekVectorOf,
  encapsulateToHeader,
  encapsulateToVector,
  generateDecapsulationKey,
  headerOf,
} from '../../../../crypto/ratchet/spqr/incremental-kem.ts';
import { codeOf, readVectors } from './support.ts';

interface KemVector {
  readonly seed: string;
  readonly header: string;
  readonly ekVector: string;
  readonly decapsulationKey: string;
  readonly m: string;
  readonly ct1: string;
  readonly ct2: string;
  readonly sharedSecret: string;
}

const vectors = readVectors<{ incrementalMlKem768: readonly KemVector[] }>(
  'spqr-components.json',
).incrementalMlKem768;

function drawing(name: string, hex: string): Random {
  return {
    draw(drawn, length) {
      expect(drawn).to.equal(name);
      expect(length).to.equal(hex.length / 2);
      return fromHex(hex);
    },
  };
}

describe('incremental ML-KEM-768', () => {
  it('makes the recorded key, header and ek vector from the drawn seed', () => {
    expect(vectors).to.have.lengthOf(3);
    for (const { seed, header, ekVector, decapsulationKey } of vectors) {
      const key = generateDecapsulationKey(drawing('spqrKeySeed', seed));
      expect(toHex(key.expose())).to.equal(decapsulationKey);
      expect(toHex(headerOf(key))).to.equal(header);
      expect(toHex(ekVectorOf(key))).to.equal(ekVector);
    }
  });

  it('makes the recorded ciphertext in two parts from the drawn coins', () => {
    for (const { header, ekVector, m, ct1, ct2, sharedSecret } of vectors) {
      const sampled = encapsulateToHeader(fromHex(header), drawing('spqrCoins', m));
      expect(toHex(sampled.ct1)).to.equal(ct1);
      expect(toHex(sampled.kemSecret.expose())).to.equal(sharedSecret);
      expect(toHex(encapsulateToVector(fromHex(header), fromHex(ekVector), sampled.coins))).to.equal(ct2);
    }
  });

  it('decapsulates the recorded secret with a recorded key in place of the seed', () => {
    for (const { decapsulationKey, ct1, ct2, sharedSecret } of vectors) {
      const recorded = fromHex(decapsulationKey);
      const key = generateDecapsulationKey({
        draw: () => expect.fail('drew a seed'),
        keyPair: () => recorded,
      });
      expect(toHex(decapsulate(key, fromHex(ct1), fromHex(ct2)).expose())).to.equal(sharedSecret);
      key.wipe();
      expect(toHex(recorded)).to.equal(decapsulationKey);
    }
  });

  it('draws a seed when the random source has no recorded key left, and refuses one of a wrong length', () => {
    const [vector] = vectors;
    const random = drawing('spqrKeySeed', vector?.seed ?? '');
    const key = generateDecapsulationKey({ draw: random.draw, keyPair: () => undefined });
    expect(toHex(key.expose())).to.equal(vector?.decapsulationKey);
    const short = { draw: random.draw, keyPair: () => new Uint8Array(64) };
    expect(codeOf(() => generateDecapsulationKey(short))).to.equal('bug');
  });

  it('refuses an ek vector with any changed byte', () => {
    const [vector] = vectors;
    const header = fromHex(vector?.header ?? '');
    const { coins } = encapsulateToHeader(header, drawing('spqrCoins', vector?.m ?? ''));
    for (const position of [0, 1, 575, 1151]) {
      const ekVector = fromHex(vector?.ekVector ?? '');
      ekVector[position] = (ekVector[position] ?? 0) ^ 1;
      expect(codeOf(() => encapsulateToVector(header, ekVector, coins))).to.equal('invalid-message');
    }
  });
});
