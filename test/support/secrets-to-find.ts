/** The needles of the canary test: what an account knows and nobody else may. */

import {
  deriveBackupKeys,
  deriveRecoveryWrapKey,
  deriveRootKeyPair,
  parseRecoveryWords,
} from '../../crypto/account/recovery.ts';
import { Secret } from '../../crypto/secret.ts';
import { authKdfParams, deriveAuthKey, derivePassphraseKey } from '../../crypto/vault/passphrase.ts';
import { type Needle, spellings, textSpellings } from './needles.ts';
import type { FoundSecret } from './store-secrets.ts';

/** Of anything longer two parts are enough, and the middle of a KEM secret key is its public key. */
const WHOLE_MAX_BYTES = 64;
const PART_BYTES = 32;
/** Behind a type or version byte, which not every copy would have. */
const PART_START = 4;
/** So many words in a row stand by chance nowhere. */
const WORDS_IN_A_ROW = 4;

export function secretNeedles(secrets: readonly FoundSecret[]): Needle[] {
  return secrets.flatMap(({ name, bytes }) => partsOf(bytes).flatMap((part) => spellings(name, part)));
}

function partsOf(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length <= WHOLE_MAX_BYTES) return [bytes];
  return [bytes.slice(PART_START, PART_START + PART_BYTES), bytes.slice(-PART_BYTES)];
}

/** The words themselves, and everything that is derived from them. */
export function recoveryNeedles(words: string): Needle[] {
  const secret = parseRecoveryWords(new Secret('RecoveryWords', new TextEncoder().encode(words)));
  const { backupKey, token } = deriveBackupKeys(secret);
  const derived = [
    secret,
    deriveRootKeyPair(secret).privateKey.secret,
    deriveRecoveryWrapKey(secret),
    backupKey,
    token,
  ];
  const list = words.split(' ');
  const rows = list
    .slice(0, 1 - WORDS_IN_A_ROW)
    .map((_, at) => list.slice(at, at + WORDS_IN_A_ROW).join(' '));
  return [
    ...derived.flatMap((each) => spellings(`${each.name} of the words`, each.expose())),
    ...rows.flatMap((row) => textSpellings('RecoveryWords', row)),
  ];
}

/** The passphrase, and what the account makes of it for its relay. */
export function passphraseNeedles(
  passphrase: string,
  account: { readonly name: string; readonly relayFingerprint: Uint8Array },
): Needle[] {
  const typed = new Secret('Passphrase', new TextEncoder().encode(passphrase));
  const key = derivePassphraseKey(typed, authKdfParams(account.relayFingerprint, account.name));
  return [
    ...textSpellings('Passphrase', passphrase),
    ...spellings('PassphraseKey', key.expose()),
    ...spellings('AuthKey', deriveAuthKey(key).expose()),
  ];
}
