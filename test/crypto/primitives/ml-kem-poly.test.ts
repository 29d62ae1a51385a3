import { expect } from 'chai';
import {
  compress,
  DEGREE,
  decompress,
  freeze,
  inverseNtt,
  MODULUS,
  multiplyAccumulate,
  multiplyOddByZeta,
  ntt,
  packBits,
  sampleNoise,
  sampleUniform,
  unpackBits,
} from '../../../crypto/primitives/ml-kem-poly.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

function uniform(label: string): Int32Array {
  const poly = new Int32Array(DEGREE);
  sampleUniform(poly, seededBytes(label, 34));
  return poly;
}

/** The product modulo X^256 + 1 and q by the schoolbook. */
function multiplyPlainly(a: Int32Array, b: Int32Array): Int32Array {
  const out = new Int32Array(DEGREE);
  for (let i = 0; i < DEGREE; i++) {
    for (let j = 0; j < DEGREE; j++) {
      const product = ((a[i] as number) * (b[j] as number)) % MODULUS;
      const at = (i + j) % DEGREE;
      const signed = i + j < DEGREE ? product : MODULUS - product;
      out[at] = ((out[at] as number) + signed) % MODULUS;
    }
  }
  return out;
}

describe('polynomials of ML-KEM', () => {
  it('compress every coefficient to the nearest value, in every size and from every representative', () => {
    for (const d of [1, 4, 5, 10, 11]) {
      for (let x = 0; x < MODULUS; x++) {
        const exact = Number((BigInt(x) * 2n ** BigInt(d + 1) + BigInt(MODULUS)) / BigInt(2 * MODULUS));
        const expected = exact % 2 ** d;
        if (compress(x, d) !== expected) expect(compress(x, d), `${x} to ${d} bits`).to.equal(expected);
        const negative = compress(x - MODULUS, d);
        if (negative !== expected) expect(negative, `${x} - q to ${d} bits`).to.equal(expected);
      }
    }
  });

  it('come back from d bits within the error that compression allows', () => {
    for (const d of [1, 4, 5, 10, 11]) {
      for (let y = 0; y < 2 ** d; y++) {
        const restored = decompress(y, d);
        expect(restored).to.be.lessThan(MODULUS);
        if (compress(restored, d) !== y) expect(compress(restored, d), `${y} of ${d} bits`).to.equal(y);
      }
    }
  });

  it('reduce to 0..q-1 from every value that the arithmetic produces', () => {
    for (let a = -(2 ** 16) + 1; a < 2 ** 16; a++) {
      const expected = ((a % MODULUS) + MODULUS) % MODULUS;
      if (freeze(a) !== expected) expect(freeze(a), `${a}`).to.equal(expected);
    }
  });

  it('multiply through the transform as by the schoolbook, summed over a vector', () => {
    const count = 4;
    const a = Array.from({ length: count }, (_, i) => uniform(`a ${i}`));
    const b = Array.from({ length: count }, (_, i) => uniform(`b ${i}`));
    const expected = new Int32Array(DEGREE);
    for (let n = 0; n < count; n++) {
      const product = multiplyPlainly(a[n] as Int32Array, b[n] as Int32Array);
      for (let i = 0; i < DEGREE; i++) {
        expected[i] = ((expected[i] as number) + (product[i] as number)) % MODULUS;
      }
    }
    for (const poly of [...a, ...b]) ntt(poly);
    for (const poly of a) poly.set(poly.map(freeze));
    const bZeta = b.map((poly) => {
      const out = new Int32Array(DEGREE);
      multiplyOddByZeta(out, poly);
      return out;
    });
    const sum = new Int32Array(DEGREE);
    multiplyAccumulate(sum, a, b, bZeta);
    inverseNtt(sum);
    expect(sum.map(freeze)).to.deep.equal(expected);
  });

  it('stay exact at the largest coefficients that can occur', () => {
    const top = new Int32Array(DEGREE).fill(MODULUS - 1);
    const other = new Int32Array(DEGREE).fill(MODULUS - 1);
    const expected = multiplyPlainly(top, other);
    const sums = expected.map((value) => (4 * value) % MODULUS);
    ntt(top);
    ntt(other);
    const left = top.map(freeze);
    const zeta = new Int32Array(DEGREE);
    multiplyOddByZeta(zeta, other);
    const sum = new Int32Array(DEGREE);
    multiplyAccumulate(sum, [left, left, left, left], [other, other, other, other], [zeta, zeta, zeta, zeta]);
    inverseNtt(sum);
    expect(sum.map(freeze)).to.deep.equal(sums);
  });

  it('survive packing in every size', () => {
    for (const d of [1, 4, 5, 10, 11, 12]) {
      const poly = uniform('packed').map((value) => value & ((1 << d) - 1));
      const packed = new Uint8Array(32 * d + 2);
      packBits(packed, 1, poly, d);
      expect([packed[0], packed.at(-1)]).to.deep.equal([0, 0]);
      const out = new Int32Array(DEGREE);
      unpackBits(out, packed, 1, d);
      expect(out).to.deep.equal(poly);
    }
  });

  it('are sampled uniformly below q and as noise from -2 to 2', () => {
    const values = uniform('uniform');
    expect(Math.max(...values)).to.be.lessThan(MODULUS);
    expect(Math.min(...values)).to.be.at.least(0);
    const noise = new Int32Array(DEGREE);
    sampleNoise(noise, seededBytes('noise', 33));
    expect(new Set(noise)).to.deep.equal(new Set([-2, -1, 0, 1, 2]));
  });
});
