/**
 * Envelopes from the mailbox. Whatever arrives is handled, parked or quarantined in this step and then
 * acknowledged: nothing a relay or a peer sends can stop what comes behind it.
 */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { ChatError, ProtocolError } from '../../crypto/errors.ts';
import { accountName, makeAddress } from '../../crypto/keys/address.ts';
import { equalPublicKeys, type PublicKey } from '../../crypto/keys/keys.ts';
import { decryptMessage, peekPreKeyMessage } from '../../crypto/session/decrypt.ts';
import type { EnvelopeEvent } from '../../relay/protocol/events.ts';
import { ENVELOPE_KIND } from '../../relay/protocol/operations.ts';
import { type Content, decodeContent } from '../wire/content.ts';
import { checkContentRoute } from '../wire/conversation.ts';
import { decodeUnsealedEnvelope, type UnsealedEnvelope } from '../wire/envelope.ts';
import { unpadContent } from '../wire/padding.ts';
import { takeContent } from './contents.ts';
import type { Incoming } from './ordering.ts';
import { park } from './parked.ts';
import { listedDevice } from './peers.ts';
import { dropUsedPreKeys, isLastResort, preKeySource } from './prekeys.ts';
import { takeStranger, takesStrangers } from './requests-in.ts';
import { envelopeKey, firstMessageKey, isSeen, markSeen } from './seen.ts';
import { countDropped, localParty, ownId } from './state.ts';
import { deviceKey } from './tables/define.ts';
import { contactsTable, peersTable, sessionsTable } from './tables/people.ts';
import type { Transaction } from './transaction.ts';
import { addUnreadable } from './unreadable.ts';

const FIRST_MESSAGE_TYPE = 3;

export type Mail = Pick<EnvelopeEvent, 'envelopeId' | 'kind' | 'bytes' | 'stampMs' | 'authority'>;

/** A decrypted content and the session it came through; nothing of it is stored yet. */
export interface Opened {
  readonly envelope: UnsealedEnvelope;
  readonly identityKey: PublicKey;
  /** Without padding. */
  readonly bytes: Uint8Array;
  /** Writes the session and drops used pre-keys. */
  commit(tx: Transaction): void;
}

/** @returns the account it claims to be from, unless it was handled before. */
export function takeEnvelope(tx: Transaction, mail: Mail): AccountId | undefined {
  const envelope = readEnvelope(mail);
  if (envelope === undefined || equalBytes(envelope.account, ownId(tx))) {
    countDropped(tx);
    return undefined;
  }
  const key = envelopeKey(envelope.account, mail.envelopeId);
  if (isSeen(tx, key)) return undefined;
  markSeen(tx, key);
  takeFrom(tx, mail, envelope, { mayPark: true });
  return envelope.account;
}

/** Also for parked envelopes, which were seen before and get no second wait. */
export function takeFrom(
  tx: Transaction,
  mail: Mail,
  envelope: UnsealedEnvelope,
  { mayPark }: { readonly mayPark: boolean },
): void {
  const { account } = envelope;
  const contact = tx.get(contactsTable, account);
  if (contact?.blocked === true) {
    countDropped(tx);
    return;
  }
  try {
    if (contact === undefined || tx.get(peersTable, account) === undefined) {
      if (takesStrangers(tx)) tx.attempt((inner) => takeStranger(inner, mail, openEnvelope(inner, envelope)));
      else countDropped(tx);
    } else {
      tx.attempt((inner) => takeKnown(inner, mail, envelope, mayPark));
    }
  } catch (error) {
    quarantine(tx, mail, envelope, error);
  }
}

function takeKnown(tx: Transaction, mail: Mail, envelope: UnsealedEnvelope, mayPark: boolean): void {
  const { account, device } = envelope;
  const listed = listedDevice(tx, account, device);
  const claimed = claimedKey(tx, envelope);
  if (listed === undefined || (claimed !== undefined && !equalPublicKeys(claimed, listed))) {
    if (mayPark) park(tx, mail, envelope);
    else addUnreadable(tx, account, { device, stampMs: mail.stampMs, reason: 'unlisted-device' });
    return;
  }
  const opened = openEnvelope(tx, envelope);
  if (!equalPublicKeys(opened.identityKey, listed)) {
    throw new ProtocolError('untrusted-identity', 'the session has another identity key than the record');
  }
  // From here on the message is authentic: the ratchet moves on whatever the content turns out to be.
  opened.commit(tx);
  try {
    tx.attempt((inner) => takeContent(inner, readContent(inner, mail, opened)));
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    addUnreadable(tx, account, { device, stampMs: mail.stampMs, reason: error.code });
  }
}

/** @throws ChatError for a content that is none, or is not for us, or not from the session's other side. */
export function readContent(tx: Transaction, mail: Pick<Mail, 'stampMs'>, opened: Opened): Incoming {
  const { account, device } = opened.envelope;
  const content: Content = decodeContent(opened.bytes);
  checkContentRoute(content, { from: { account, device }, to: ownId(tx) });
  return { account, device, content, bytes: opened.bytes, stampMs: mail.stampMs, receivedMs: tx.nowMs };
}

/** Decrypts without storing anything. @throws ChatError by the codes of `decryptMessage`, `bad-padding`. */
function openEnvelope(tx: Transaction, envelope: UnsealedEnvelope): Opened {
  const { account, device, type, ciphertext } = envelope;
  const key = deviceKey(account, device);
  const { state, output, spent } = decryptMessage(
    {
      record: tx.get(sessionsTable, key),
      local: localParty(tx),
      remote: makeAddress(accountName(account), device),
      message: { type, bytes: ciphertext },
      preKeys: preKeySource(tx),
      nowMs: tx.nowMs,
    },
    tx.random,
  );
  const { used } = output;
  const replay = used !== undefined && isLastResort(tx, used.kemPreKeyId) ? firstMessageKey(used) : undefined;
  if (replay !== undefined && isSeen(tx, replay)) {
    throw new ProtocolError('duplicate-message', 'this first message began a session before');
  }
  return {
    envelope,
    identityKey: output.remoteIdentityKey,
    bytes: unpadContent(output.plaintext),
    commit(target: Transaction): void {
      target.put(sessionsTable, key, state);
      target.spend(...spent);
      if (replay !== undefined) markSeen(target, replay);
      if (used !== undefined) dropUsedPreKeys(target, used);
    },
  };
}

/** The identity key that the envelope would be opened with, if it can be told. @throws ChatError when malformed. */
function claimedKey(
  tx: Transaction,
  { account, device, type, ciphertext }: UnsealedEnvelope,
): PublicKey | undefined {
  if (type === FIRST_MESSAGE_TYPE) return peekPreKeyMessage(ciphertext).identityKey;
  return tx.get(sessionsTable, deviceKey(account, device))?.current?.remoteIdentityKey;
}

function readEnvelope(mail: Mail): UnsealedEnvelope | undefined {
  if (mail.kind !== ENVELOPE_KIND.unsealed) return undefined;
  try {
    return decodeUnsealedEnvelope(mail.bytes);
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    return undefined;
  }
}

/** A line where a contact's message should be; for everybody else a number is enough. */
function quarantine(tx: Transaction, mail: Mail, envelope: UnsealedEnvelope, error: unknown): void {
  const reason = error instanceof ChatError ? error.code : 'internal';
  const { account, device } = envelope;
  // The ratchet has seen this message: it was shown, and this is a copy under another id.
  if (reason === 'duplicate-message') countDropped(tx);
  else addUnreadable(tx, account, { device, stampMs: mail.stampMs, reason });
}
