/** The command everything else exists for. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes, fromHex, toHex, utf8 } from '../../crypto/bytes.ts';
import { RelayError, UsageError } from '../../crypto/errors.ts';
import { CAPABILITY_KIND } from '../../relay/protocol/operations.ts';
import { MAX_TEXT_BYTES } from '../wire/limits.ts';
import { bestCapability } from './capabilities.ts';
import type { SendCommand, SendResult } from './commands.ts';
import { changeContact, contactOf, meetAgain } from './contacts.ts';
import { conversationWith, openConversation, placeOf } from './history.ts';
import { ownName, waitForPerson } from './look-ups.ts';
import { displayName, findPerson, notFound } from './names.ts';
import { queueText } from './outbox.ts';
import { refreshHolds } from './outbox-state.ts';
import { release } from './release.ts';
import { acceptContact } from './requests.ts';
import { exceeds, withinWindow } from './requests-in.ts';
import { ownId } from './state.ts';
import { trustTable } from './tables/people.ts';
import { type HistoryRow, historyLog } from './tables/talk.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';
import { trustPresentKey, trustState, wasVerified, withholdFirstUse } from './trust.ts';
import { textOfLine } from './views.ts';

const CONTENT_ID_BYTES = 16;
const ID = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** @returns undefined while the relay is asked who is meant. */
export function send(
  tx: Transaction,
  commandId: string,
  command: SendCommand,
  /** The relay was asked already. */
  isResolved: boolean,
): SendResult | undefined {
  const { text } = command;
  if (text === '') throw new UsageError('empty-message', 'an empty message is not sent');
  const sizeBytes = utf8(text).length;
  if (sizeBytes > MAX_TEXT_BYTES) {
    throw new UsageError('text-too-long', `a message has ${sizeBytes} bytes, at most ${MAX_TEXT_BYTES}`, {
      hints: ['send it as a file'],
    });
  }
  const id = command.id === undefined ? undefined : parseMessageId(command.id);
  const account = findPerson(tx, command.to);
  if (account === undefined) {
    if (isResolved) throw notFound();
    waitForPerson(tx, commandId, command, command.to);
    return undefined;
  }
  if (equalBytes(account, ownId(tx))) throw ownName();
  const repeated = id === undefined ? undefined : sameMessage(tx, account, id, text);
  if (repeated !== undefined) return repeated;
  return sendTo(tx, account, { ...command, id: id ?? tx.random.draw('id', CONTENT_ID_BYTES), sizeBytes });
}

/** 32 hex digits or a UUID. @throws UsageError `bad-id`. */
export function parseMessageId(text: string): Uint8Array {
  if (!ID.test(text)) throw new UsageError('bad-id', 'an id is 32 hex digits or a UUID');
  return fromHex(text.replaceAll('-', ''));
}

interface Sending extends Omit<SendCommand, 'id'> {
  readonly id: Uint8Array;
  readonly sizeBytes: number;
}

function sendTo(tx: Transaction, account: AccountId, sending: Sending): SendResult {
  const before = contactOf(tx, account);
  if (before.blocked)
    throw new UsageError('blocked', 'this contact is blocked', { hints: ['unblock first'] });
  if (before.state === 'incoming' || before.state === 'rejected') acceptContact(tx, account);
  else meetAgain(tx, account);
  applyTrustOption(tx, account, sending);
  spendRequest(tx, account, sending.sizeBytes);
  const { id, text, promptReceipt = false } = sending;
  queueText(tx, account, { id, text, promptReceipt });
  const firstContact = !contactOf(tx, account).written && contactOf(tx, account).state === 'requested';
  changeContact(tx, account, { written: true });
  release(tx, account);
  return { ...resultOf(tx, account, id), firstContact };
}

/** What an unanswered request may hold is counted here, before the relay and the receiver count it again. */
function spendRequest(tx: Transaction, account: AccountId, sizeBytes: number): void {
  const { state, sent } = contactOf(tx, account);
  if (state !== 'requested' || bestCapability(tx, account)?.kind === CAPABILITY_KIND.contact) return;
  const recent = withinWindow(sent, tx.nowMs);
  if (exceeds(recent, sizeBytes)) {
    throw new RelayError(
      'request-limit',
      'before an answer only 5 messages with 8192 bytes of text are sent in 30 days',
      { retry: 'later' },
    );
  }
  changeContact(tx, account, { sent: [...recent, { atMs: tx.nowMs, sizeBytes }] });
}

function applyTrustOption(tx: Transaction, account: AccountId, { trustNewIdentities }: Sending): void {
  const trust = tx.get(trustTable, account);
  if (trustNewIdentities === 'never' && !contactOf(tx, account).written) withholdFirstUse(tx, account);
  const mayTrust = trustNewIdentities === 'always' && !wasVerified(trust) && trust?.distrusted !== true;
  if (mayTrust && trustState(tx, account) === 'key changed') {
    trustPresentKey(tx, account);
    refreshHolds(tx, account);
  }
}

/** The same id again is the same message, in whatever state it is by now. */
function sameMessage(
  tx: Transaction,
  account: AccountId,
  id: Uint8Array,
  text: string,
): SendResult | undefined {
  const place = placeOf(tx, ownId(tx), id);
  if (place === undefined) return undefined;
  const line = tx.at(historyLog, place.conversation, place.place);
  const conversation = conversationWith(tx, account)?.conversation;
  const isSame =
    line !== undefined &&
    conversation !== undefined &&
    equalBytes(place.conversation, conversation) &&
    textOfLine(line) === text;
  if (!isSame) throw new UsageError('id-in-use', 'another message has this id');
  return resultOf(tx, account, id);
}

function resultOf(tx: Transaction, account: AccountId, id: Uint8Array): SendResult {
  const { conversation } = openConversation(tx, account);
  return {
    id: toHex(id),
    state: lineOf(tx, id)?.state ?? 'waiting',
    conversation: toHex(conversation),
    name: displayName(tx, account),
    awaitingAcceptance: contactOf(tx, account).state === 'requested',
    firstContact: false,
  };
}

function lineOf(view: View, id: Uint8Array): HistoryRow | undefined {
  const place = placeOf(view, ownId(view), id);
  return place === undefined ? undefined : view.at(historyLog, place.conversation, place.place);
}
