/** How a content in the outbox ends, waits, is held, is withdrawn, or begins again. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { UsageError } from '../../crypto/errors.ts';
import { decodeContent } from '../wire/content.ts';
import type { MessageState } from './commands.ts';
import {
  changeConversation,
  conversationRow,
  openConversation,
  placeOf,
  setMessageState,
  unindexLine,
} from './history.ts';
import { enqueue, findOutbox, nextOrder, putOutbox, waitingFor } from './outbox.ts';
import { ownId } from './state.ts';
import { deviceKey, orderKey } from './tables/define.ts';
import { peersTable } from './tables/people.ts';
import {
  awaitingTable,
  copiesTable,
  type HistoryRow,
  historyLog,
  type OutboxRow,
  outboxTable,
} from './tables/talk.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';
import { holdReason } from './trust.ts';
import { textOfLine } from './views.ts';

/**
 * Brings everything that waits in line with trust; what is encrypted already goes on.
 * @returns how many texts are free to go now.
 */
export function refreshHolds(tx: Transaction, account: AccountId): number {
  const reason = holdReason(tx, account);
  let released = 0;
  for (const row of waitingFor(tx, account)) {
    if (isEncrypted(tx, row)) continue;
    if (row.state === 'held' && reason === undefined && row.kind === 'text') released++;
    setState(tx, row, reason === undefined ? 'waiting' : 'held', reason);
  }
  return released;
}

/** For every device that is listed now; after a reset the new ones are still to be written to. */
function isEncrypted(view: View, row: OutboxRow): boolean {
  const devices = view.get(peersTable, row.account)?.devices ?? [];
  return row.devices.length > 0 && devices.every(({ id }) => row.devices.includes(id));
}

/** Changes what is shown of a row that stays in the outbox. */
export function setState(
  tx: Transaction,
  row: OutboxRow,
  state: OutboxRow['state'],
  reason: string | undefined,
): OutboxRow {
  if (row.state === state && row.reason === reason) return row;
  const { reason: _, ...rest } = row;
  const changed: OutboxRow = { ...rest, state, ...(reason === undefined ? {} : { reason }) };
  putOutbox(tx, changed);
  showState(tx, changed, state, reason);
  return changed;
}

/** The relay has it, or its receiver says so: only the history keeps it. */
export function finish(tx: Transaction, row: OutboxRow, state: 'sent' | 'delivered' | 'read'): void {
  removeRow(tx, row);
  if (row.place === undefined) return;
  showState(tx, row, state, undefined);
  if (state !== 'sent') return;
  const { account, place } = row;
  const { conversation } = openConversation(tx, account);
  tx.put(awaitingTable, row.id, { account, conversation, place, sentMs: tx.nowMs });
}

/** The relay will never take it; the next content goes on, and `outbox.retry` may try this one again. */
export function fail(tx: Transaction, row: OutboxRow, reason: string): void {
  const undone = undoRelease(tx, row);
  if (row.kind === 'text') setState(tx, undone, 'failed', reason);
  else removeRow(tx, undone);
}

/** Nothing of it is encrypted any more; the content itself stays the same. */
export function withdraw(tx: Transaction, row: OutboxRow): OutboxRow {
  for (const device of row.devices) tx.delete(copiesTable, deviceKey(row.id, device));
  const { envelopeId: _, ...rest } = row;
  const withdrawn: OutboxRow = { ...rest, devices: [] };
  putOutbox(tx, withdrawn);
  return withdrawn;
}

/** @returns whether the message is gone; not after it was encrypted, because the relay may have it. */
export function cancel(tx: Transaction, id: Uint8Array): boolean {
  const row = findOutbox(tx, id);
  if (row?.place === undefined || row.devices.length > 0) return false;
  removeRow(tx, undoRelease(tx, row));
  showState(tx, row, 'failed', 'cancelled');
  const { conversation } = openConversation(tx, row.account);
  tx.deleteAt(historyLog, conversation, row.place);
  unindexLine(tx, ownId(tx), id);
  return true;
}

/**
 * Sends a message that failed or expired once more, under its own id.
 * @throws UsageError `not-found`, `not-failed`.
 */
export function retry(tx: Transaction, id: Uint8Array): AccountId {
  const at = placeOf(tx, ownId(tx), id);
  const line = at === undefined ? undefined : tx.at(historyLog, at.conversation, at.place);
  if (at === undefined || line === undefined) {
    throw new UsageError('not-found', 'there is no message of this id');
  }
  if (line.state !== 'failed' && line.state !== 'expired') {
    throw new UsageError('not-failed', 'this message did not fail');
  }
  const before = findOutbox(tx, id);
  const text = before?.text ?? textOfLine(line);
  if (before !== undefined) removeRow(tx, before);
  const { account } = conversationRow(tx, at.conversation);
  const order = nextOrder(tx);
  tx.putAt(historyLog, at.conversation, at.place, { ...line, order });
  const { place } = at;
  const content = line.state === 'expired' ? contentAsSent(line) : {};
  const row = enqueue(tx, {
    id,
    account,
    order,
    kind: 'text',
    text,
    promptReceipt: false,
    place,
    ...content,
  });
  showState(tx, row, row.state, row.reason);
  return account;
}

/** What was sent once is sent again as it was: it then fills the gap that its absence left. */
function contentAsSent({
  content,
}: HistoryRow): Partial<Pick<OutboxRow, 'content' | 'contentKind' | 'counter' | 'prevHash'>> {
  if (content === undefined) return {};
  const { body, link } = decodeContent(content);
  if (link === undefined || (body.kind !== 'text' && body.kind !== 'request')) return {};
  return { content, contentKind: body.kind, counter: link.counter, prevHash: link.prevHash };
}

/** Gives the counter back, so that the other side never waits for a content that was not sent. */
function undoRelease(tx: Transaction, row: OutboxRow): OutboxRow {
  const { content: _c, contentKind: _k, counter, prevHash, ...rest } = withdraw(tx, row);
  putOutbox(tx, rest);
  const { conversation, outCounter } = openConversation(tx, row.account);
  if (counter !== undefined && prevHash !== undefined && outCounter === counter + 1) {
    changeConversation(tx, conversation, { outCounter: counter, outHash: prevHash });
  }
  return rest;
}

function removeRow(tx: Transaction, row: OutboxRow): void {
  withdraw(tx, row);
  tx.delete(outboxTable, orderKey(row.account, row.order));
  if (row.place === undefined) return;
  const { conversation } = openConversation(tx, row.account);
  const line = tx.at(historyLog, conversation, row.place);
  if (line === undefined) return;
  const { order: _, ...rest } = line;
  tx.putAt(historyLog, conversation, row.place, rest);
}

function showState(tx: Transaction, row: OutboxRow, state: MessageState, reason: string | undefined): void {
  if (row.place === undefined) return;
  const { conversation } = openConversation(tx, row.account);
  setMessageState(tx, { conversation, place: row.place }, state, reason);
}
