/** One session: the ratchets and what surrounds them. Sessions are values; every step makes a new one. */

import type { ProtocolAddress } from '../keys/address.ts';
import { parseServiceId } from '../keys/address.ts';
import { equalPublicKeys, type KeyPair, type PublicKey } from '../keys/keys.ts';
import { type TripleRatchetState, tripleRatchetSecrets } from '../ratchet/triple-ratchet.ts';
import type { AnySecret } from '../secret.ts';

/** Our end of every session of this device. */
export interface LocalParty {
  readonly address: ProtocolAddress;
  readonly identityKeyPair: KeyPair;
  readonly registrationId: number;
}

/** What an initiator repeats in every message until the first answer. */
export interface PendingPreKey {
  readonly preKeyId: number | undefined;
  readonly signedPreKeyId: number;
  readonly kemPreKeyId: number;
  readonly kemCiphertext: Uint8Array;
  readonly createdSeconds: number;
}

export interface SessionState {
  /** The initiator's; it names the session. */
  readonly baseKey: PublicKey;
  readonly localIdentityKey: PublicKey;
  readonly remoteIdentityKey: PublicKey;
  readonly localRegistrationId: number;
  readonly remoteRegistrationId: number;
  /** Present while the session is unacknowledged. */
  readonly pending: PendingPreKey | undefined;
  readonly ratchet: TripleRatchetState;
}

/** Whether two devices of one account talk: the same identity key under the same service id. */
export function isSelfSession(
  local: { readonly address: ProtocolAddress; readonly identityKey: PublicKey },
  remote: { readonly address: ProtocolAddress; readonly identityKey: PublicKey },
): boolean {
  if (!equalPublicKeys(local.identityKey, remote.identityKey)) return false;
  const ours = parseServiceId(local.address.name);
  const theirs = parseServiceId(remote.address.name);
  return ours !== undefined && theirs !== undefined && ours.every((byte, i) => byte === theirs[i]);
}

const SERVICE_ID_BYTES = 17;

/**
 * The field that binds a message to its addresses: both service ids with their devices, sender first.
 *
 * @returns 36 bytes, or undefined unless both names are service ids
 * @see signal-wire section 5.1
 */
export function bindAddresses(sender: ProtocolAddress, recipient: ProtocolAddress): Uint8Array | undefined {
  const from = parseServiceId(sender.name);
  const to = parseServiceId(recipient.name);
  if (from === undefined || to === undefined) return undefined;
  const out = new Uint8Array(2 * (SERVICE_ID_BYTES + 1));
  out.set(from);
  out[SERVICE_ID_BYTES] = sender.deviceId;
  out.set(to, SERVICE_ID_BYTES + 1);
  out[2 * SERVICE_ID_BYTES + 1] = recipient.deviceId;
  return out;
}

export function sessionSecrets(session: SessionState): AnySecret[] {
  return tripleRatchetSecrets(session.ratchet);
}
