/** Receipts: what others say about our messages, and what we owe them. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { type BodyOf, RECEIPT } from '../wire/content-kinds.ts';
import { contactOf } from './contacts.ts';
import { conversationWith, placeOf, setMessageState } from './history.ts';
import { RECEIPT_WAIT_HIGH_MS, RECEIPT_WAIT_MS, SWEEP_ROWS_MAX } from './limits.ts';
import { findOutbox, queueReceipts } from './outbox.ts';
import { finish } from './outbox-state.ts';
import { countDropped, isDue, ownId } from './state.ts';
import { awaitingTable, historyLog, receiptsTable } from './tables/talk.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';

/** Only the receiver of a message can have anything to say about it. */
export function takeReceipt(tx: Transaction, account: AccountId, body: BodyOf<'receipt'>): void {
  const { state, removed } = contactOf(tx, account);
  const said = body.state ?? RECEIPT.delivered;
  if (removed || state !== 'accepted' || (said !== RECEIPT.delivered && said !== RECEIPT.read)) {
    countDropped(tx);
    return;
  }
  const shown = said === RECEIPT.read ? 'read' : 'delivered';
  for (const id of body.ids) markReceived(tx, account, id, shown);
}

/** Hands the receipts that are due to the outbox. @returns the accounts that have something to send now. */
export function queueDueReceipts(tx: Transaction): readonly AccountId[] {
  const accounts: AccountId[] = [];
  for (const [key, { ids, dueMs }] of tx.list(receiptsTable)) {
    if (!isDue(dueMs, tx.nowMs, RECEIPT_WAIT_HIGH_MS)) continue;
    const account = key as AccountId;
    tx.delete(receiptsTable, key);
    queueReceipts(tx, account, ids);
    accounts.push(account);
  }
  return accounts;
}

export function nextReceiptMs(view: View): number | undefined {
  let next: number | undefined;
  for (const [, { dueMs }] of view.list(receiptsTable)) {
    if (next === undefined || dueMs < next) next = dueMs;
  }
  return next;
}

/** After 30 days without a receipt the relay has dropped the message, too. */
export function expireMessages(tx: Transaction): void {
  const old = tx.list(awaitingTable).filter(([, { sentMs }]) => sentMs <= tx.nowMs - RECEIPT_WAIT_MS);
  for (const [id, { conversation, place }] of old.slice(0, SWEEP_ROWS_MAX)) {
    tx.delete(awaitingTable, id);
    setMessageState(tx, { conversation, place }, 'expired', 'no-receipt');
  }
}

function markReceived(
  tx: Transaction,
  account: AccountId,
  id: Uint8Array,
  state: 'delivered' | 'read',
): void {
  const at = placeOf(tx, ownId(tx), id);
  const conversation = conversationWith(tx, account)?.conversation;
  if (at === undefined || conversation === undefined || !equalBytes(at.conversation, conversation)) return;
  const waiting = findOutbox(tx, id);
  // What was never encrypted cannot have arrived.
  if (waiting !== undefined && waiting.devices.length === 0) return;
  if (waiting !== undefined) finish(tx, waiting, state);
  if (tx.get(awaitingTable, id) !== undefined) tx.delete(awaitingTable, id);
  const now = tx.at(historyLog, conversation, at.place)?.state;
  if (now !== 'read') setMessageState(tx, at, state);
}
