import { hkdfSync } from 'node:crypto';
import { assert } from '../errors.ts';
import { isReady, rawHkdfSha256 } from './sodium.ts';

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
  if (isReady()) return rawHkdfSha256(salt ?? NO_SALT, ikm, info, length);
  return new Uint8Array(hkdfSync('sha256', ikm, salt ?? NO_SALT, info, length));
}
