/**
 * The map between the two forms of Curve25519, on public values only: BigInt arithmetic is not constant-time.
 *
 * @see RFC 7748, section 4.1; The XEdDSA and VXEdDSA Signature Schemes, section 2.3
 */

import { Field } from '@noble/curves/abstract/modular.js';
import { assert } from '../errors.ts';
import { isPrimeOrderPoint } from './ed25519-group.ts';

const POINT_BYTES = 32;
const PRIME = 2n ** 255n - 19n;
const BITS = 255;
const field = Field(PRIME, { isLE: true });

/**
 * The compressed Edwards point (32 bytes) with the given sign bit of a 32-byte u-coordinate, whose bit 255 is
 * ignored and which is reduced; undefined for u = -1. The result need not be on the curve.
 */
export function montgomeryToEdwards(u32: Uint8Array, sign: 0 | 1): Uint8Array | undefined {
  assert(u32.length === POINT_BYTES, 'a u-coordinate has 32 bytes');
  const u = field.create(BigInt.asUintN(BITS, decodeInteger(u32)));
  // The inverse of 0 taken as 0 would make a valid point of order 4 out of u = -1.
  if (u === field.neg(field.ONE)) return undefined;
  const y = field.div(field.sub(u, field.ONE), field.add(u, field.ONE));
  const point = field.toBytes(y);
  point[31] = (point[31] as number) | (sign << 7);
  return point;
}

/**
 * Whether a 32-byte u-coordinate is below 2^255-19 with bit 255 clear and belongs to a point (sign bit 0) of
 * the prime-order subgroup; false for points of small order, of mixed order and of the twist.
 */
export function isCanonicalPoint(u32: Uint8Array): boolean {
  if (u32.length !== POINT_BYTES || decodeInteger(u32) >= PRIME) return false;
  const point = montgomeryToEdwards(u32, 0);
  return point !== undefined && isPrimeOrderPoint(point);
}

function decodeInteger(littleEndian: Uint8Array): bigint {
  const view = new DataView(littleEndian.buffer, littleEndian.byteOffset, POINT_BYTES);
  let value = 0n;
  for (let offset = POINT_BYTES - 8; offset >= 0; offset -= 8) {
    value = (value << 64n) | view.getBigUint64(offset, true);
  }
  return value;
}
