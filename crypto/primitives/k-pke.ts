/**
 * K-PKE, the encryption under ML-KEM with eta1 = eta2 = 2 (the 768 and 1024 sets), cut so that SPQR can make
 * the first part of a ciphertext before the whole key has arrived.
 *
 * The working memory is allocated once and zeroed after every operation. Not reentrant: nothing here calls out.
 *
 * @see FIPS 203, algorithms 13 to 15
 */

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
  type Poly,
  packBits,
  sampleNoise,
  sampleUniform,
  toMontgomery,
  unpackBits,
} from './ml-kem-poly.ts';

export interface MlKemParams {
  readonly k: 3 | 4;
  readonly du: 10 | 11;
  readonly dv: 4 | 5;
}

export const ML_KEM_768: MlKemParams = { k: 3, du: 10, dv: 4 };
export const ML_KEM_1024: MlKemParams = { k: 4, du: 11, dv: 5 };

export const SYMBOL_BYTES = 32;
const POLY_BYTES = 384;
const MAX_K = 4;

const row = polys(MAX_K);
const vector = polys(MAX_K);
const vectorZeta = polys(MAX_K);
const noise = new Int32Array(DEGREE);
const sum = new Int32Array(DEGREE);
const uniformSeed = new Uint8Array(SYMBOL_BYTES + 2);
const noiseSeed = new Uint8Array(SYMBOL_BYTES + 1);

function polys(count: number): Poly[] {
  return Array.from({ length: count }, () => new Int32Array(DEGREE));
}

const workspace = [...row, ...vector, ...vectorZeta, noise, sum, uniformSeed, noiseSeed];

function wipeWorkspace(): void {
  for (const array of workspace) array.fill(0);
}

/** Whether the working memory holds nothing but zeros: true between any two operations. */
export function isWorkspaceClear(): boolean {
  return workspace.every((array) => array.every((value) => value === 0));
}

export function vectorBytes(params: MlKemParams): number {
  return params.k * POLY_BYTES;
}

export function encapsulationKeyBytes(params: MlKemParams): number {
  return vectorBytes(params) + SYMBOL_BYTES;
}

export function decapsulationKeyBytes(params: MlKemParams): number {
  return 2 * vectorBytes(params) + 3 * SYMBOL_BYTES;
}

/** Size of the part of a ciphertext that does not depend on the vector of the encapsulation key. */
export function firstPartBytes(params: MlKemParams): number {
  return params.k * params.du * SYMBOL_BYTES;
}

export function ciphertextBytes(params: MlKemParams): number {
  return firstPartBytes(params) + params.dv * SYMBOL_BYTES;
}

/** Writes the vector t of an encapsulation key and the vector s of its decapsulation key. */
export function generateVectors(
  { k }: MlKemParams,
  rho: Uint8Array,
  sigma: Uint8Array,
  out: { readonly keyVector: Uint8Array; readonly secretVector: Uint8Array },
): void {
  drawSecretVector(k, sigma);
  for (let i = 0; i < k; i++) {
    drawRow(k, rho, i, 'plain');
    multiplyAccumulate(sum, used(row, k), vector, vectorZeta);
    drawNoise(noise, k + i);
    ntt(noise);
    for (let n = 0; n < DEGREE; n++) sum[n] = freeze(toMontgomery(sum[n] as number) + (noise[n] as number));
    packBits(out.keyVector, i * POLY_BYTES, sum, 12);
  }
  for (let i = 0; i < k; i++) {
    const secret = vector[i] as Poly;
    for (let n = 0; n < DEGREE; n++) secret[n] = freeze(secret[n] as number);
    packBits(out.secretVector, i * POLY_BYTES, secret, 12);
  }
  wipeWorkspace();
}

/** Writes Compress(u), the part of a ciphertext that needs only rho and the randomness. */
export function encryptFirstPart(params: MlKemParams, out: Uint8Array, rho: Uint8Array, r: Uint8Array): void {
  drawSecretVector(params.k, r);
  writeFirstPart(params, out, rho);
  wipeWorkspace();
}

/** Writes Compress(v), the part that needs the vector of the encapsulation key and the message. */
export function encryptSecondPart(
  params: MlKemParams,
  out: Uint8Array,
  keyVector: Uint8Array,
  m: Uint8Array,
  r: Uint8Array,
): void {
  drawSecretVector(params.k, r);
  writeSecondPart(params, out, keyVector, m);
  wipeWorkspace();
}

/** The modulus check of FIPS 203, section 7.2: every coefficient is below q. */
export function isReducedVector(params: MlKemParams, keyVector: Uint8Array): boolean {
  if (keyVector.length !== vectorBytes(params)) return false;
  let excess = 0;
  for (let i = 0; i < params.k; i++) {
    unpackBits(sum, keyVector, i * POLY_BYTES, 12);
    for (let n = 0; n < DEGREE; n++) excess |= MODULUS - 1 - (sum[n] as number);
  }
  wipeWorkspace();
  return excess >= 0;
}

/** K-PKE.Encrypt: the whole ciphertext of the 32-byte message. */
export function encrypt(
  params: MlKemParams,
  encapsulationKey: Uint8Array,
  m: Uint8Array,
  r: Uint8Array,
): Uint8Array {
  const size = vectorBytes(params);
  const ciphertext = new Uint8Array(ciphertextBytes(params));
  drawSecretVector(params.k, r);
  writeFirstPart(params, ciphertext, encapsulationKey.subarray(size));
  writeSecondPart(params, ciphertext.subarray(firstPartBytes(params)), encapsulationKey.subarray(0, size), m);
  wipeWorkspace();
  return ciphertext;
}

/** Leaves a transformed vector of noise (s or y) in the workspace and the seed ready for the noise after it. */
function drawSecretVector(k: number, seed: Uint8Array): void {
  noiseSeed.set(seed);
  for (let i = 0; i < k; i++) {
    const y = vector[i] as Poly;
    drawNoise(y, i);
    ntt(y);
    multiplyOddByZeta(vectorZeta[i] as Poly, y);
  }
}

function writeFirstPart({ k, du }: MlKemParams, out: Uint8Array, rho: Uint8Array): void {
  for (let i = 0; i < k; i++) {
    drawRow(k, rho, i, 'transposed');
    multiplyAccumulate(sum, used(row, k), vector, vectorZeta);
    inverseNtt(sum);
    drawNoise(noise, k + i);
    for (let n = 0; n < DEGREE; n++) {
      sum[n] = compress((sum[n] as number) + (noise[n] as number), du);
    }
    packBits(out, i * du * SYMBOL_BYTES, sum, du);
  }
}

function writeSecondPart(
  { k, dv }: MlKemParams,
  out: Uint8Array,
  keyVector: Uint8Array,
  m: Uint8Array,
): void {
  for (let i = 0; i < k; i++) unpackBits(row[i] as Poly, keyVector, i * POLY_BYTES, 12);
  multiplyAccumulate(sum, used(row, k), vector, vectorZeta);
  inverseNtt(sum);
  drawNoise(noise, 2 * k);
  for (let n = 0; n < DEGREE; n++) {
    const bit = ((m[n >> 3] as number) >> (n & 7)) & 1;
    const value = (sum[n] as number) + (noise[n] as number) + (-bit & ((MODULUS + 1) >> 1));
    sum[n] = compress(value, dv);
  }
  packBits(out, 0, sum, dv);
}

/** K-PKE.Decrypt: the 32-byte message, right or wrong. */
export function decrypt(
  { k, du, dv }: MlKemParams,
  decapsulationKey: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  for (let i = 0; i < k; i++) {
    const u = vector[i] as Poly;
    unpackBits(u, ciphertext, i * du * SYMBOL_BYTES, du);
    for (let n = 0; n < DEGREE; n++) u[n] = decompress(u[n] as number, du);
    ntt(u);
    multiplyOddByZeta(vectorZeta[i] as Poly, u);
    unpackBits(row[i] as Poly, decapsulationKey, i * POLY_BYTES, 12);
  }
  multiplyAccumulate(sum, used(row, k), vector, vectorZeta);
  inverseNtt(sum);
  unpackBits(noise, ciphertext, k * du * SYMBOL_BYTES, dv);
  const m = new Uint8Array(SYMBOL_BYTES);
  for (let n = 0; n < DEGREE; n++) {
    const value = decompress(noise[n] as number, dv) - (sum[n] as number);
    m[n >> 3] = (m[n >> 3] as number) | (compress(value, 1) << (n & 7));
  }
  wipeWorkspace();
  return m;
}

function drawNoise(out: Poly, nonce: number): void {
  noiseSeed[SYMBOL_BYTES] = nonce;
  sampleNoise(out, noiseSeed);
}

/** Row `index` of the matrix, or of its transpose. */
function drawRow(k: number, rho: Uint8Array, index: number, form: 'plain' | 'transposed'): void {
  uniformSeed.set(rho);
  for (let j = 0; j < k; j++) {
    uniformSeed[SYMBOL_BYTES] = form === 'plain' ? j : index;
    uniformSeed[SYMBOL_BYTES + 1] = form === 'plain' ? index : j;
    sampleUniform(row[j] as Poly, uniformSeed);
  }
}

function used(list: readonly Poly[], k: number): readonly Poly[] {
  return list.length === k ? list : list.slice(0, k);
}
