import { hkdfSync } from 'node:crypto';
import { assert } from '../errors.ts';
import { acquire, isReady, rawSodium, release } from './sodium.ts';

const HASH_BYTES = 32;
const MAX_OUTPUT_BYTES = 255 * HASH_BYTES;
const NO_SALT = new Uint8Array(HASH_BYTES);

/** `length` bytes (1 to 8160) of HKDF-SHA256; no salt is 32 zero bytes. @see RFC 5869, section 2 */
export function hkdfSha256(
  salt: Uint8Array | undefined,
  ikm: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  assert(length > 0 && length <= MAX_OUTPUT_BYTES, 'HKDF-SHA256 gives 1 to 8160 bytes');
  if (isReady()) return hkdfByWasm(salt ?? NO_SALT, ikm, info, length);
  return new Uint8Array(hkdfSync('sha256', ikm, salt ?? NO_SALT, info, length));
}

function hkdfByWasm(salt: Uint8Array, ikm: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const sodium = rawSodium();
  const size = HASH_BYTES + length + salt.length + ikm.length + info.length;
  const prkAt = acquire(sodium, size);
  const outAt = prkAt + HASH_BYTES;
  const saltAt = outAt + length;
  const ikmAt = saltAt + salt.length;
  const infoAt = ikmAt + ikm.length;
  const heap = sodium.HEAPU8;
  heap.set(salt, saltAt);
  heap.set(ikm, ikmAt);
  heap.set(info, infoAt);
  sodium._crypto_kdf_hkdf_sha256_extract(prkAt, saltAt, salt.length, ikmAt, ikm.length);
  sodium._crypto_kdf_hkdf_sha256_expand(outAt, length, infoAt, info.length, prkAt);
  const out = heap.slice(outAt, saltAt);
  release(sodium, prkAt, size);
  return out;
}
