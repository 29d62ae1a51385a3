/** The responder's side of a new session: from a pre-key message and the pre-keys that it names. */

import { ProtocolError } from '../errors.ts';
import { acceptPqxdh } from '../handshake/pqxdh.ts';
import type { ProtocolAddress } from '../keys/address.ts';
import { cloneKeyPair, type PublicKey, parseIdentityKey, parsePublicKey } from '../keys/keys.ts';
import type { KemPreKeyRecord, PreKeyRecord, SignedPreKeyRecord } from '../keys/prekeys.ts';
import { acceptTripleRatchet } from '../ratchet/triple-ratchet.ts';
import type { PreKeySignalMessage } from '../wire/pre-key-signal-message.ts';
import { isSelfSession, type LocalParty, type SessionState } from './state.ts';

/** Where the pre-keys of this device are looked up; undefined for one that does not exist any more. */
export interface PreKeySource {
  oneTimePreKey(id: number): PreKeyRecord | undefined;
  signedPreKey(id: number): SignedPreKeyRecord | undefined;
  kemPreKey(id: number): KemPreKeyRecord | undefined;
}

/**
 * The one-time key is to be deleted. For a last-resort KEM key the caller remembers the triple of KEM id,
 * signed id and base key as long as it keeps the key, and refuses a second new session on the same triple.
 */
export interface UsedPreKeys {
  readonly oneTimePreKeyId?: number;
  readonly signedPreKeyId: number;
  readonly kemPreKeyId: number;
  readonly baseKey: PublicKey;
}

/**
 * @throws ProtocolError `invalid-key-id` for a pre-key that is gone, `invalid-message`,
 *   `invalid-key-agreement`; CodecError `invalid-key` for an identity key that is not canonical or has a small
 *   order
 * @see PQXDH, section 3.4; signal-wire sections 3 and 8
 */
export function acceptSession(
  params: { readonly local: LocalParty; readonly remote: ProtocolAddress; readonly preKeys: PreKeySource },
  message: PreKeySignalMessage,
): { readonly session: SessionState; readonly used: UsedPreKeys } {
  const { local, remote, preKeys } = params;
  const { preKeyId, signedPreKeyId, kemPreKeyId } = message;
  const signedPreKey = found(preKeys.signedPreKey(signedPreKeyId));
  const kemPreKey = found(preKeys.kemPreKey(kemPreKeyId));
  const oneTimePreKey = preKeyId === undefined ? undefined : found(preKeys.oneTimePreKey(preKeyId));
  const remoteIdentityKey = parseIdentityKey(message.identityKey);
  const baseKey = parsePublicKey(message.baseKey);
  const localIdentityKey = local.identityKeyPair.publicKey;
  const secrets = acceptPqxdh({
    identityKeyPair: local.identityKeyPair,
    signedPreKeyPair: signedPreKey.keyPair,
    oneTimePreKeyPair: oneTimePreKey?.keyPair,
    kemPreKeyPair: kemPreKey.keyPair,
    remoteIdentityKey,
    baseKey,
    kemCiphertext: message.kemCiphertext,
  });
  const selfSession = isSelfSession(
    { address: local.address, identityKey: localIdentityKey },
    { address: remote, identityKey: remoteIdentityKey },
  );
  // The ratchet will list its key as spent, and wiping it must not reach the stored pre-key.
  const ratchet = acceptTripleRatchet(secrets, cloneKeyPair(signedPreKey.keyPair), selfSession);
  const ids = { signedPreKeyId, kemPreKeyId, baseKey };
  return {
    session: {
      baseKey,
      localIdentityKey,
      remoteIdentityKey,
      localRegistrationId: local.registrationId,
      remoteRegistrationId: message.registrationId,
      pending: undefined,
      ratchet,
    },
    used: preKeyId === undefined ? ids : { oneTimePreKeyId: preKeyId, ...ids },
  };
}

function found<T>(record: T | undefined): T {
  if (record === undefined) throw new ProtocolError('invalid-key-id', 'a pre-key of the message is gone');
  return record;
}
