/**
 * PQXDH: the key agreement that opens a session, from three or four Diffie-Hellman results and one KEM secret.
 *
 * @see PQXDH, section 3; signal-wire section 3
 */

import { concatBytes, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { PreKeyBundle } from '../keys/bundle.ts';
import { decapsulate, encapsulate, type KemKeyPair } from '../keys/kem.ts';
import {
  deriveSharedSecret,
  generateKeyPair,
  isCanonicalPublicKey,
  type KeyPair,
  type PublicKey,
} from '../keys/keys.ts';
import { hkdfSha256 } from '../primitives/hkdf.ts';
import type { Random } from '../random.ts';
import { Secret } from '../secret.ts';

export interface PqxdhSecrets {
  readonly rootKey: Secret<'RootKey'>;
  readonly chainKey: Secret<'ChainKey'>;
  readonly pqRatchetKey: Secret<'PqRatchetKey'>;
}

export interface PqxdhInitiation {
  readonly secrets: PqxdhSecrets;
  readonly baseKey: PublicKey;
  /** 1569 bytes */
  readonly kemCiphertext: Uint8Array;
}

export interface PqxdhAcceptParams {
  readonly identityKeyPair: KeyPair;
  readonly signedPreKeyPair: KeyPair;
  readonly oneTimePreKeyPair: KeyPair | undefined;
  readonly kemPreKeyPair: KemKeyPair;
  readonly remoteIdentityKey: PublicKey;
  readonly baseKey: PublicKey;
  readonly kemCiphertext: Uint8Array;
}

/** Stands where X3DH for another curve would have a key: keeps the input apart from any encoded point. */
const DISCONTINUITY = new Uint8Array(32).fill(0xff);
const INFO = utf8('WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024');
const KEY_BYTES = 32;

/**
 * Draws `baseKey`, then `kemCoins`. The bundle was verified before.
 *
 * @throws ProtocolError `invalid-key-agreement` for a key of small order, `invalid-key` for a bad KEM key.
 */
export function initiatePqxdh(
  identityKeyPair: KeyPair,
  bundle: PreKeyBundle,
  random: Random,
): PqxdhInitiation {
  const { identityKey, signedPreKey, oneTimePreKey, kemPreKey } = bundle;
  const baseKeyPair = generateKeyPair(random, 'baseKey');
  const basePrivate = baseKeyPair.privateKey;
  // One after the other, so that a key that is refused leaves none of the results before it behind.
  const agreements: Secret<'SharedSecret'>[] = [];
  try {
    agreements.push(deriveSharedSecret(identityKeyPair.privateKey, signedPreKey.publicKey));
    agreements.push(deriveSharedSecret(basePrivate, identityKey));
    agreements.push(deriveSharedSecret(basePrivate, signedPreKey.publicKey));
    if (oneTimePreKey !== undefined) {
      agreements.push(deriveSharedSecret(basePrivate, oneTimePreKey.publicKey));
    }
    const { ciphertext, sharedSecret } = encapsulate(kemPreKey.publicKey, random);
    agreements.push(sharedSecret);
    return { secrets: derive(agreements), baseKey: baseKeyPair.publicKey, kemCiphertext: ciphertext };
  } finally {
    for (const agreement of agreements) agreement.wipe();
    basePrivate.wipe();
  }
}

/**
 * Computes the same secrets with the private halves.
 *
 * @throws ProtocolError `invalid-message` for a base key that is not canonical and for a malformed
 *   ciphertext; `invalid-key-agreement` for an identity key of small order.
 */
export function acceptPqxdh(params: PqxdhAcceptParams): PqxdhSecrets {
  const { identityKeyPair, signedPreKeyPair, oneTimePreKeyPair, remoteIdentityKey, baseKey } = params;
  // The base key names the session: a second encoding of it must not open a second one.
  if (!isCanonicalPublicKey(baseKey)) {
    throw new ProtocolError('invalid-message', 'the base key is not canonical');
  }
  const agreements: Secret<'SharedSecret'>[] = [];
  try {
    agreements.push(deriveSharedSecret(signedPreKeyPair.privateKey, remoteIdentityKey));
    agreements.push(deriveSharedSecret(identityKeyPair.privateKey, baseKey));
    agreements.push(deriveSharedSecret(signedPreKeyPair.privateKey, baseKey));
    if (oneTimePreKeyPair !== undefined) {
      agreements.push(deriveSharedSecret(oneTimePreKeyPair.privateKey, baseKey));
    }
    agreements.push(decapsulate(params.kemPreKeyPair.secretKey, params.kemCiphertext));
    return derive(agreements);
  } finally {
    for (const agreement of agreements) agreement.wipe();
  }
}

/** The KEM secret comes last. */
function derive(agreements: readonly Secret<'SharedSecret'>[]): PqxdhSecrets {
  const ikm = concatBytes(DISCONTINUITY, ...agreements.map((agreement) => agreement.expose()));
  const okm = hkdfSha256(undefined, ikm, INFO, 3 * KEY_BYTES);
  ikm.fill(0);
  const secrets = {
    rootKey: new Secret('RootKey', okm.slice(0, KEY_BYTES)),
    chainKey: new Secret('ChainKey', okm.slice(KEY_BYTES, 2 * KEY_BYTES)),
    pqRatchetKey: new Secret('PqRatchetKey', okm.slice(2 * KEY_BYTES)),
  };
  okm.fill(0);
  return secrets;
}
