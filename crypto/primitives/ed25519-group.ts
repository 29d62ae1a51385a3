/**
 * Arithmetic of the Ed25519 group in constant time, by libsodium. Scalars and compressed points have 32 bytes,
 * little-endian; L is the order of the base point.
 *
 * @see RFC 8032, section 5.1
 */

import { assert } from '../errors.ts';
import { acquire, rawSodium, release } from './sodium.ts';

const BYTES = 32;
const WIDE_BYTES = 64;

/** Up to 64 bytes modulo L. */
export function reduceScalar(bytes: Uint8Array): Uint8Array {
  assert(bytes.length <= WIDE_BYTES, 'a scalar to reduce has at most 64 bytes');
  const sodium = rawSodium();
  const size = BYTES + WIDE_BYTES;
  const outAt = acquire(sodium, size);
  const wideAt = outAt + BYTES;
  sodium.HEAPU8.set(bytes, wideAt);
  sodium._crypto_core_ed25519_scalar_reduce(outAt, wideAt);
  const out = sodium.HEAPU8.slice(outAt, wideAt);
  release(sodium, outAt, size);
  return out;
}

/** a * b + c modulo L. */
export function multiplyAddScalars(a: Uint8Array, b: Uint8Array, c: Uint8Array): Uint8Array {
  const sodium = rawSodium();
  const heap = sodium.HEAPU8;
  const size = 3 * BYTES;
  const aAt = acquire(sodium, size);
  const bAt = aAt + BYTES;
  const cAt = bAt + BYTES;
  heap.set(a, aAt);
  heap.set(b, bAt);
  heap.set(c, cAt);
  sodium._crypto_core_ed25519_scalar_mul(aAt, aAt, bAt);
  sodium._crypto_core_ed25519_scalar_add(aAt, aAt, cAt);
  const out = heap.slice(aAt, bAt);
  release(sodium, aAt, size);
  return out;
}

/** The compressed point of a reduced scalar times the base point. @throws BugError `bug` for the scalar 0 */
export function multiplyBasePoint(scalar: Uint8Array): Uint8Array {
  const sodium = rawSodium();
  const size = 2 * BYTES;
  const outAt = acquire(sodium, size);
  const scalarAt = outAt + BYTES;
  sodium.HEAPU8.set(scalar, scalarAt);
  const status = sodium._crypto_scalarmult_ed25519_base_noclamp(outAt, scalarAt);
  const out = sodium.HEAPU8.slice(outAt, scalarAt);
  release(sodium, outAt, size);
  assert(status === 0, 'a scalar is zero');
  return out;
}

/** Whether 32 bytes are a canonical compressed point of order L; the identity is not. */
export function isPrimeOrderPoint(point: Uint8Array): boolean {
  const sodium = rawSodium();
  const at = acquire(sodium, BYTES);
  sodium.HEAPU8.set(point, at);
  const isValid = sodium._crypto_core_ed25519_is_valid_point(at) === 1;
  release(sodium, at, BYTES);
  return isValid;
}
