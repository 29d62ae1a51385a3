import { utf8 } from '../bytes.ts';
import { hkdfSha256 } from '../primitives/hkdf.ts';
import { Secret } from '../secret.ts';
import type { ChainKey } from './chain-key.ts';

/** 32 bytes */
export type RootKey = Secret<'RootKey'>;

const INFO = utf8('WhisperRatchet');
const KEY_BYTES = 32;

/**
 * KDF_RK: mixes an agreement into the root and splits a new chain off. Wipes the agreement.
 *
 * @see Double Ratchet, section 5.2; signal-wire section 4
 */
export function kdfRk(
  rootKey: RootKey,
  sharedSecret: Secret<'SharedSecret'>,
): { readonly rootKey: RootKey; readonly chainKey: ChainKey } {
  const okm = hkdfSha256(rootKey.expose(), sharedSecret.expose(), INFO, 2 * KEY_BYTES);
  sharedSecret.wipe();
  const next = {
    rootKey: new Secret('RootKey', okm.slice(0, KEY_BYTES)),
    chainKey: new Secret('ChainKey', okm.slice(KEY_BYTES)),
  };
  okm.fill(0);
  return next;
}
