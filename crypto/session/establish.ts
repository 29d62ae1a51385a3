/**
 * Starts a session from a pre-key bundle. Whether the identity key is trusted is for the caller to know.
 *
 * @see signal-wire sections 3 and 8
 */

import { CodecError, ProtocolError } from '../errors.ts';
import { initiatePqxdh, type PqxdhInitiation } from '../handshake/pqxdh.ts';
import type { ProtocolAddress } from '../keys/address.ts';
import { type PreKeyBundle, verifyBundle } from '../keys/bundle.ts';
import type { Random } from '../random.ts';
import { initiateTripleRatchet } from '../ratchet/triple-ratchet.ts';
import type { Step } from '../secret.ts';
import { EMPTY_RECORD, replaceCurrentSession, type SessionRecord } from './record.ts';
import { isSelfSession, type LocalParty, type SessionState } from './state.ts';

export interface EstablishParams {
  readonly record: SessionRecord | undefined;
  readonly local: LocalParty;
  readonly remote: ProtocolAddress;
  readonly bundle: PreKeyBundle;
  readonly nowMs: number;
}

/**
 * Verifies the bundle, agrees on keys and makes the new session current, unacknowledged until the first
 * answer. Draws `baseKey`, `kemCoins`, `ratchetKey`.
 *
 * @throws CodecError `invalid-key` for a key that cannot be used, ProtocolError `invalid-signature`
 */
export function establishSession(params: EstablishParams, random: Random): Step<SessionRecord, undefined> {
  verifyBundle(params.bundle);
  try {
    const initiation = initiatePqxdh(params.local.identityKeyPair, params.bundle, random);
    const session = openInitiatorSession(params, initiation, random);
    return replaceCurrentSession(params.record ?? EMPTY_RECORD, session);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'invalid-key-agreement') {
      throw new CodecError('invalid-key', 'a key of the bundle has a small order', { cause: error });
    }
    throw error;
  }
}

/** The initiator's session after the key agreement. Draws `ratchetKey`; takes ownership of the secrets. */
export function openInitiatorSession(
  params: EstablishParams,
  initiation: PqxdhInitiation,
  random: Random,
): SessionState {
  const { local, remote, bundle, nowMs } = params;
  const localIdentityKey = local.identityKeyPair.publicKey;
  const remoteIdentityKey = bundle.identityKey;
  const selfSession = isSelfSession(
    { address: local.address, identityKey: localIdentityKey },
    { address: remote, identityKey: remoteIdentityKey },
  );
  return {
    baseKey: initiation.baseKey,
    localIdentityKey,
    remoteIdentityKey,
    localRegistrationId: local.registrationId,
    remoteRegistrationId: bundle.registrationId,
    pending: {
      preKeyId: bundle.oneTimePreKey?.id,
      signedPreKeyId: bundle.signedPreKey.id,
      kemPreKeyId: bundle.kemPreKey.id,
      kemCiphertext: initiation.kemCiphertext,
      createdSeconds: Math.floor(nowMs / 1000),
    },
    ratchet: initiateTripleRatchet(initiation.secrets, bundle.signedPreKey.publicKey, selfSession, random),
  };
}
