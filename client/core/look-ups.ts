/** Commands about somebody unknown wait here until the relay has said who that is. */

import { type AccountId, parseAccountId } from '../../crypto/account/account-id.ts';
import { foldName } from '../../crypto/account/username.ts';
import { equalBytes, toHex } from '../../crypto/bytes.ts';
import { ChatError, ProtocolError, RelayError, UsageError } from '../../crypto/errors.ts';
import { CAPABILITY_KIND, type RecordsResponse } from '../../relay/protocol/operations.ts';
import { type ChatUri, parseUri } from '../wire/uri.ts';
import { holdCapability } from './capabilities.ts';
import type { Command } from './commands.ts';
import { addContact, changeContact, meetAgain } from './contacts.ts';
import type { Outcome } from './input.ts';
import { COMMAND_WAIT_MS, COMMANDS_PENDING_MAX } from './limits.ts';
import { isAddress, notFound } from './names.ts';
import { addPeer } from './peers.ts';
import { ownAccount } from './state.ts';
import { textKey } from './tables/define.ts';
import { contactsTable } from './tables/people.ts';
import { type PendingRow, pendingTable } from './tables/runtime.ts';
import type { View } from './tables.ts';
import { ask } from './traffic.ts';
import type { Transaction } from './transaction.ts';

export const LOOK_UP_TAG = 'look-up/';
export const ADDRESS_TAG = 'address/';
export const REVOKE_TAG = 'revoke';

type PersonUri = Extract<ChatUri, { readonly kind: 'person' }>;

/**
 * Puts a command aside until `who` is known.
 * @throws UsageError `not-found`, `bad-uri`, `other-relay`, `own-name`, and those of user names.
 */
export function waitForPerson(tx: Transaction, id: string, command: Command, who: string): void {
  if (!isAddress(who)) {
    const name = foldOrUnknown(who);
    if (name === ownAccount(tx).username) throw ownName();
    waitFor(tx, { id, command, tag: `${LOOK_UP_TAG}${name}`, who });
    return;
  }
  const uri = personUri(tx, who);
  if (equalBytes(uri.account, ownAccount(tx).accountId)) throw ownName();
  // The address holds a capability, and tags are for everybody to see.
  waitFor(tx, { id, command, tag: `${ADDRESS_TAG}${toHex(uri.account)}`, who });
}

/** @throws RelayError `busy` when too many commands are waiting. */
export function waitFor(tx: Transaction, waiting: Omit<PendingRow, 'deadlineMs'>): void {
  if (tx.list(pendingTable).length >= COMMANDS_PENDING_MAX) {
    throw new RelayError('busy', 'too many commands are waiting for the relay', { retry: 'later' });
  }
  const deadlineMs = tx.nowMs + COMMAND_WAIT_MS;
  tx.put(pendingTable, textKey(waiting.id), { ...waiting, deadlineMs });
  syncPending(tx);
}

/** Sends what the waiting commands need. */
export function syncPending(tx: Transaction): void {
  for (const [, { tag, who }] of tx.list(pendingTable)) {
    if (tag.startsWith(LOOK_UP_TAG)) {
      const request = { username: tag.slice(LOOK_UP_TAG.length) };
      ask(tx, { link: 'home', tag, operation: 'lookUp', request });
    } else if (tag.startsWith(ADDRESS_TAG)) {
      const { account, capability } = personUri(tx, who);
      const request = { account, capability: capability.expose().slice() };
      ask(tx, { link: 'anonymous', tag, operation: 'fetchRecords', request });
    } else {
      ask(tx, { link: 'home', tag, operation: 'revokeSession', request: {} });
    }
  }
}

/** The answer of the relay to a look-up; the waiting commands are run again or fail with its error. */
export function onPerson(
  tx: Transaction,
  tag: string,
  outcome: Outcome<RecordsResponse>,
): readonly PendingRow[] {
  const waiting = takePending(tx, tag);
  try {
    if (!outcome.ok) throw outcome.error.code === 'not-found' ? notFound() : outcome.error;
    const { response } = outcome;
    const [first] = waiting;
    if (first === undefined) return [];
    tx.attempt((inner) => {
      if (tag.startsWith(LOOK_UP_TAG)) meetByName(inner, tag.slice(LOOK_UP_TAG.length), response);
      else meetByAddress(inner, personUri(inner, first.who), response);
    });
    return waiting;
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    for (const { id } of waiting) tx.failure(id, error);
    return [];
  }
}

export function takePending(tx: Transaction, tag: string): readonly PendingRow[] {
  const rows = tx
    .list(pendingTable)
    .map(([, row]) => row)
    .filter((row) => row.tag === tag);
  for (const { id } of rows) tx.delete(pendingTable, textKey(id));
  return rows;
}

/** Commands that waited long enough: nothing was done, and they say so. */
export function failOverdue(tx: Transaction): void {
  for (const [key, { id, deadlineMs }] of tx.list(pendingTable)) {
    if (deadlineMs > tx.nowMs && deadlineMs <= tx.nowMs + COMMAND_WAIT_MS) continue;
    tx.delete(pendingTable, key);
    tx.failure(id, new RelayError('relay-unreachable', 'the relay cannot be reached', { retry: 'later' }));
  }
}

export function nextDeadlineMs(view: View): number | undefined {
  let next: number | undefined;
  for (const [, { deadlineMs }] of view.list(pendingTable)) {
    if (next === undefined || deadlineMs < next) next = deadlineMs;
  }
  return next;
}

export function ownName(): UsageError {
  return new UsageError('own-name', 'this is your own name');
}

/** A relay that answers with somebody else is refused: the record holds the name. */
function meetByName(tx: Transaction, name: string, response: RecordsResponse): void {
  const { records, account } = response;
  const peer = addPeer(tx, records, account === undefined ? undefined : parseAccountId(account));
  if (peer.username !== name) {
    throw new ProtocolError('bad-record-chain', 'the relay answered with the records of another name');
  }
  if (equalBytes(peer.accountId, ownAccount(tx).accountId)) throw ownName();
  meet(tx, peer.accountId);
}

/** The link names the account, so its records are held against more than the relay's word. */
function meetByAddress(tx: Transaction, uri: PersonUri, response: RecordsResponse): void {
  const { accountId, username } = addPeer(tx, response.records, uri.account);
  if (username !== uri.name) {
    throw new ProtocolError('bad-record-chain', 'the address is that of another name');
  }
  meet(tx, accountId);
  changeContact(tx, accountId, { linkChecked: true });
  holdCapability(tx, accountId, uri.capability.expose(), CAPABILITY_KIND.address);
}

function meet(tx: Transaction, account: AccountId): void {
  if (tx.get(contactsTable, account) === undefined) addContact(tx, account, 'requested');
  else meetAgain(tx, account);
}

/** @throws UsageError `bad-uri`, `other-relay`. */
function personUri(view: View, text: string): PersonUri {
  const uri = parseUri(text);
  if (uri.kind !== 'person') throw new UsageError('bad-uri', 'this address is not that of a person');
  const { fingerprint } = ownAccount(view).relay;
  if (uri.relay.fingerprint === undefined || !equalBytes(uri.relay.fingerprint, fingerprint)) {
    throw new UsageError('other-relay', 'people on another relay cannot be reached yet');
  }
  return uri;
}

function foldOrUnknown(who: string): string {
  try {
    return foldName(who);
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    // What cannot be a user name cannot be found.
    throw notFound();
  }
}
