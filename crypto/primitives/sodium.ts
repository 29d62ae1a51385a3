/**
 * libsodium's WebAssembly without its JavaScript wrappers, which allocate, copy and check on every call. One
 * scratch area is allocated at start; every caller writes its inputs there, reads its output and zeroes what
 * it used. Nothing is reentrant: no call calls out.
 */

import { createHash, createHmac, createPrivateKey, createPublicKey } from 'node:crypto';
import { equalBytes } from '../bytes.ts';
import { assert, BugError } from '../errors.ts';

/** The exported functions of the module, in C's argument order; a 64-bit length is a (low, high) pair. */
export interface RawSodium {
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

let raw: RawSodium | undefined;
let scratch = 0;
let loading: Promise<void> | undefined;

/** Loads libsodium once and checks the raw calls against node:crypto. @throws BugError `bug` when they disagree */
export function ready(): Promise<void> {
  loading ??= load();
  return loading;
}

/** Whether `ready()` has finished. */
export function isReady(): boolean {
  return raw !== undefined;
}

/** The raw module; its `HEAPU8` must be read again after a call that may grow the memory. */
export function rawSodium(): RawSodium {
  if (raw === undefined) throw new BugError('bug', 'libsodium was used before ready()');
  return raw;
}

/** The address of `size` bytes until `release`; the same ones at every call, unless they are too many. */
export function acquire(sodium: RawSodium, size: number): number {
  if (size <= SCRATCH_BYTES) return scratch;
  const pointer = sodium._malloc(size);
  assert(pointer !== 0, 'libsodium is out of memory');
  return pointer;
}

/** Zeroes what `acquire` gave. */
export function release(sodium: RawSodium, pointer: number, size: number): void {
  sodium.HEAPU8.fill(0, pointer, pointer + size);
  if (pointer !== scratch) sodium._free(pointer);
}

/** Whether the scratch area holds nothing but zeros: true between any two calls. */
export function isScratchClear(): boolean {
  return rawSodium()
    .HEAPU8.subarray(scratch, scratch + SCRATCH_BYTES)
    .every((byte) => byte === 0);
}

async function load(): Promise<void> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const { libsodium } = sodium as unknown as { readonly libsodium: RawSodium };
  scratch = libsodium._malloc(SCRATCH_BYTES);
  assert(scratch !== 0, 'libsodium has no memory for the scratch area');
  libsodium.HEAPU8.fill(0, scratch, scratch + SCRATCH_BYTES);
  selfTest(libsodium);
  raw = libsodium;
}

/** The raw functions are not a documented interface: a changed argument order must not go unnoticed. */
function selfTest(sodium: RawSodium): void {
  const [key, data] = [new Uint8Array(HASH_BYTES).fill(7), Uint8Array.of(1, 2, 3, 1)];
  const [outAt, keyAt, dataAt] = [scratch, scratch + 2 * HASH_BYTES, scratch + 4 * HASH_BYTES];
  const expect = (what: string, expected: Uint8Array): void => {
    const actual = sodium.HEAPU8.subarray(outAt, outAt + HASH_BYTES);
    assert(equalBytes(actual, expected), `libsodium and node disagree on ${what}`);
  };
  sodium.HEAPU8.set(key, keyAt);
  sodium.HEAPU8.set(data, dataAt);
  sodium._crypto_kdf_hkdf_sha256_extract(outAt, keyAt, HASH_BYTES, dataAt, data.length);
  const mac = createHmac('sha256', key).update(data).digest();
  expect('HMAC-SHA256', mac);
  sodium._crypto_kdf_hkdf_sha256_expand(outAt, HASH_BYTES, dataAt, data.length - 1, keyAt);
  expect('HKDF-SHA256', mac);
  sodium.HEAPU8.set(ed25519Scalar(key), keyAt);
  sodium._crypto_core_ed25519_scalar_reduce(keyAt, keyAt);
  assert(sodium._crypto_scalarmult_ed25519_base_noclamp(outAt, keyAt) === 0, 'libsodium refused a scalar');
  expect('Ed25519', ed25519PublicKey(key));
  release(sodium, scratch, SCRATCH_BYTES);
}

/** The clamped scalar of a seed, 32 bytes and 32 zeros; it is above the group order, so it needs reducing. */
function ed25519Scalar(seed: Uint8Array): Uint8Array {
  const scalar = new Uint8Array(2 * HASH_BYTES);
  scalar.set(createHash('sha512').update(seed).digest().subarray(0, HASH_BYTES));
  scalar[0] = (scalar[0] as number) & 0xf8;
  scalar[31] = ((scalar[31] as number) & 0x7f) | 0x40;
  return scalar;
}

function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  const d = Buffer.from(seed).toString('base64url');
  const privateKey = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x: d, d }, format: 'jwk' });
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url');
}
