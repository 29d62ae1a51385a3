/** The people this account knows. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { BugError, UsageError } from '../../crypto/errors.ts';
import { CONTACTS_MAX } from './limits.ts';
import { displayName } from './names.ts';
import { nextStamp } from './state.ts';
import { type ContactRow, contactsTable } from './tables/people.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';
import { accountText } from './views.ts';

export function contactOf(view: View, account: AccountId): ContactRow {
  const row = view.get(contactsTable, account);
  if (row === undefined) throw new BugError('bug', 'a contact was expected');
  return row;
}

/** @throws UsageError `too-many-contacts`. */
export function addContact(tx: Transaction, account: AccountId, state: ContactRow['state']): ContactRow {
  if (tx.list(contactsTable).length >= CONTACTS_MAX) {
    throw new UsageError('too-many-contacts', `an account has at most ${CONTACTS_MAX} contacts`);
  }
  const row: ContactRow = {
    accountId: account,
    state,
    linkChecked: false,
    blocked: false,
    muted: false,
    removed: false,
    addedMs: tx.nowMs,
    written: false,
    sent: [],
    received: [],
    stamp: nextStamp(tx),
  };
  tx.put(contactsTable, account, row);
  return row;
}

export function changeContact(tx: Transaction, account: AccountId, changes: Partial<ContactRow>): ContactRow {
  const changed = { ...contactOf(tx, account), ...changes, stamp: nextStamp(tx) };
  tx.put(contactsTable, account, changed);
  return changed;
}

/** The row stays, because history and sessions do; what made it a contact goes. */
export function markRemoved(tx: Transaction, account: AccountId): void {
  const { localName: _n, given: _g, answeredMs: _a, ...rest } = contactOf(tx, account);
  tx.put(contactsTable, account, { ...rest, removed: true, stamp: nextStamp(tx) });
}

/** Somebody who was removed is met again: everything begins with a request. */
export function meetAgain(tx: Transaction, account: AccountId): void {
  if (contactOf(tx, account).removed) {
    changeContact(tx, account, {
      removed: false,
      state: 'requested',
      sent: [],
      received: [],
      written: false,
    });
  }
}

/** Tells front ends that what they show of this contact is old. */
export function announceContact(tx: Transaction, account: AccountId): void {
  tx.event({ type: 'contact', account: accountText(account), name: displayName(tx, account) });
}
