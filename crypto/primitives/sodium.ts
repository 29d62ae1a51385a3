/**
 * libsodium's WebAssembly without its JavaScript wrappers, which allocate, copy and check on every call. One
 * scratch area is allocated at start; every call writes its inputs there, reads its output and zeroes what it
 * used. Nothing is reentrant: no call here calls out.
 */

import { createHmac } from 'node:crypto';
import { equalBytes } from '../bytes.ts';
import { assert, BugError } from '../errors.ts';

/** The exported functions of the module, in C's argument order; a 64-bit length is a (low, high) pair. */
interface RawSodium {
  /** Replaced whenever the memory grows, so it is never kept. */
  readonly HEAPU8: Uint8Array;
  _malloc(size: number): number;
  _free(pointer: number): void;
  _crypto_kdf_hkdf_sha256_extract(
    out: number,
    key: number,
    keyBytes: number,
    data: number,
    n: number,
  ): number;
  _crypto_kdf_hkdf_sha256_expand(
    out: number,
    outBytes: number,
    info: number,
    infoBytes: number,
    key: number,
  ): number;
  _crypto_core_ed25519_scalar_reduce(out: number, wide: number): void;
  _crypto_core_ed25519_scalar_mul(out: number, a: number, b: number): void;
  _crypto_core_ed25519_scalar_add(out: number, a: number, b: number): void;
  _crypto_core_ed25519_is_valid_point(point: number): number;
  _crypto_scalarmult_ed25519_base_noclamp(out: number, scalar: number): number;
  _crypto_aead_xchacha20poly1305_ietf_encrypt(
    out: number,
    outBytes: 0,
    data: number,
    dataBytes: number,
    dataHigh: 0,
    aad: number,
    aadBytes: number,
    aadHigh: 0,
    secretNonce: 0,
    nonce: number,
    key: number,
  ): number;
  _crypto_aead_xchacha20poly1305_ietf_decrypt(
    out: number,
    outBytes: 0,
    secretNonce: 0,
    data: number,
    dataBytes: number,
    dataHigh: 0,
    aad: number,
    aadBytes: number,
    aadHigh: 0,
    nonce: number,
    key: number,
  ): number;
  _crypto_pwhash(
    out: number,
    outBytes: number,
    outHigh: 0,
    passphrase: number,
    passphraseBytes: number,
    passphraseHigh: 0,
    salt: number,
    passes: number,
    passesHigh: 0,
    memoryBytes: number,
    algorithm: number,
  ): number;
}

/** Enough for every message of a ratchet; longer inputs get an area of their own for the time of the call. */
const SCRATCH_BYTES = 16_384;
const HASH_BYTES = 32;
const WIDE_SCALAR_BYTES = 64;
const ARGON2ID13 = 2;
const AEAD_TAG_BYTES = 16;

let raw: RawSodium | undefined;
let scratch = 0;
let loading: Promise<void> | undefined;

/** Loads libsodium once and checks the raw calls against node:crypto. @throws BugError `bug` when they disagree */
export function ready(): Promise<void> {
  loading ??= load();
  return loading;
}

async function load(): Promise<void> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const { libsodium } = sodium as unknown as { readonly libsodium: RawSodium };
  scratch = libsodium._malloc(SCRATCH_BYTES);
  assert(scratch !== 0, 'libsodium has no memory for the scratch area');
  libsodium.HEAPU8.fill(0, scratch, scratch + SCRATCH_BYTES);
  raw = libsodium;
  selfTest();
}

/** Whether `ready()` has finished; HMAC and HKDF work without it, the rest of this file does not. */
export function isReady(): boolean {
  return raw !== undefined;
}

/** Whether the scratch area holds nothing: true between any two calls. */
export function isScratchClear(): boolean {
  const area = module().HEAPU8.subarray(scratch, scratch + SCRATCH_BYTES);
  return area.every((byte) => byte === 0);
}

function module(): RawSodium {
  if (raw === undefined) throw new BugError('bug', 'libsodium was used before ready()');
  return raw;
}

function selfTest(): void {
  const key = new Uint8Array(HASH_BYTES).fill(7);
  const data = Uint8Array.of(1, 2, 3);
  const hmac = (bytes: Uint8Array): Uint8Array => createHmac('sha256', key).update(bytes).digest();
  const expanded = Uint8Array.of(...data, 1);
  assert(equalBytes(rawHmacSha256(key, [data]), hmac(data)), 'libsodium and node disagree on HMAC-SHA256');
  const prk = createHmac('sha256', data).update(key).digest();
  const okm = createHmac('sha256', prk).update(expanded).digest();
  assert(
    equalBytes(rawHkdfSha256(data, key, data, HASH_BYTES), okm),
    'libsodium and node disagree on HKDF-SHA256',
  );
  assert(isScratchClear(), 'the scratch area of libsodium was not cleared');
}

function acquire(sodium: RawSodium, size: number): number {
  if (size <= SCRATCH_BYTES) return scratch;
  const pointer = sodium._malloc(size);
  if (pointer === 0) throw new BugError('bug', `libsodium has no memory for ${size} bytes`);
  return pointer;
}

function release(sodium: RawSodium, pointer: number, size: number): void {
  sodium.HEAPU8.fill(0, pointer, pointer + size);
  if (pointer !== scratch) sodium._free(pointer);
}

/** 32-byte HMAC-SHA256 of the parts: HKDF-Extract is HMAC with the salt as its key. */
export function rawHmacSha256(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const sodium = module();
  let size = HASH_BYTES + key.length;
  for (const part of parts) size += part.length;
  const area = acquire(sodium, size);
  const keyAt = area + HASH_BYTES;
  const dataAt = keyAt + key.length;
  const heap = sodium.HEAPU8;
  heap.set(key, keyAt);
  let end = dataAt;
  for (const part of parts) {
    heap.set(part, end);
    end += part.length;
  }
  sodium._crypto_kdf_hkdf_sha256_extract(area, keyAt, key.length, dataAt, end - dataAt);
  const out = heap.slice(area, keyAt);
  release(sodium, area, size);
  return out;
}

/** HKDF-SHA256 of `length` bytes, at most 8160. */
export function rawHkdfSha256(
  salt: Uint8Array,
  ikm: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const sodium = module();
  const size = HASH_BYTES + length + salt.length + ikm.length + info.length;
  const area = acquire(sodium, size);
  const outAt = area + HASH_BYTES;
  const saltAt = outAt + length;
  const ikmAt = saltAt + salt.length;
  const infoAt = ikmAt + ikm.length;
  const heap = sodium.HEAPU8;
  heap.set(salt, saltAt);
  heap.set(ikm, ikmAt);
  heap.set(info, infoAt);
  sodium._crypto_kdf_hkdf_sha256_extract(area, saltAt, salt.length, ikmAt, ikm.length);
  sodium._crypto_kdf_hkdf_sha256_expand(outAt, length, infoAt, info.length, area);
  const out = heap.slice(outAt, saltAt);
  release(sodium, area, size);
  return out;
}

/** The 32-byte scalar of up to 64 little-endian bytes modulo the order of Ed25519. */
export function reduceScalar(bytes: Uint8Array): Uint8Array {
  assert(bytes.length <= WIDE_SCALAR_BYTES, 'a scalar to reduce has at most 64 bytes');
  const sodium = module();
  const heap = sodium.HEAPU8;
  const wideAt = scratch + HASH_BYTES;
  heap.set(bytes, wideAt);
  sodium._crypto_core_ed25519_scalar_reduce(scratch, wideAt);
  const out = heap.slice(scratch, wideAt);
  release(sodium, scratch, HASH_BYTES + WIDE_SCALAR_BYTES);
  return out;
}

/** a * b + c modulo the order of Ed25519, all of 32 bytes. */
export function multiplyAddScalars(a: Uint8Array, b: Uint8Array, c: Uint8Array): Uint8Array {
  const sodium = module();
  const heap = sodium.HEAPU8;
  const [aAt, bAt, cAt] = [scratch + HASH_BYTES, scratch + 2 * HASH_BYTES, scratch + 3 * HASH_BYTES];
  heap.set(a, aAt);
  heap.set(b, bAt);
  heap.set(c, cAt);
  sodium._crypto_core_ed25519_scalar_mul(aAt, aAt, bAt);
  sodium._crypto_core_ed25519_scalar_add(scratch, aAt, cAt);
  const out = heap.slice(scratch, aAt);
  release(sodium, scratch, 4 * HASH_BYTES);
  return out;
}

/** The compressed Edwards point of a 32-byte reduced scalar times the base point. */
export function multiplyBasePoint(scalar: Uint8Array): Uint8Array {
  const sodium = module();
  const heap = sodium.HEAPU8;
  const scalarAt = scratch + HASH_BYTES;
  heap.set(scalar, scalarAt);
  const status = sodium._crypto_scalarmult_ed25519_base_noclamp(scratch, scalarAt);
  const out = heap.slice(scratch, scalarAt);
  release(sodium, scratch, 2 * HASH_BYTES);
  assert(status === 0, 'a scalar is zero');
  return out;
}

/** Whether 32 bytes are a canonical Edwards point of the prime-order subgroup, other than the identity. */
export function isPrimeOrderPoint(point: Uint8Array): boolean {
  const sodium = module();
  sodium.HEAPU8.set(point, scratch);
  const valid = sodium._crypto_core_ed25519_is_valid_point(scratch) === 1;
  release(sodium, scratch, HASH_BYTES);
  return valid;
}

/** XChaCha20-Poly1305 with a 32-byte key and a 24-byte nonce; ciphertext || 16-byte tag. */
export function rawAeadSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const sodium = module();
  const outBytes = plaintext.length + AEAD_TAG_BYTES;
  const size = outBytes + key.length + nonce.length + aad.length;
  const area = acquire(sodium, size);
  const keyAt = area + outBytes;
  const nonceAt = keyAt + key.length;
  const aadAt = nonceAt + nonce.length;
  const heap = sodium.HEAPU8;
  heap.set(plaintext, area);
  heap.set(key, keyAt);
  heap.set(nonce, nonceAt);
  heap.set(aad, aadAt);
  // prettier-ignore
  sodium._crypto_aead_xchacha20poly1305_ietf_encrypt(
    area,
    0,
    area,
    plaintext.length,
    0,
    aadAt,
    aad.length,
    0,
    0,
    nonceAt,
    keyAt,
  );
  const out = heap.slice(area, keyAt);
  release(sodium, area, size);
  return out;
}

/** The plaintext, or undefined when the tag does not fit. */
export function rawAeadOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  if (ciphertext.length < AEAD_TAG_BYTES) return undefined;
  const sodium = module();
  const size = ciphertext.length + key.length + nonce.length + aad.length;
  const area = acquire(sodium, size);
  const keyAt = area + ciphertext.length;
  const nonceAt = keyAt + key.length;
  const aadAt = nonceAt + nonce.length;
  const heap = sodium.HEAPU8;
  heap.set(ciphertext, area);
  heap.set(key, keyAt);
  heap.set(nonce, nonceAt);
  heap.set(aad, aadAt);
  const status = sodium._crypto_aead_xchacha20poly1305_ietf_decrypt(
    area,
    0,
    0,
    area,
    ciphertext.length,
    0,
    aadAt,
    aad.length,
    0,
    nonceAt,
    keyAt,
  );
  const out = status === 0 ? heap.slice(area, keyAt - AEAD_TAG_BYTES) : undefined;
  release(sodium, area, size);
  return out;
}

/** 32 bytes of Argon2id version 1.3 with one lane, or undefined when the memory cannot be had. */
export function rawArgon2id(
  passphrase: Uint8Array,
  salt: Uint8Array,
  passes: number,
  memoryBytes: number,
): Uint8Array | undefined {
  const sodium = module();
  const size = HASH_BYTES + salt.length + passphrase.length;
  const area = acquire(sodium, size);
  const saltAt = area + HASH_BYTES;
  const passphraseAt = saltAt + salt.length;
  sodium.HEAPU8.set(salt, saltAt);
  sodium.HEAPU8.set(passphrase, passphraseAt);
  const status = sodium._crypto_pwhash(
    area,
    HASH_BYTES,
    0,
    passphraseAt,
    passphrase.length,
    0,
    saltAt,
    passes,
    0,
    memoryBytes,
    ARGON2ID13,
  );
  const out = status === 0 ? sodium.HEAPU8.slice(area, saltAt) : undefined;
  release(sodium, area, size);
  return out;
}
