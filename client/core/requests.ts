/** Becoming contacts: by our answer or by theirs. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { UsageError } from '../../crypto/errors.ts';
import { dropAllCapabilities, endGivenCapabilities } from './capabilities.ts';
import { announceContact, changeContact, contactOf } from './contacts.ts';
import { conversationWith, hiddenLines, removeLine, showLine } from './history.ts';
import { REJECTED_MAX } from './limits.ts';
import { displayName } from './names.ts';
import { dropEarly, resyncAll } from './ordering.ts';
import { queueAccept } from './outbox.ts';
import { oweReceipts } from './show.ts';
import {
  chainsTable,
  contactsTable,
  fetchesTable,
  heldTable,
  identitiesTable,
  peersTable,
  trustTable,
} from './tables/people.ts';
import type { Table } from './tables.ts';
import type { Transaction } from './transaction.ts';
import { accountText } from './views.ts';

/** @throws UsageError `not-found` when this person did not ask. */
export function requireRequest(tx: Transaction, account: AccountId): void {
  if (contactOf(tx, account).state !== 'incoming') {
    throw new UsageError('not-found', 'there is no request of this person');
  }
}

/** Our yes to a request: everything that was said becomes visible, and the other side learns how to reach us. */
export function acceptContact(tx: Transaction, account: AccountId): void {
  changeContact(tx, account, { state: 'accepted', acceptedMs: tx.nowMs, removed: false });
  queueAccept(tx, account);
  const conversation = conversationWith(tx, account);
  const ids: Uint8Array[] = [];
  if (conversation !== undefined) {
    for (const { place, row } of hiddenLines(tx, conversation)) {
      showLine(tx, conversation.conversation, place, row);
      if (row.kind === 'text') ids.push(row.id);
    }
  }
  oweReceipts(tx, account, ids, false);
  announceContact(tx, account);
}

/** Their yes to ours. */
export function markAccepted(tx: Transaction, account: AccountId): void {
  if (contactOf(tx, account).state === 'accepted') return;
  changeContact(tx, account, { state: 'accepted', acceptedMs: tx.nowMs });
  const name = displayName(tx, account);
  tx.event({ type: 'request.accepted', account: accountText(account), name });
}

/** Silence: the other side sees no difference from waiting. What was asked is forgotten. */
export function rejectRequest(tx: Transaction, account: AccountId): void {
  changeContact(tx, account, { state: 'rejected', received: [] });
  dropHidden(tx, account, 0);
  dropEarly(tx, account);
  resyncAll(tx, account);
  forgetOldRejections(tx);
  announceContact(tx, account);
}

/** Keeps only the newest lines of an unanswered request. */
export function dropHidden(tx: Transaction, account: AccountId, kept: number): void {
  const conversation = conversationWith(tx, account);
  if (conversation === undefined) return;
  const lines = hiddenLines(tx, conversation);
  for (const line of lines.slice(0, Math.max(0, lines.length - kept))) {
    removeLine(tx, conversation.conversation, line, account);
  }
}

/** The memory of rejections has an end; whoever is forgotten may ask again. */
function forgetOldRejections(tx: Transaction): void {
  const rejected = tx
    .list(contactsTable)
    .map(([, row]) => row)
    .filter(({ state, blocked }) => state === 'rejected' && !blocked)
    .sort((a, b) => a.stamp.lamport - b.stamp.lamport);
  for (const { accountId } of rejected.slice(0, Math.max(0, rejected.length - REJECTED_MAX))) {
    forgetAccount(tx, accountId);
  }
}

/** Sessions stay: without them the next request would look like a replay of the first one. */
function forgetAccount(tx: Transaction, account: AccountId): void {
  endGivenCapabilities(tx, account, 'retired');
  dropAllCapabilities(tx, account);
  const tables: readonly Table<unknown>[] = [
    heldTable,
    peersTable,
    chainsTable,
    trustTable,
    identitiesTable,
    fetchesTable,
    contactsTable,
  ];
  for (const table of tables) tx.delete(table, account);
}
