import { createHmac } from 'node:crypto';
import { isReady, rawHmacSha256 } from './sodium.ts';

/** Above this WebAssembly is slower than the native code, whose objects cost more to make. */
const MAX_WASM_BYTES = 1024;

/** 32-byte HMAC-SHA256 of the data parts one after the other, under a key of any length. @see RFC 2104 */
export function hmacSha256(key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of data) length += part.length;
  if (length <= MAX_WASM_BYTES && isReady()) return rawHmacSha256(key, data);
  const state = createHmac('sha256', key);
  for (const part of data) state.update(part);
  return new Uint8Array(state.digest());
}
