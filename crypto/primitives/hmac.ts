import { createHmac } from 'node:crypto';
import { acquire, isReady, rawSodium, release } from './sodium.ts';

const HASH_BYTES = 32;
/** Above this WebAssembly is slower than the native code, whose objects cost more to make. */
const MAX_WASM_BYTES = 1024;

/** 32-byte HMAC-SHA256 of the data parts one after the other, under a key of any length. @see RFC 2104 */
export function hmacSha256(key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of data) length += part.length;
  if (length <= MAX_WASM_BYTES && isReady()) return hmacByWasm(key, data, length);
  const state = createHmac('sha256', key);
  for (const part of data) state.update(part);
  return new Uint8Array(state.digest());
}

function hmacByWasm(key: Uint8Array, data: readonly Uint8Array[], dataBytes: number): Uint8Array {
  const sodium = rawSodium();
  const size = HASH_BYTES + key.length + dataBytes;
  const outAt = acquire(sodium, size);
  const keyAt = outAt + HASH_BYTES;
  const dataAt = keyAt + key.length;
  const heap = sodium.HEAPU8;
  heap.set(key, keyAt);
  let end = dataAt;
  for (const part of data) {
    heap.set(part, end);
    end += part.length;
  }
  // HKDF-Extract is HMAC with the salt as its key.
  sodium._crypto_kdf_hkdf_sha256_extract(outAt, keyAt, key.length, dataAt, dataBytes);
  const out = heap.slice(outAt, keyAt);
  release(sodium, outAt, size);
  return out;
}
