import { equalBytes, utf8 } from '../bytes.ts';
import { MAC_BYTES } from '../constants.ts';
import type { PublicKey } from '../keys/keys.ts';
import { aesCbcDecrypt, aesCbcEncrypt } from '../primitives/aes-cbc.ts';
import { hkdfSha256 } from '../primitives/hkdf.ts';
import { hmacSha256 } from '../primitives/hmac.ts';
import { Secret } from '../secret.ts';
import type { MessageSeed } from './chain-key.ts';

/** cipher key(32) | MAC key(32) | IV(16) of one message */
export type MessageKeys = Secret<'MessageKeys'>;

/** Both ends of a message; the MAC binds them in this order. */
export interface Correspondents {
  readonly senderIdentityKey: PublicKey;
  readonly receiverIdentityKey: PublicKey;
}

const INFO = utf8('WhisperMessageKeys');
const MESSAGE_KEYS_BYTES = 80;
const MAC_KEY_OFFSET = 32;
const IV_OFFSET = 64;

/**
 * Derives the keys of one message from both ratchets: the post-quantum key is the salt. Wipes seed and key.
 *
 * @see signal-wire section 4
 */
export function deriveMessageKeys(seed: MessageSeed, pqKey: Secret<'PqMessageKey'>): MessageKeys {
  const okm = hkdfSha256(pqKey.expose(), seed.expose(), INFO, MESSAGE_KEYS_BYTES);
  seed.wipe();
  pqKey.wipe();
  return new Secret('MessageKeys', okm);
}

export function encryptBody(keys: MessageKeys, plaintext: Uint8Array): Uint8Array {
  const bytes = keys.expose();
  return aesCbcEncrypt(bytes.subarray(0, MAC_KEY_OFFSET), bytes.subarray(IV_OFFSET), plaintext);
}

/**
 * Call it only after the MAC was checked: the padding tells its errors.
 *
 * @throws ProtocolError `invalid-message` for bad padding.
 */
export function decryptBody(keys: MessageKeys, ciphertext: Uint8Array): Uint8Array {
  const bytes = keys.expose();
  return aesCbcDecrypt(bytes.subarray(0, MAC_KEY_OFFSET), bytes.subarray(IV_OFFSET), ciphertext);
}

/** @returns 8 bytes over both identities, sender first, and the framed message */
export function computeMac(
  keys: MessageKeys,
  correspondents: Correspondents,
  authenticated: Uint8Array,
): Uint8Array {
  const macKey = keys.expose().subarray(MAC_KEY_OFFSET, IV_OFFSET);
  const { senderIdentityKey, receiverIdentityKey } = correspondents;
  return hmacSha256(macKey, senderIdentityKey, receiverIdentityKey, authenticated).subarray(0, MAC_BYTES);
}

export function verifyMac(
  keys: MessageKeys,
  correspondents: Correspondents,
  authenticated: Uint8Array,
  mac: Uint8Array,
): boolean {
  return equalBytes(computeMac(keys, correspondents, authenticated), mac);
}
