/**
 * ML-KEM with eta1 = eta2 = 2 (the 768 and 1024 sets), deterministic, cut so that SPQR can make the first
 * part of a ciphertext before the whole encapsulation key has arrived. node:crypto hashes; the arithmetic is
 * ours because no library offers that cut, and because the JavaScript ones spend their time in Keccak.
 *
 * The working memory is allocated once and zeroed after every operation. Not reentrant: nothing here calls out.
 *
 * @see FIPS 203, algorithms 13 to 18
 */

import { concatBytes, equalBytes } from '../bytes.ts';
import { assert, ProtocolError } from '../errors.ts';
import { sha3_256, sha3_512, shake256 } from './hash.ts';
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

const SYMBOL_BYTES = 32;
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

function wipeWorkspace(): void {
  for (let i = 0; i < MAX_K; i++) {
    (vector[i] as Poly).fill(0);
    (vectorZeta[i] as Poly).fill(0);
  }
  noise.fill(0);
  sum.fill(0);
  noiseSeed.fill(0);
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

/** KeyGen_internal with the 64-byte seed d || z; ek = vector || rho, dk = s || ek || H(ek) || z. */
export function generate(
  params: MlKemParams,
  seed: Uint8Array,
): { readonly encapsulationKey: Uint8Array; readonly decapsulationKey: Uint8Array } {
  assert(seed.length === 2 * SYMBOL_BYTES, 'an ML-KEM seed has 64 bytes');
  const { k } = params;
  const size = vectorBytes(params);
  const expanded = sha3_512(concatBytes(seed.subarray(0, SYMBOL_BYTES), Uint8Array.of(k)));
  const rho = expanded.subarray(0, SYMBOL_BYTES);
  const encapsulationKey = new Uint8Array(encapsulationKeyBytes(params));
  const decapsulationKey = new Uint8Array(decapsulationKeyBytes(params));

  noiseSeed.set(expanded.subarray(SYMBOL_BYTES));
  for (let i = 0; i < k; i++) {
    const secret = vector[i] as Poly;
    drawNoise(secret, i);
    ntt(secret);
    multiplyOddByZeta(vectorZeta[i] as Poly, secret);
  }
  for (let i = 0; i < k; i++) {
    drawRow(k, rho, (j) => [j, i]);
    multiplyAccumulate(sum, used(row, k), vector, vectorZeta);
    drawNoise(noise, k + i);
    ntt(noise);
    for (let n = 0; n < DEGREE; n++) sum[n] = freeze(toMontgomery(sum[n] as number) + (noise[n] as number));
    packBits(encapsulationKey, i * POLY_BYTES, sum, 12);
  }
  for (let i = 0; i < k; i++) {
    const secret = vector[i] as Poly;
    for (let n = 0; n < DEGREE; n++) secret[n] = freeze(secret[n] as number);
    packBits(decapsulationKey, i * POLY_BYTES, secret, 12);
  }
  encapsulationKey.set(rho, size);
  decapsulationKey.set(encapsulationKey, size);
  decapsulationKey.set(sha3_256(encapsulationKey), 2 * size + SYMBOL_BYTES);
  decapsulationKey.set(seed.subarray(SYMBOL_BYTES), 2 * size + 2 * SYMBOL_BYTES);
  expanded.fill(0);
  wipeWorkspace();
  return { encapsulationKey, decapsulationKey };
}

/** The shared secret and the encryption randomness of Encaps_internal, 32 bytes each. */
export function deriveSecret(
  m: Uint8Array,
  keyHash: Uint8Array,
): { readonly sharedSecret: Uint8Array; readonly r: Uint8Array } {
  assert(m.length === SYMBOL_BYTES, 'ML-KEM takes 32 bytes of randomness');
  const input = concatBytes(m, keyHash);
  const both = sha3_512(input);
  const sharedSecret = both.slice(0, SYMBOL_BYTES);
  const r = both.slice(SYMBOL_BYTES);
  input.fill(0);
  both.fill(0);
  return { sharedSecret, r };
}

/** Writes Compress(u), the part of a ciphertext that needs only rho and the randomness. */
export function encryptFirstPart(params: MlKemParams, out: Uint8Array, rho: Uint8Array, r: Uint8Array): void {
  drawEphemeral(params.k, r);
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
  drawEphemeral(params.k, r);
  writeSecondPart(params, out, keyVector, m);
  wipeWorkspace();
}

/** Encaps_internal. @throws ProtocolError `invalid-key` for a wrong length or a coefficient not below q. */
export function encapsulate(
  params: MlKemParams,
  encapsulationKey: Uint8Array,
  m: Uint8Array,
): { readonly ciphertext: Uint8Array; readonly sharedSecret: Uint8Array } {
  if (
    encapsulationKey.length !== encapsulationKeyBytes(params) ||
    !isReducedVector(params, encapsulationKey.subarray(0, vectorBytes(params)))
  ) {
    throw new ProtocolError('invalid-key', 'not an ML-KEM encapsulation key');
  }
  const { sharedSecret, r } = deriveSecret(m, sha3_256(encapsulationKey));
  const ciphertext = encrypt(params, encapsulationKey, m, r);
  r.fill(0);
  return { ciphertext, sharedSecret };
}

/**
 * Decaps_internal: a ciphertext that was not made for the key yields an unrelated secret, never an error.
 *
 * @throws ProtocolError `invalid-key` for a wrong length or key hash, `invalid-message` for a wrong length
 */
export function decapsulate(
  params: MlKemParams,
  decapsulationKey: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  const size = vectorBytes(params);
  const hashOffset = 2 * size + SYMBOL_BYTES;
  const encapsulationKey = decapsulationKey.subarray(size, hashOffset);
  const keyHash = decapsulationKey.subarray(hashOffset, hashOffset + SYMBOL_BYTES);
  if (
    decapsulationKey.length !== decapsulationKeyBytes(params) ||
    !equalBytes(sha3_256(encapsulationKey), keyHash)
  ) {
    throw new ProtocolError('invalid-key', 'not an ML-KEM decapsulation key');
  }
  if (ciphertext.length !== ciphertextBytes(params)) {
    throw new ProtocolError('invalid-message', 'an ML-KEM ciphertext has the wrong length');
  }
  const m = decrypt(params, decapsulationKey, ciphertext);
  const { sharedSecret, r } = deriveSecret(m, keyHash);
  const rejectionInput = concatBytes(decapsulationKey.subarray(hashOffset + SYMBOL_BYTES), ciphertext);
  const rejection = shake256(rejectionInput, SYMBOL_BYTES);
  const expected = encrypt(params, encapsulationKey, m, r);
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference |= (expected[i] as number) ^ (ciphertext[i] as number);
  }
  const mask = (difference - 1) >> 31;
  for (let i = 0; i < SYMBOL_BYTES; i++) {
    sharedSecret[i] = ((sharedSecret[i] as number) & mask) | ((rejection[i] as number) & ~mask);
  }
  for (const secret of [m, r, rejectionInput, rejection, expected]) secret.fill(0);
  return sharedSecret;
}

/** The modulus check of FIPS 203, section 7.2: every coefficient is below q. */
export function isReducedVector(params: MlKemParams, keyVector: Uint8Array): boolean {
  if (keyVector.length !== vectorBytes(params)) return false;
  let excess = 0;
  for (let i = 0; i < params.k; i++) {
    unpackBits(sum, keyVector, i * POLY_BYTES, 12);
    for (let n = 0; n < DEGREE; n++) excess |= MODULUS - 1 - (sum[n] as number);
  }
  return excess >= 0;
}

function encrypt(
  params: MlKemParams,
  encapsulationKey: Uint8Array,
  m: Uint8Array,
  r: Uint8Array,
): Uint8Array {
  const size = vectorBytes(params);
  const ciphertext = new Uint8Array(ciphertextBytes(params));
  drawEphemeral(params.k, r);
  writeFirstPart(params, ciphertext, encapsulationKey.subarray(size));
  writeSecondPart(params, ciphertext.subarray(firstPartBytes(params)), encapsulationKey.subarray(0, size), m);
  wipeWorkspace();
  return ciphertext;
}

/** Leaves the transformed vector y in the workspace and r as the seed of the remaining noise. */
function drawEphemeral(k: number, r: Uint8Array): void {
  noiseSeed.set(r);
  for (let i = 0; i < k; i++) {
    const y = vector[i] as Poly;
    drawNoise(y, i);
    ntt(y);
    multiplyOddByZeta(vectorZeta[i] as Poly, y);
  }
}

function writeFirstPart({ k, du }: MlKemParams, out: Uint8Array, rho: Uint8Array): void {
  for (let i = 0; i < k; i++) {
    drawRow(k, rho, (j) => [i, j]);
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
function decrypt(
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
  for (let i = 0; i < k; i++) (row[i] as Poly).fill(0);
  wipeWorkspace();
  return m;
}

function drawNoise(out: Poly, nonce: number): void {
  noiseSeed[SYMBOL_BYTES] = nonce;
  sampleNoise(out, noiseSeed);
}

function drawRow(
  k: number,
  rho: Uint8Array,
  indices: (column: number) => readonly [first: number, second: number],
): void {
  uniformSeed.set(rho);
  for (let column = 0; column < k; column++) {
    uniformSeed.set(indices(column), SYMBOL_BYTES);
    sampleUniform(row[column] as Poly, uniformSeed);
  }
}

function used(list: readonly Poly[], k: number): readonly Poly[] {
  return list.length === k ? list : list.slice(0, k);
}
