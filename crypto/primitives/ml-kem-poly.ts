/**
 * Arithmetic of ML-KEM polynomials: 256 coefficients modulo 3329 in an Int32Array, signed Montgomery form
 * with R = 2^16. Nothing here divides by or branches on a coefficient that may be secret; the one rejection
 * loop, `sampleUniform`, works on public data. Bounds in comments are on absolute values.
 *
 * @see FIPS 203, sections 4.2 and 4.3
 */

import { BugError } from '../errors.ts';
import { shake128, shake256 } from './hash.ts';

export const DEGREE = 256;
export const MODULUS = 3329;

const ROOT_OF_UNITY = 17;
/** 3329^-1 mod 2^16 as a signed 16-bit number. */
const MODULUS_INVERSE = -3327;
/** 2^32 mod 3329: one Montgomery product with it multiplies by R. */
const R_SQUARED = 1353;
/** R^2 / 128 mod 3329: scales an inverse transform and cancels the R^-1 of the product before it. */
const INVERSE_SCALE = 1441;
const BARRETT_FACTOR = 20159;
const BARRETT_SHIFT = 26;
const COMPRESS_SHIFT = 19;
const NOISE_BYTES = 128;
/** One block of SHAKE128. */
const UNIFORM_STEP = 168;
/** Three blocks hold 256 accepted candidates but for one seed in 120: often enough for tests to meet the other case. */
const UNIFORM_BYTES = 3 * UNIFORM_STEP;
const MAX_UNIFORM_BYTES = 64 * UNIFORM_STEP;

export type Poly = Int32Array;

const ZETAS = zetas();

function zetas(): Int32Array {
  const table = new Int32Array(DEGREE / 2);
  for (let i = 0; i < table.length; i++) {
    let exponent = 0;
    for (let bit = 0; bit < 7; bit++) exponent |= ((i >> bit) & 1) << (6 - bit);
    let value = 2 ** 16 % MODULUS;
    for (let n = 0; n < exponent; n++) value = (value * ROOT_OF_UNITY) % MODULUS;
    table[i] = value > MODULUS >> 1 ? value - MODULUS : value;
  }
  return table;
}

/** a * R^-1 mod q, below q for |a| < q * 2^15. */
export function montgomeryReduce(a: number): number {
  const t = (Math.imul(a, MODULUS_INVERSE) << 16) >> 16;
  return (a - Math.imul(t, MODULUS)) >> 16;
}

/** The representative nearest to zero, for |a| < 2^16. */
function barrettReduce(a: number): number {
  const t = (Math.imul(a, BARRETT_FACTOR) + (1 << (BARRETT_SHIFT - 1))) >> BARRETT_SHIFT;
  return a - Math.imul(t, MODULUS);
}

/** The representative from 0 to q-1, for |a| < 2^16. */
export function freeze(a: number): number {
  const reduced = barrettReduce(a);
  return reduced + ((reduced >> 31) & MODULUS);
}

/** Multiplies by R, which undoes the R^-1 of an accumulated product. */
export function toMontgomery(a: number): number {
  return montgomeryReduce(Math.imul(a, R_SQUARED));
}

/** In place; takes coefficients below q, leaves them nearest to zero and in bit-reversed order. */
export function ntt(poly: Poly): void {
  let next = 1;
  for (let length = 128; length >= 2; length >>= 1) {
    for (let start = 0; start < DEGREE; start += 2 * length) {
      const zeta = ZETAS[next++] as number;
      for (let j = start; j < start + length; j++) {
        const low = poly[j] as number;
        const high = montgomeryReduce(Math.imul(zeta, poly[j + length] as number));
        poly[j + length] = low - high;
        poly[j] = low + high;
      }
    }
  }
  for (let j = 0; j < DEGREE; j++) poly[j] = barrettReduce(poly[j] as number);
}

/** In place; takes coefficients below q that carry one R^-1, leaves them below q without it. */
export function inverseNtt(poly: Poly): void {
  let next = 127;
  for (let length = 2; length <= 128; length <<= 1) {
    // Sums double per layer: reducing them once, at 16q, keeps every factor of a product below 2^16.
    const reduce = length === 16;
    for (let start = 0; start < DEGREE; start += 2 * length) {
      const zeta = ZETAS[next--] as number;
      for (let j = start; j < start + length; j++) {
        const low = poly[j] as number;
        const high = poly[j + length] as number;
        const sum = low + high;
        poly[j] = reduce ? barrettReduce(sum) : sum;
        poly[j + length] = montgomeryReduce(Math.imul(zeta, high - low));
      }
    }
  }
  for (let j = 0; j < DEGREE; j++) {
    poly[j] = montgomeryReduce(Math.imul(poly[j] as number, INVERSE_SCALE));
  }
}

/**
 * `out = sum of a[j] * b[j] * R^-1` over transformed polynomials. One reduction per coefficient: with a below
 * q and b nearest to zero, eight products stay below q * 2^15.
 *
 * @param bZeta the odd coefficients of each b times their zeta, from `multiplyOddByZeta`
 */
export function multiplyAccumulate(
  out: Poly,
  a: readonly Poly[],
  b: readonly Poly[],
  bZeta: readonly Poly[],
): void {
  const sums = out.fill(0);
  for (let n = 0; n < a.length; n++) {
    const left = a[n] as Poly;
    const right = b[n] as Poly;
    const rightZeta = bZeta[n] as Poly;
    for (let i = 0; i < DEGREE; i += 2) {
      const a0 = left[i] as number;
      const a1 = left[i + 1] as number;
      const b0 = right[i] as number;
      const b1 = right[i + 1] as number;
      sums[i] = (sums[i] as number) + Math.imul(a0, b0) + Math.imul(a1, rightZeta[i >> 1] as number);
      sums[i + 1] = (sums[i + 1] as number) + Math.imul(a0, b1) + Math.imul(a1, b0);
    }
  }
  for (let i = 0; i < DEGREE; i++) out[i] = montgomeryReduce(sums[i] as number);
}

/** The second operand's share of X^2 = zeta, computed once per vector instead of once per product. */
export function multiplyOddByZeta(out: Poly, poly: Poly): void {
  for (let i = 0; i < DEGREE / 4; i++) {
    const zeta = ZETAS[64 + i] as number;
    out[2 * i] = montgomeryReduce(Math.imul(poly[4 * i + 1] as number, zeta));
    out[2 * i + 1] = montgomeryReduce(Math.imul(poly[4 * i + 3] as number, -zeta));
  }
}

/** SampleNTT: 256 coefficients below q from SHAKE128 of the 34-byte seed (rho and two indices, all public). */
export function sampleUniform(out: Poly, seed: Uint8Array): void {
  for (let length = UNIFORM_BYTES; length <= MAX_UNIFORM_BYTES; length += UNIFORM_STEP) {
    if (rejectUniform(out, shake128(seed, length))) return;
  }
  throw new BugError('bug', 'SHAKE128 gave no polynomial within its limit');
}

function rejectUniform(out: Poly, stream: Uint8Array): boolean {
  let filled = 0;
  for (let i = 0; i + 2 < stream.length && filled < DEGREE; i += 3) {
    const middle = stream[i + 1] as number;
    const first = (stream[i] as number) | ((middle & 0x0f) << 8);
    const second = (middle >> 4) | ((stream[i + 2] as number) << 4);
    if (first < MODULUS) out[filled++] = first;
    if (second < MODULUS && filled < DEGREE) out[filled++] = second;
  }
  return filled === DEGREE;
}

/** SamplePolyCBD with eta = 2 from SHAKE256 of the 33-byte seed and nonce: coefficients from -2 to 2. */
export function sampleNoise(out: Poly, seedAndNonce: Uint8Array): void {
  const stream = shake256(seedAndNonce, NOISE_BYTES);
  for (let i = 0; i < NOISE_BYTES; i++) {
    const byte = stream[i] as number;
    const pairs = (byte & 0x55) + ((byte >> 1) & 0x55);
    out[2 * i] = (pairs & 3) - ((pairs >> 2) & 3);
    out[2 * i + 1] = ((pairs >> 4) & 3) - ((pairs >> 6) & 3);
  }
  stream.fill(0);
}

/** floor(2^19 * 2^d / q) for the d in use, up to 11. */
const COMPRESS_FACTORS = Int32Array.from({ length: 12 }, (_, d) =>
  Math.floor(2 ** (COMPRESS_SHIFT + d) / MODULUS),
);

/**
 * Compress_d for d <= 11 of any coefficient below 2^16: round(x * 2^d / q) mod 2^d with x modulo q. The
 * quotient is an underestimate by at most one, put right without a branch; a division would not be
 * constant-time on every engine.
 */
export function compress(coefficient: number, d: number): number {
  const x = freeze(coefficient);
  const numerator = (x << d) + (MODULUS >> 1);
  const estimate = Math.imul(x, COMPRESS_FACTORS[d] as number) >> COMPRESS_SHIFT;
  const remainder = numerator - Math.imul(estimate, MODULUS);
  const quotient = estimate + ((MODULUS - 1 - remainder) >>> 31);
  return quotient & ((1 << d) - 1);
}

/** Decompress_d: round(y * q / 2^d). */
export function decompress(y: number, d: number): number {
  return (Math.imul(y, MODULUS) + (1 << (d - 1))) >> d;
}

/** ByteEncode_d: writes 32 * d bytes at the offset. */
export function packBits(out: Uint8Array, offset: number, poly: Poly, d: number): void {
  let position = offset;
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < DEGREE; i++) {
    pending |= (poly[i] as number) << bits;
    bits += d;
    while (bits >= 8) {
      out[position++] = pending & 0xff;
      pending >>>= 8;
      bits -= 8;
    }
  }
}

/** ByteDecode_d of the 32 * d bytes at the offset, without the reduction of d = 12. */
export function unpackBits(poly: Poly, bytes: Uint8Array, offset: number, d: number): void {
  const mask = (1 << d) - 1;
  let position = offset;
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < DEGREE; i++) {
    while (bits < d) {
      pending |= (bytes[position++] as number) << bits;
      bits += 8;
    }
    poly[i] = pending & mask;
    pending >>>= d;
    bits -= d;
  }
}
