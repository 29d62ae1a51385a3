/**
 * Contents on their way out, one queue per account, in the order in which they were written. A row holds
 * what is to be said; only the release makes it a content and encrypts it.
 */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { UsageError } from '../../crypto/errors.ts';
import { MAX_RECEIPT_IDS } from '../wire/limits.ts';
import {
  addLine,
  changeConversation,
  conversationRow,
  conversationWith,
  indexLine,
  openConversation,
  placeOf,
} from './history.ts';
import { OUTBOX_MAX } from './limits.ts';
import { changeCounters, countersOf, ownAccount, ownId } from './state.ts';
import { orderKey } from './tables/define.ts';
import { historyLog, type OutboxRow, outboxTable } from './tables/talk.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';
import { holdReason } from './trust.ts';

const CONTENT_ID_BYTES = 16;

export interface NewText {
  readonly id: Uint8Array;
  readonly text: string;
  readonly promptReceipt: boolean;
}

/**
 * Writes a text into the history and behind everything that waits for this account.
 * @throws UsageError `outbox-full`.
 */
export function queueText(
  tx: Transaction,
  account: AccountId,
  { id, text, promptReceipt }: NewText,
): OutboxRow {
  if (tx.list(outboxTable).length >= OUTBOX_MAX) {
    throw new UsageError('outbox-full', `${OUTBOX_MAX} messages are waiting to be sent`);
  }
  const { conversation } = openConversation(tx, account);
  const held = holdReason(tx, account);
  const order = nextOrder(tx);
  const place = addLine(tx, conversation, {
    id,
    kind: 'text',
    direction: 'out',
    device: ownAccount(tx).device,
    sentMs: tx.nowMs,
    receivedMs: tx.nowMs,
    timeFromRelay: false,
    late: false,
    text,
    state: held === undefined ? 'waiting' : 'held',
    ...(held === undefined ? {} : { stateReason: held }),
    order,
    visible: true,
  });
  indexLine(tx, id, { sender: ownId(tx), conversation, place });
  return enqueue(tx, { id, account, order, kind: 'text', text, promptReceipt, place });
}

/** Tells a requester, or a contact who lost it, how to reach us. One at a time is enough. */
export function queueAccept(tx: Transaction, account: AccountId): void {
  if (waitingFor(tx, account).some(({ kind }) => kind === 'accept')) return;
  const id = tx.random.draw('id', CONTENT_ID_BYTES);
  enqueue(tx, { id, account, order: nextOrder(tx), kind: 'accept', promptReceipt: false });
}

/** Receipts ride on a row that was not released yet, if there is one. */
export function queueReceipts(tx: Transaction, account: AccountId, ids: readonly Uint8Array[]): void {
  const open = waitingFor(tx, account).find(
    ({ kind, content, receiptIds }) =>
      kind === 'receipt' && content === undefined && receiptIds.length + ids.length <= MAX_RECEIPT_IDS,
  );
  if (open !== undefined) {
    putOutbox(tx, { ...open, receiptIds: [...open.receiptIds, ...ids] });
    return;
  }
  const id = tx.random.draw('id', CONTENT_ID_BYTES);
  const order = nextOrder(tx);
  enqueue(tx, { id, account, order, kind: 'receipt', promptReceipt: false, receiptIds: ids });
}

type NewRow = Omit<OutboxRow, 'state' | 'reason' | 'queuedMs' | 'devices' | 'receiptIds'> &
  Partial<Pick<OutboxRow, 'receiptIds'>>;

/** Puts a row at the end of the queue of its account. */
export function enqueue(tx: Transaction, params: NewRow): OutboxRow {
  const { account, order } = params;
  const held = holdReason(tx, account);
  const row: OutboxRow = {
    receiptIds: [],
    ...params,
    state: held === undefined ? 'waiting' : 'held',
    ...(held === undefined ? {} : { reason: held }),
    queuedMs: tx.nowMs,
    devices: [],
  };
  putOutbox(tx, row);
  const { conversation, outFirst, outLast } = openConversation(tx, account);
  const isEmpty = outFirst > outLast;
  changeConversation(tx, conversation, { outFirst: isEmpty ? order : outFirst, outLast: order });
  return row;
}

export function nextOrder(tx: Transaction): number {
  const order = countersOf(tx).order + 1;
  changeCounters(tx, { order });
  return order;
}

/** The next content of this account, if any; what failed is passed over. */
export function headOf(tx: Transaction, account: AccountId): OutboxRow | undefined {
  const row = conversationWith(tx, account);
  if (row === undefined) return undefined;
  let { outFirst } = row;
  let head: OutboxRow | undefined;
  for (; outFirst <= row.outLast; outFirst++) {
    head = tx.get(outboxTable, orderKey(account, outFirst));
    if (head !== undefined && head.state !== 'failed') break;
    head = undefined;
  }
  if (outFirst !== row.outFirst) changeConversation(tx, row.conversation, { outFirst });
  return head;
}

/** Everything that waits for this account, oldest first. */
export function waitingFor(view: View, account: AccountId): readonly OutboxRow[] {
  const conversation = conversationWith(view, account);
  if (conversation === undefined || conversation.outFirst > conversation.outLast) return [];
  const rows: OutboxRow[] = [];
  for (const [, row] of view.list(outboxTable)) {
    if (row.state !== 'failed' && equalBytes(row.account, account)) rows.push(row);
  }
  return rows.sort((a, b) => a.order - b.order);
}

export function putOutbox(tx: Transaction, row: OutboxRow): void {
  tx.put(outboxTable, orderKey(row.account, row.order), row);
}

export function findOutbox(view: View, id: Uint8Array): OutboxRow | undefined {
  const place = placeOf(view, ownId(view), id);
  if (place === undefined) return undefined;
  const order = view.at(historyLog, place.conversation, place.place)?.order;
  if (order === undefined) return undefined;
  const { account } = conversationRow(view, place.conversation);
  return view.get(outboxTable, orderKey(account, order));
}
