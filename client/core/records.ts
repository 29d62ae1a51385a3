/** Fetching the records of others, and one's own. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { checkChain } from '../../crypto/account/check-chain.ts';
import { toHex } from '../../crypto/bytes.ts';
import { ChatError } from '../../crypto/errors.ts';
import { RECORDS_PER_ANSWER_MAX } from '../../relay/protocol/limits.ts';
import type { RecordsResponse } from '../../relay/protocol/operations.ts';
import { isAboutTheLink, isCapabilityEnded, onCapabilityEnded } from './delivery.ts';
import type { Outcome } from './input.ts';
import { refreshHolds } from './outbox-state.ts';
import { unpark } from './parked.ts';
import { extendPeer } from './peers.ts';
import { aboutCapability, release, routeTo, withCapability } from './release.ts';
import { ownAccount } from './state.ts';
import { ONLY } from './tables/define.ts';
import { accountTable } from './tables/own.ts';
import { chainsTable, contactsTable, fetchesTable, peersTable } from './tables/people.ts';
import type { InFlightRow } from './tables/runtime.ts';
import { ask, backOff, clearBackOff } from './traffic.ts';
import type { Transaction } from './transaction.ts';
import { accountText } from './views.ts';

export const RECORDS_TAG = 'records/';
export const OWN_RECORDS_TAG = 'own-records';

/** Sends every wish for records that can be sent now. */
export function syncRecords(tx: Transaction): void {
  for (const [key] of tx.list(fetchesTable)) {
    const account = key as AccountId;
    const peer = tx.get(peersTable, account);
    if (peer === undefined) {
      tx.delete(fetchesTable, key);
      continue;
    }
    const route = routeTo(tx, account);
    ask(tx, {
      link: route.link,
      tag: `${RECORDS_TAG}${toHex(account)}`,
      operation: 'fetchRecords',
      request: { account, ...withCapability(route), afterSequence: peer.sequence },
      about: { sequence: peer.sequence, ...aboutCapability(route) },
    });
  }
}

export function onRecords(
  tx: Transaction,
  asked: { readonly account: AccountId; readonly tag: string; readonly request: InFlightRow },
  outcome: Outcome<RecordsResponse>,
): void {
  const { account, tag, request } = asked;
  const peer = tx.get(peersTable, account);
  if (peer === undefined) return;
  if (!outcome.ok) {
    const { error } = outcome;
    if (isCapabilityEnded(error) && request.about.capabilityHash !== undefined) {
      onCapabilityEnded(tx, account, request);
      tx.want('records');
      return;
    }
    if (error.retry !== 'never' || isAboutTheLink(error)) {
      backOff(tx, tag, request.link, error);
      return;
    }
    conclude(tx, account, tag);
    return;
  }
  const { records } = outcome.response;
  const newer = records.slice(peer.sequence - (request.about.sequence ?? 0));
  try {
    tx.attempt((inner) => extendPeer(inner, peer, newer));
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    conclude(tx, account, tag);
    return;
  }
  // A full answer has more behind it.
  if (records.length < RECORDS_PER_ANSWER_MAX) conclude(tx, account, tag);
  else tx.want('records');
}

/** Nothing newer is to be had: what waited for it goes on with what is known. */
function conclude(tx: Transaction, account: AccountId, tag: string): void {
  tx.delete(fetchesTable, account);
  clearBackOff(tx, tag);
  unpark(tx, account);
  if (tx.get(contactsTable, account) === undefined) return;
  refreshHolds(tx, account);
  release(tx, account);
}

/** Asks for what was added to the own chain by somebody else. */
export function fetchOwnRecords(tx: Transaction): void {
  const request = { afterSequence: ownAccount(tx).sequence };
  ask(tx, { link: 'home', tag: OWN_RECORDS_TAG, operation: 'fetchOwnRecords', request });
}

/** A record that the own root did not sign is an alarm, not an update: it is shown and never followed. */
export function onOwnRecords(tx: Transaction, outcome: Outcome<RecordsResponse>): void {
  if (!outcome.ok) return;
  const account = ownAccount(tx);
  const records = [...(tx.get(chainsTable, account.accountId)?.records ?? []), ...outcome.response.records];
  const known = { sequence: account.sequence, hash: account.hash };
  try {
    const verdict = checkChain(records, { accountId: account.accountId, known });
    if (verdict.kind === 'reset') {
      noteForeignReset(tx, verdict.at);
      return;
    }
    tx.put(chainsTable, account.accountId, { records });
    const { sequence, hash, current } = verdict;
    tx.put(accountTable, ONLY, { ...account, sequence, hash, rootKey: current.rootKey });
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    noteForeignReset(tx, account.sequence + 1);
  }
}

function noteForeignReset(tx: Transaction, at: number): void {
  const account = ownAccount(tx);
  if (account.foreignResetAt === at) return;
  tx.put(accountTable, ONLY, { ...account, foreignResetAt: at });
  tx.event({
    type: 'trust',
    account: accountText(account.accountId),
    name: account.username,
    trust: 'key changed',
    signed: false,
  });
}
