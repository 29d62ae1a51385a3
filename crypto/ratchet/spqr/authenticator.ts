/**
 * The braid's authenticator: a root and a MAC key that every epoch secret is mixed into, so that a header or
 * ciphertext is accepted only from the holder of all earlier secrets.
 *
 * @see signal-wire, section 7.4
 */

import { concatBytes, equalBytes, uint64, utf8 } from '../../bytes.ts';
import { hkdfSha256 } from '../../primitives/hkdf.ts';
import { hmacSha256 } from '../../primitives/hmac.ts';
import { Secret } from '../../secret.ts';
import { KEY_BYTES } from './constants.ts';

const UPDATE_LABEL = utf8('Signal_PQCKA_V1_MLKEM768:Authenticator Update');
const HEADER_LABEL = utf8('Signal_PQCKA_V1_MLKEM768:ekheader');
const CIPHERTEXT_LABEL = utf8('Signal_PQCKA_V1_MLKEM768:ciphertext');
const EPOCH_SECRET_LABEL = utf8('Signal_PQCKA_V1_MLKEM768:SCKA Key');

export const AUTHENTICATOR_BYTES = 2 * KEY_BYTES;
/** `root(32) | mac key(32)`. */
export type Authenticator = Secret<'PqAuthenticator'>;

export function startAuthenticator(authKey: Secret<'PqRatchetKey'>): Authenticator {
  const empty = new Secret('PqAuthenticator', new Uint8Array(AUTHENTICATOR_BYTES));
  return updateAuthenticator(empty, 1, authKey);
}

export function updateAuthenticator(
  authenticator: Authenticator,
  epoch: number,
  secret: Secret<'PqRatchetKey'> | Secret<'PqEpochSecret'>,
): Authenticator {
  const root = authenticator.expose().subarray(0, KEY_BYTES);
  const ikm = concatBytes(root, secret.expose());
  const info = concatBytes(UPDATE_LABEL, uint64(epoch));
  const okm = hkdfSha256(undefined, ikm, info, AUTHENTICATOR_BYTES);
  ikm.fill(0);
  return new Secret('PqAuthenticator', okm);
}

/** @returns 32 bytes; made before the epoch's update. */
export function headerMac(authenticator: Authenticator, epoch: number, header: Uint8Array): Uint8Array {
  return hmacSha256(macKeyOf(authenticator), HEADER_LABEL, uint64(epoch), header);
}

/** @returns 32 bytes; made after the epoch's update. */
export function ciphertextMac(
  authenticator: Authenticator,
  epoch: number,
  ct1: Uint8Array,
  ct2: Uint8Array,
): Uint8Array {
  return hmacSha256(macKeyOf(authenticator), CIPHERTEXT_LABEL, uint64(epoch), ct1, ct2);
}

export function verifyHeader(
  authenticator: Authenticator,
  epoch: number,
  header: Uint8Array,
  mac: Uint8Array,
): boolean {
  return equalBytes(headerMac(authenticator, epoch, header), mac);
}

export function verifyCiphertext(
  authenticator: Authenticator,
  epoch: number,
  ct1: Uint8Array,
  ct2: Uint8Array,
  mac: Uint8Array,
): boolean {
  return equalBytes(ciphertextMac(authenticator, epoch, ct1, ct2), mac);
}

export function deriveEpochSecret(epoch: number, kemSecret: Secret<'PqKemSecret'>): Secret<'PqEpochSecret'> {
  const info = concatBytes(EPOCH_SECRET_LABEL, uint64(epoch));
  return new Secret('PqEpochSecret', hkdfSha256(undefined, kemSecret.expose(), info, KEY_BYTES));
}

function macKeyOf(authenticator: Authenticator): Uint8Array {
  return authenticator.expose().subarray(KEY_BYTES);
}
