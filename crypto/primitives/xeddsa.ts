/**
 * XEdDSA in libsignal's flavour: the sign bit of the Edwards public key travels in the top bit of the signature.
 *
 * @see The XEdDSA and VXEdDSA Signature Schemes, revision 1, section 2.4
 */

import { type KeyObject, verify } from 'node:crypto';
import { assert } from '../errors.ts';
import { BoundedCache } from './bounded-cache.ts';
import { isCanonicalPoint, montgomeryToEdwards } from './curve-points.ts';
import { multiplyAddScalars, multiplyBasePoint, reduceScalar } from './ed25519-group.ts';
import { sha512 } from './hash.ts';
import { importPublicJwk, toBase64Url } from './jwk.ts';
import type { X25519PrivateKey } from './x25519.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 64;
const SIGNATURE_BYTES = 64;
const LAST = SIGNATURE_BYTES - 1;
/** One per (public key, sign bit); a conversation partner has at most two. */
const MAX_CACHED_KEYS = 512;
/** hash_1 of the specification: 2^256 - 2 as 32 little-endian bytes. */
const NONCE_PREFIX = new Uint8Array(KEY_BYTES).fill(0xff);
NONCE_PREFIX[0] = 0xfe;
/** The order of the base point, 2^252 + 27742317777372353535851937790883648493, most significant byte first. */
const ORDER = Uint8Array.of(
  ...[0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ...[0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed],
);

interface VerificationKey {
  /** Undefined when no Edwards point has this u-coordinate; an off-curve point fails in the verification. */
  readonly keyObject: KeyObject | undefined;
  /** Learned by the first strict verification. */
  isCanonical: boolean | undefined;
}

const verificationKeys = new BoundedCache<VerificationKey>(MAX_CACHED_KEYS);

/** The 64-byte signature of the message with 64 fresh random bytes, which must never be used twice. */
export function xeddsaSign(
  privateKey: X25519PrivateKey,
  message: Uint8Array,
  nonce64: Uint8Array,
): Uint8Array {
  assert(nonce64.length === NONCE_BYTES, 'XEdDSA takes 64 bytes of randomness');
  const signingKey = privateKey.signingKey(deriveSigningKey);
  const nonceHash = sha512(NONCE_PREFIX, privateKey.bytes, message, nonce64);
  const r = reduceScalar(nonceHash);
  const commitment = multiplyBasePoint(r);
  const challenge = reduceScalar(sha512(commitment, signingKey, message));
  const a = reduceScalar(privateKey.bytes);
  const s = multiplyAddScalars(challenge, a, r);
  for (const secret of [nonceHash, r, a]) secret.fill(0);
  const signature = new Uint8Array(SIGNATURE_BYTES);
  signature.set(commitment);
  signature.set(s, KEY_BYTES);
  signature[LAST] = (s[KEY_BYTES - 1] as number) | ((signingKey[KEY_BYTES - 1] as number) & 0x80);
  return signature;
}

/**
 * Whether libsignal accepts the signature under the 32-byte public key (no type byte). Signatures are
 * malleable under this rule: s need not be reduced, and keys of small order are not refused.
 */
export function xeddsaVerify(publicKey32: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = verificationKey(publicKey32, signature);
  return key !== undefined && verifyWith(key, message, signature);
}

/** As `xeddsaVerify`, and s is below the group order and the public key is canonical and of prime order. */
export function xeddsaVerifyStrict(
  publicKey32: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = verificationKey(publicKey32, signature);
  if (key === undefined || !isReduced(signature)) return false;
  key.isCanonical ??= isCanonicalPoint(publicKey32);
  return key.isCanonical && verifyWith(key, message, signature);
}

function deriveSigningKey(clamped: Uint8Array): Uint8Array {
  const a = reduceScalar(clamped);
  const point = multiplyBasePoint(a);
  a.fill(0);
  return point;
}

/** Undefined for lengths and for bits of s that no valid signature has. */
function verificationKey(publicKey32: Uint8Array, signature: Uint8Array): VerificationKey | undefined {
  if (publicKey32.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return undefined;
  const lastByte = signature[LAST] as number;
  if ((lastByte & 0x60) !== 0) return undefined;
  const sign = lastByte >> 7 === 1 ? 1 : 0;
  return verificationKeys.get(`${sign}${toBase64Url(publicKey32)}`, () => {
    const point = montgomeryToEdwards(publicKey32, sign);
    const keyObject = point === undefined ? undefined : importPublicJwk('Ed25519', toBase64Url(point));
    return { keyObject, isCanonical: undefined };
  });
}

function verifyWith({ keyObject }: VerificationKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (keyObject === undefined) return false;
  const plain = new Uint8Array(signature);
  plain[LAST] = (plain[LAST] as number) & 0x7f;
  // node:crypto refuses s at or above the group order, libsignal reduces it.
  if (!isReduced(plain)) plain.set(reduceScalar(plain.subarray(KEY_BYTES)), KEY_BYTES);
  return verify(null, message, keyObject, plain);
}

/** Whether s, without the sign bit above it, is below the group order. */
function isReduced(signature: Uint8Array): boolean {
  for (let i = 0; i < KEY_BYTES; i++) {
    const byte = (signature[LAST - i] as number) & (i === 0 ? 0x7f : 0xff);
    const limit = ORDER[i] as number;
    if (byte !== limit) return byte < limit;
  }
  return false;
}
