/** Encrypts with the current session of a record. */

import { ProtocolError } from '../errors.ts';
import type { ProtocolAddress } from '../keys/address.ts';
import type { Random } from '../random.ts';
import { ratchetEncrypt } from '../ratchet/triple-ratchet.ts';
import type { Step } from '../secret.ts';
import { MESSAGE_TYPE } from '../wire/message-type.ts';
import { encodePreKeySignalMessage } from '../wire/pre-key-signal-message.ts';
import { isStale, type SessionRecord } from './record.ts';
import { bindAddresses, type LocalParty } from './state.ts';

export interface EncryptMessageParams {
  readonly record: SessionRecord | undefined;
  readonly local: LocalParty;
  readonly remote: ProtocolAddress;
  readonly plaintext: Uint8Array;
  readonly nowMs: number;
}

export interface CiphertextMessage {
  readonly type: typeof MESSAGE_TYPE.whisper | typeof MESSAGE_TYPE.preKey;
  readonly bytes: Uint8Array;
}

/**
 * Makes the next message; until the first answer it carries what opens the session.
 *
 * @throws ProtocolError `session-not-found` without a current session, or when it was never answered in 30
 *   days; `chain-exhausted`
 * @see signal-wire section 8
 */
export function encryptMessage(
  params: EncryptMessageParams,
  random: Random,
): Step<SessionRecord, CiphertextMessage> {
  const { record, local, remote, plaintext, nowMs } = params;
  const session = record?.current;
  if (record === undefined || session === undefined || isStale(session, nowMs)) {
    throw new ProtocolError('session-not-found', 'there is no usable session with this address');
  }
  const { pending, baseKey, localIdentityKey, remoteIdentityKey } = session;
  const addresses = pending === undefined ? undefined : bindAddresses(local.address, remote);
  const correspondents = { senderIdentityKey: localIdentityKey, receiverIdentityKey: remoteIdentityKey };
  const step = ratchetEncrypt(session.ratchet, { correspondents, addresses, plaintext }, random);
  const state = { current: { ...session, ratchet: step.state }, archived: record.archived };
  if (pending === undefined) {
    return { state, output: { type: MESSAGE_TYPE.whisper, bytes: step.output }, spent: step.spent };
  }
  const { preKeyId, signedPreKeyId, kemPreKeyId, kemCiphertext } = pending;
  const bytes = encodePreKeySignalMessage(
    {
      preKeyId,
      baseKey,
      identityKey: localIdentityKey,
      registrationId: session.localRegistrationId,
      signedPreKeyId,
      kemPreKeyId,
      kemCiphertext,
    },
    step.output,
  );
  return { state, output: { type: MESSAGE_TYPE.preKey, bytes }, spent: step.spent };
}
