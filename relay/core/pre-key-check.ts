/** Uploaded keys: nothing is offered to others that the device's identity key has not signed. */

import { ChatError } from '../../crypto/errors.ts';
import { parseKemPublicKey } from '../../crypto/keys/kem.ts';
import { parsePublicKey } from '../../crypto/keys/keys.ts';
import { verify } from '../../crypto/keys/signature.ts';
import { relayError } from '../protocol/errors.ts';
import type { KemPreKey, OneTimePreKey, PreKeyUpload, SignedPreKey } from '../protocol/operations.ts';
import type { PreKeysEntry } from '../store/store.ts';

/**
 * @param identityKey - of the device, as its account's newest record lists it
 * @throws RelayError `bad-request` for a malformed key or one id twice, `bad-signature`
 */
export function checkPreKeys(identityKey: Uint8Array, upload: PreKeyUpload): PreKeysEntry {
  const { signedPreKey, lastResortKemPreKey, oneTimePreKeys, oneTimeKemPreKeys } = upload;
  requireDistinctIds(oneTimePreKeys);
  requireDistinctIds(oneTimeKemPreKeys);
  for (const { publicKey } of oneTimePreKeys) wellFormed(() => parsePublicKey(publicKey));
  for (const key of oneTimeKemPreKeys) checkKemKey(identityKey, key);
  if (signedPreKey !== undefined) checkSignedKey(identityKey, signedPreKey);
  if (lastResortKemPreKey !== undefined) checkKemKey(identityKey, lastResortKemPreKey);
  return upload;
}

function checkSignedKey(identityKey: Uint8Array, { publicKey, signature }: SignedPreKey): void {
  wellFormed(() => parsePublicKey(publicKey));
  requireSignature(identityKey, publicKey, signature);
}

function checkKemKey(identityKey: Uint8Array, { publicKey, signature }: KemPreKey): void {
  wellFormed(() => parseKemPublicKey(publicKey));
  requireSignature(identityKey, publicKey, signature);
}

function requireSignature(identityKey: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): void {
  if (
    !verify(
      wellFormed(() => parsePublicKey(identityKey)),
      publicKey,
      signature,
    )
  ) {
    throw relayError('bad-signature');
  }
}

function requireDistinctIds(keys: readonly OneTimePreKey[]): void {
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw relayError('bad-request');
}

function wellFormed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof ChatError) throw relayError('bad-request', { cause });
    throw cause;
  }
}
