/** SHA-2 and SHA-3 by node:crypto, the fastest source for them on every supported runtime. */

import { createHash, hash } from 'node:crypto';

/** @returns the 32-byte SHA-256 of the parts one after the other. @see FIPS 180-4, section 6.2 */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha256', parts);
}

/** @returns the 64-byte SHA-512 of the parts one after the other. @see FIPS 180-4, section 6.4 */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha512', parts);
}

/** @returns the 32-byte SHA3-256 of the data. @see FIPS 202, section 6.1 */
export function sha3_256(data: Uint8Array): Uint8Array {
  return digest('sha3-256', [data]);
}

/** @returns the 64-byte SHA3-512 of the data. @see FIPS 202, section 6.1 */
export function sha3_512(data: Uint8Array): Uint8Array {
  return digest('sha3-512', [data]);
}

/** @returns the first `length` bytes of SHAKE128 of the data. @see FIPS 202, section 6.2 */
export function shake128(data: Uint8Array, length: number): Uint8Array {
  return plain(createHash('shake128', { outputLength: length }).update(data).digest());
}

/** @returns the first `length` bytes of SHAKE256 of the data. @see FIPS 202, section 6.2 */
export function shake256(data: Uint8Array, length: number): Uint8Array {
  return plain(createHash('shake256', { outputLength: length }).update(data).digest());
}

function digest(algorithm: string, parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return plain(hash(algorithm, first, 'buffer'));
  const state = createHash(algorithm);
  for (const part of parts) state.update(part);
  return plain(state.digest());
}

/** A Buffer would share memory in `slice()`, where a Uint8Array copies: never let one out. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
