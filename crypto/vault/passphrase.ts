/**
 * From a passphrase to keys: one Argon2id run for the relay's auth key, another for the local store, with
 * different salts, so that neither result says anything about the other.
 */

import { concatBytes, fromUtf8, utf8 } from '../bytes.ts';
import { StoreError, UsageError } from '../errors.ts';
import { argon2id } from '../primitives/argon2id.ts';
import { sha256 } from '../primitives/hash.ts';
import { hkdfSha256 } from '../primitives/hkdf.ts';
import type { Random } from '../random.ts';
import { Secret } from '../secret.ts';
import {
  KDF_MAX_MEMORY_KIB,
  KDF_MAX_PASSES,
  KDF_MEMORY_KIB,
  KDF_MIN_MEMORY_KIB,
  KDF_MIN_PASSES,
  KDF_PASSES,
  MAX_PASSPHRASE_BYTES,
  SALT_BYTES,
} from './limits.ts';

/** UTF-8 of a passphrase, as typed or already normalised. */
export type Passphrase = Secret<'Passphrase'>;
/** 32 bytes out of Argon2id; never used as a key itself. */
export type PassphraseKey = Secret<'PassphraseKey'>;

export interface KdfParams {
  readonly salt: Uint8Array;
  readonly memoryKiB: number;
  readonly passes: number;
}

const AUTH_SALT_DOMAIN = utf8('InteChat auth v1');
const AUTH_INFO = utf8('InteChat auth');
const KEY_BYTES = 32;

/**
 * NFKC, so that one passphrase typed on two keyboards is one passphrase.
 * @returns a new box; the given one stays as it is. JavaScript holds the text as a string in between.
 * @throws UsageError `passphrase-empty`, `passphrase-too-long`; CodecError `bad-utf8`.
 */
export function normalizePassphrase(typed: Passphrase): Passphrase {
  // Checked before normalising, which can make text 18 times longer, and again after it.
  if (typed.length > MAX_PASSPHRASE_BYTES) throw tooLong();
  const normalized = utf8(fromUtf8(typed.expose()).normalize('NFKC'));
  if (normalized.length === 0)
    throw new UsageError('passphrase-empty', 'an empty passphrase protects nothing');
  if (normalized.length > MAX_PASSPHRASE_BYTES) throw tooLong();
  return new Secret('Passphrase', normalized);
}

/** Parameters of today for a new store, with a fresh 16-byte salt. */
export function makeKdfParams(random: Random): KdfParams {
  return { salt: random.draw('salt', SALT_BYTES), memoryKiB: KDF_MEMORY_KIB, passes: KDF_PASSES };
}

/**
 * Floor and ceiling for parameters that come from a file.
 * @throws StoreError `kdf-out-of-bounds`.
 */
export function checkKdfParams({ salt, memoryKiB, passes }: KdfParams): void {
  const isBounded =
    salt.length === SALT_BYTES &&
    Number.isSafeInteger(memoryKiB) &&
    Number.isSafeInteger(passes) &&
    memoryKiB >= KDF_MIN_MEMORY_KIB &&
    memoryKiB <= KDF_MAX_MEMORY_KIB &&
    passes >= KDF_MIN_PASSES &&
    passes <= KDF_MAX_PASSES;
  if (!isBounded) {
    throw new StoreError(
      'kdf-out-of-bounds',
      'this file asks for a passphrase cost that is too low or too high',
    );
  }
}

/**
 * Argon2id over NFKC(passphrase): about half a second and 64 MiB that are never given back, so it belongs
 * into a worker that ends.
 * @throws StoreError `kdf-out-of-bounds`; UsageError as `normalizePassphrase`.
 */
export function derivePassphraseKey(passphrase: Passphrase, params: KdfParams): PassphraseKey {
  checkKdfParams(params);
  using normalized = normalizePassphrase(passphrase);
  const { salt, memoryKiB, passes } = params;
  return new Secret(
    'PassphraseKey',
    argon2id({ passphrase: normalized.expose(), salt16: salt, memoryKiB, passes }),
  );
}

/**
 * The salt of the auth key: known to whoever knows relay and name, so that logging in needs nothing from the
 * relay, which can then neither tell names apart nor lower the cost.
 * @param relayFingerprint - 32 bytes.
 * @param canonicalName - as `canonicalName()` returns it.
 * @returns SHA-256("InteChat auth v1" || relay fingerprint || UTF-8 of the name), first 16 bytes.
 */
export function authSalt(relayFingerprint: Uint8Array, canonicalName: string): Uint8Array {
  return sha256(concatBytes(AUTH_SALT_DOMAIN, relayFingerprint, utf8(canonicalName))).slice(0, SALT_BYTES);
}

/** The constants of version 1 with the salt of this relay and name. */
export function authKdfParams(relayFingerprint: Uint8Array, canonicalName: string): KdfParams {
  return {
    salt: authSalt(relayFingerprint, canonicalName),
    memoryKiB: KDF_MEMORY_KIB,
    passes: KDF_PASSES,
  };
}

/** What the relay gets to see, 32 bytes: HKDF of the Argon2id output under "InteChat auth". */
export function deriveAuthKey(passphraseKey: PassphraseKey): Secret<'AuthKey'> {
  return new Secret('AuthKey', hkdfSha256(undefined, passphraseKey.expose(), AUTH_INFO, KEY_BYTES));
}

function tooLong(): UsageError {
  return new UsageError('passphrase-too-long', `a passphrase has at most ${MAX_PASSPHRASE_BYTES} bytes`);
}
