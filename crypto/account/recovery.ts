/**
 * The recovery secret: 32 bytes, shown once as 24 words. Everything that must survive the loss of every
 * device is derived from it, each part under a name of its own.
 */

import { utf8 } from '../bytes.ts';
import { importKeyPair, type KeyPair } from '../keys/keys.ts';
import { hkdfSha256 } from '../primitives/hkdf.ts';
import { entropyFromMnemonic, MNEMONIC_ENTROPY_BYTES, mnemonicFromEntropy } from '../primitives/mnemonic.ts';
import type { Random } from '../random.ts';
import { Secret } from '../secret.ts';

export type RecoverySecret = Secret<'RecoverySecret'>;
/** UTF-8 of the words; a screen and a file of the user's choice are the only places they go. */
export type RecoveryWords = Secret<'RecoveryWords'>;

const DERIVED_BYTES = 32;

export function generateRecoverySecret(random: Random): RecoverySecret {
  return new Secret('RecoverySecret', random.draw('recoverySecret', MNEMONIC_ENTROPY_BYTES));
}

/** @returns 24 words of the English BIP-39 list, separated by one space. */
export function formatRecoveryWords(secret: RecoverySecret): RecoveryWords {
  return new Secret('RecoveryWords', mnemonicFromEntropy(secret.expose()));
}

/**
 * Reads words as somebody copied them: case, line breaks and numbering do not matter.
 * @throws CodecError `recovery-words-count`, `recovery-words-unknown`, `recovery-words-checksum`.
 */
export function parseRecoveryWords(words: RecoveryWords): RecoverySecret {
  return new Secret('RecoverySecret', entropyFromMnemonic(words.expose()));
}

/** The account root key pair (Curve25519). */
export function deriveRootKeyPair(secret: RecoverySecret): KeyPair {
  return importKeyPair(derive(secret, 'PrivateKey', 'InteChat recovery root v1'));
}

/** Wraps the store key a second time, for a forgotten passphrase. 32 bytes. */
export function deriveRecoveryWrapKey(secret: RecoverySecret): Secret<'RecoveryWrapKey'> {
  return derive(secret, 'RecoveryWrapKey', 'InteChat recovery store v1');
}

export interface BackupKeys {
  /** Seals the backup, 32 bytes. */
  readonly backupKey: Secret<'BackupKey'>;
  /** Names the backup at the relay, 32 bytes; says nothing about the account. */
  readonly locator: Uint8Array;
  /** Lets its holder read and replace the backup, 32 bytes; the relay keeps its hash. */
  readonly token: Secret<'BackupToken'>;
}

export function deriveBackupKeys(secret: RecoverySecret): BackupKeys {
  using locator = derive(secret, 'BackupLocator', 'InteChat recovery backup locator v1');
  return {
    backupKey: derive(secret, 'BackupKey', 'InteChat recovery backup key v1'),
    locator: locator.expose().slice(),
    token: derive(secret, 'BackupToken', 'InteChat recovery backup token v1'),
  };
}

function derive<Name extends string>(secret: RecoverySecret, name: Name, info: string): Secret<Name> {
  return new Secret(name, hkdfSha256(undefined, secret.expose(), utf8(info), DERIVED_BYTES));
}
