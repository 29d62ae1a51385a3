/** Writes what arrived into the history, and notes the receipt that it earns. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { MAX_RECEIPT_IDS } from '../wire/limits.ts';
import { contactOf } from './contacts.ts';
import { addLine, indexLine, openConversation, placeOf } from './history.ts';
import { CLOCK_SKEW_MAX_MS, RECEIPT_WAIT_HIGH_MS, RECEIPT_WAIT_LOW_MS, TIME_MAX_MS } from './limits.ts';
import type { Incoming } from './ordering.ts';
import { drawNumber } from './state.ts';
import { receiptsTable } from './tables/talk.ts';
import type { Transaction } from './transaction.ts';

export interface ShowOptions {
  readonly late: boolean;
  /** A place that was kept for it. */
  readonly place?: number;
}

/** A content is shown once, however often and by whatever way it comes. */
export function showContent(tx: Transaction, incoming: Incoming, { late, place }: ShowOptions): void {
  const { account, device, content, bytes, stampMs, receivedMs } = incoming;
  if (placeOf(tx, account, content.id) !== undefined) {
    owesReceipt(tx, incoming);
    return;
  }
  const { conversation } = openConversation(tx, account);
  const contact = contactOf(tx, account);
  const isUnknown = content.body.kind === 'unknown';
  const timeFromRelay = Math.abs(content.sentMs - stampMs) > CLOCK_SKEW_MAX_MS;
  const written = addLine(tx, conversation, {
    id: content.id,
    kind: isUnknown ? 'unreadable' : 'text',
    direction: 'in',
    device,
    sentMs: Math.min(timeFromRelay ? stampMs : content.sentMs, TIME_MAX_MS),
    receivedMs,
    timeFromRelay,
    late,
    content: bytes,
    ...(isUnknown ? { reason: 'needs-newer-version' } : {}),
    ...(place === undefined ? {} : { place }),
    visible: contact.state === 'accepted' || contact.state === 'requested',
  });
  indexLine(tx, content.id, { sender: account, conversation, place: written });
  if (!isUnknown) owesReceipt(tx, incoming);
}

/** Only accepted contacts learn that something arrived; at once if they ask for it, else after a random wait. */
export function owesReceipt(tx: Transaction, { account, content }: Incoming): void {
  const isPrompt = content.body.kind === 'text' && content.body.wantReceipt === true;
  oweReceipts(tx, account, [content.id], isPrompt);
}

export function oweReceipts(
  tx: Transaction,
  account: AccountId,
  ids: readonly Uint8Array[],
  isPrompt: boolean,
): void {
  const contact = contactOf(tx, account);
  if (contact.state !== 'accepted' || contact.blocked || contact.removed || ids.length === 0) return;
  const row = tx.get(receiptsTable, account);
  const fresh = ids.filter((id) => row?.ids.every((other) => !equalBytes(other, id)) ?? true);
  const all = [...(row?.ids ?? []), ...fresh];
  const isFull = all.length >= MAX_RECEIPT_IDS;
  const dueMs = isPrompt || isFull ? tx.nowMs : (row?.dueMs ?? tx.nowMs + receiptWaitMs(tx));
  tx.put(receiptsTable, account, { ids: all.slice(0, MAX_RECEIPT_IDS), dueMs });
}

function receiptWaitMs(tx: Transaction): number {
  const span = RECEIPT_WAIT_HIGH_MS - RECEIPT_WAIT_LOW_MS;
  return RECEIPT_WAIT_LOW_MS + drawNumber(tx.random, 'jitter', span);
}
