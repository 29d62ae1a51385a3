/** XEdDSA signatures: Signal's rule for what Signal defines, a strict one for the objects of our own. */

import { concatBytes, utf8 } from '../bytes.ts';
import {
  KEM_PUBLIC_KEY_BYTES,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
  SIGNATURE_NONCE_BYTES,
} from '../constants.ts';
import { assert } from '../errors.ts';
import { xeddsaSign, xeddsaVerify, xeddsaVerifyStrict } from '../primitives/xeddsa.ts';
import type { Random } from '../random.ts';
import { type PrivateKey, type PublicKey, rawPublicKey } from './keys.ts';

/**
 * Signs a message.
 *
 * @returns 64 bytes
 * @see XEdDSA, section 4.4; signal-wire section 1.3
 */
export function sign(privateKey: PrivateKey, message: Uint8Array, random: Random): Uint8Array {
  return xeddsaSign(privateKey.imported(), message, random.draw('signatureNonce', SIGNATURE_NONCE_BYTES));
}

/**
 * Signal's rule: `s` is reduced, no check of the point's order. Signatures are therefore not unique and never
 * serve as identifiers.
 *
 * @see signal-wire section 1.3
 */
export function verify(publicKey: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  return xeddsaVerify(rawPublicKey(publicKey), message, signature);
}

/** The rule for our own objects: also `s` < L, and a canonical key that has no small order. */
export function verifyStrict(publicKey: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  return xeddsaVerifyStrict(rawPublicKey(publicKey), message, signature);
}

/**
 * Signs an object of our own under the domain "InteChat <domain> v1", so that no signature of one kind is
 * ever valid as one of another kind.
 *
 * @returns 64 bytes
 * @throws BugError `bug` when `canSignObject` says no
 */
export function signObject(
  privateKey: PrivateKey,
  domain: string,
  body: Uint8Array,
  random: Random,
): Uint8Array {
  assert(canSignObject(domain, body), 'an object of ours has the length of something that Signal signs');
  return sign(privateKey, domainSeparated(domain, body), random);
}

/**
 * Whether the length of an object keeps it apart from what device keys sign for Signal without any domain:
 * pre-keys of 33 and of 1,569 bytes. (Its alternate identities begin with FF, our domains do not.)
 */
export function canSignObject(domain: string, body: Uint8Array): boolean {
  const length = domainSeparated(domain, body).length;
  return length !== PUBLIC_KEY_BYTES && length !== KEM_PUBLIC_KEY_BYTES;
}

/** Verifies what `signObject` made; `body` is the bytes as received, never a re-encoding. */
export function verifyObject(
  publicKey: PublicKey,
  domain: string,
  body: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!canSignObject(domain, body)) return false;
  return verifyStrict(publicKey, domainSeparated(domain, body), signature);
}

function domainSeparated(domain: string, body: Uint8Array): Uint8Array {
  return concatBytes(utf8(`InteChat ${domain} v1\0`), body);
}
