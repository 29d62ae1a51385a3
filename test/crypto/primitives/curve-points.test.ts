import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'chai';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import { isCanonicalPoint, montgomeryToEdwards } from '../../../crypto/primitives/curve-points.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { importPrivateKey, publicKeyOf } from '../../../crypto/primitives/x25519.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { readSignalVectors } from '../../support/vectors.ts';

interface EdgePoints {
  readonly rows: readonly {
    readonly name: string;
    readonly public: string;
    readonly acceptedAsBaseKey: boolean;
  }[];
}

const P_MINUS_1 = `ec${'ff'.repeat(30)}7f`;
const P_PLUS_9 = `f6${'ff'.repeat(30)}7f`;
const NINE = `09${'00'.repeat(31)}`;

function bytes(hex: string): Uint8Array {
  return fromHex(hex);
}

/** noble's own answer, by decompression and a multiplication with the group order. */
function isTorsionFree(point: Uint8Array): boolean {
  try {
    const decoded = ed25519.Point.fromBytes(point);
    return !decoded.is0() && decoded.isTorsionFree();
  } catch {
    return false;
  }
}

describe('the map from Montgomery to Edwards form', () => {
  it('inverts the map in the other direction, for both signs', () => {
    const signs = new Set<number>();
    for (let i = 0; i < 60; i++) {
      const point = ed25519.getPublicKey(seededBytes(`ed25519 ${i}`, 32));
      const sign = (point[31] as number) >> 7 === 1 ? 1 : 0;
      signs.add(sign);
      expect(montgomeryToEdwards(ed25519.utils.toMontgomery(point), sign)).to.deep.equal(point);
    }
    expect(signs.size).to.equal(2);
  });

  it('has no value at u = -1, in whichever form it comes', () => {
    expect(montgomeryToEdwards(bytes(P_MINUS_1), 0)).to.equal(undefined);
    expect(montgomeryToEdwards(bytes(P_MINUS_1.replace(/7f$/, 'ff')), 1)).to.equal(undefined);
  });

  it('ignores bit 255 and reduces', () => {
    const expected = montgomeryToEdwards(bytes(NINE), 0);
    expect(montgomeryToEdwards(bytes(P_PLUS_9), 0)).to.deep.equal(expected);
    expect(montgomeryToEdwards(bytes(NINE.replace(/00$/, '80')), 0)).to.deep.equal(expected);
    expect(toHex(expected ?? new Uint8Array())).to.equal(`58${'66'.repeat(31)}`);
  });

  it('refuses other lengths than 32', () => {
    for (const length of [0, 31, 33]) {
      expect(refusalOf(() => montgomeryToEdwards(new Uint8Array(length), 0))).to.equal('bug');
    }
  });
});

describe('the canonical-point test', () => {
  before(ready);

  it('decides on unusual points as libsignal does', () => {
    for (const row of readSignalVectors<EdgePoints>('edge-points').rows) {
      expect(isCanonicalPoint(bytes(row.public).subarray(1)), row.name).to.equal(row.acceptedAsBaseKey);
    }
  });

  it('accepts honest public keys', () => {
    for (let i = 0; i < 20; i++) {
      expect(isCanonicalPoint(publicKeyOf(importPrivateKey(seededBytes(`key ${i}`, 32))))).to.equal(true);
    }
  });

  it('agrees with noble on arbitrary u-coordinates', () => {
    const seen = new Map<boolean, number>();
    for (let i = 0; i < 80; i++) {
      const u = seededBytes(`u ${i}`, 32);
      u[31] = (u[31] as number) & 0x7f;
      const expected = isTorsionFree(montgomeryToEdwards(u, 0) ?? new Uint8Array(32));
      seen.set(expected, (seen.get(expected) ?? 0) + 1);
      expect(isCanonicalPoint(u)).to.equal(expected);
    }
    expect(seen.get(true)).to.be.greaterThan(2);
    expect(seen.get(false)).to.be.greaterThan(2);
  });

  it('refuses non-canonical forms, a set bit 255 and other lengths', () => {
    expect(isCanonicalPoint(bytes(NINE))).to.equal(true);
    expect(isCanonicalPoint(bytes(P_PLUS_9))).to.equal(false);
    expect(isCanonicalPoint(bytes(NINE.replace(/00$/, '80')))).to.equal(false);
    expect(isCanonicalPoint(bytes(NINE).subarray(1))).to.equal(false);
  });
});
