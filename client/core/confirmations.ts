/** What the relay answered, and which part of the machine waits for it. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { fromHex } from '../../crypto/bytes.ts';
import { ChatError, type RelayError } from '../../crypto/errors.ts';
import { onBundles } from './bundles.ts';
import { markEnded, markRegistered } from './capabilities.ts';
import { LISTED_TAG, releaseAll } from './chores.ts';
import { onDeliverAnswer } from './delivery.ts';
import type { ConfirmationInput } from './input.ts';
import { ADDRESS_TAG, onPerson, takePending } from './look-ups.ts';
import { markUploaded } from './prekeys.ts';
import { onOwnRecords, onRecords } from './records.ts';
import { onRegistered, signOut } from './registration.ts';
import { runCommand } from './run-command.ts';
import { settingsOf } from './state.ts';
import { ONLY } from './tables/define.ts';
import { settingsTable } from './tables/own.ts';
import type { InFlightRow, PendingRow } from './tables/runtime.ts';
import { backOff, clearBackOff, settle } from './traffic.ts';
import type { Transaction } from './transaction.ts';

export function onConfirmation(tx: Transaction, confirmation: ConfirmationInput): void {
  const { tag, operation } = confirmation;
  if (operation === 'register') {
    onRegistered(tx, confirmation.outcome);
    return;
  }
  const request = settle(tx, confirmation);
  // An answer of a connection that was given up: whatever it says is asked again.
  if (request === undefined) return;
  switch (confirmation.operation) {
    case 'deliver':
      onDeliverAnswer(tx, { account: accountOf(tag), tag, request }, confirmation.outcome);
      return;
    case 'fetchBundles':
      onBundles(tx, { account: accountOf(tag), tag, request }, confirmation.outcome);
      return;
    case 'fetchRecords':
      if (tag.startsWith(ADDRESS_TAG)) runAgain(tx, onPerson(tx, tag, confirmation.outcome));
      else onRecords(tx, { account: accountOf(tag), tag, request }, confirmation.outcome);
      return;
    case 'lookUp':
      runAgain(tx, onPerson(tx, tag, confirmation.outcome));
      return;
    case 'fetchOwnRecords':
      onOwnRecords(tx, confirmation.outcome);
      return;
    case 'revokeSession':
      onRevoked(tx, tag, confirmation.outcome.ok ? undefined : confirmation.outcome.error);
      return;
    default:
      onChoreDone(tx, confirmation, request);
  }
}

function onChoreDone(tx: Transaction, confirmation: ConfirmationInput, request: InFlightRow): void {
  const { tag, operation, outcome } = confirmation;
  const keys = request.about.keys ?? [];
  if (!outcome.ok && !(operation === 'endCapability' && outcome.error.code === 'capability-unknown')) {
    backOff(tx, tag, request.link, outcome.error);
    return;
  }
  clearBackOff(tx, tag);
  switch (confirmation.operation) {
    case 'uploadPreKeys':
      if (confirmation.outcome.ok) markUploaded(tx, tag, confirmation.outcome.response);
      return;
    case 'registerCapabilities':
      markRegistered(tx, keys);
      // A request or an acceptance may have waited for one to hand out.
      releaseAll(tx);
      return;
    case 'endCapability':
      markEnded(tx, tag, keys);
      return;
    case 'setListed':
      tx.put(settingsTable, ONLY, { ...settingsOf(tx), listedAtRelay: tag === `${LISTED_TAG}yes` });
      tx.want('settings');
      return;
  }
}

/** The commands that waited for a person know now who it is. */
function runAgain(tx: Transaction, waiting: readonly PendingRow[]): void {
  for (const { id, command } of waiting) {
    try {
      tx.attempt((inner) => runCommand(inner, id, command, true));
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      tx.failure(id, error);
    }
  }
}

/** A session that the relay does not know any more is as good as revoked. */
function onRevoked(tx: Transaction, tag: string, error: RelayError | undefined): void {
  const isOver = error === undefined || error.code === 'session-revoked' || error.code === 'not-signed-in';
  const waiting = takePending(tx, tag);
  if (!isOver) {
    for (const { id } of waiting) tx.failure(id, error);
    return;
  }
  signOut(tx);
  for (const { id } of waiting) tx.result(id, {});
  tx.effect({ kind: 'sign-out' });
}

function accountOf(tag: string): AccountId {
  return fromHex(tag.slice(tag.indexOf('/') + 1)) as AccountId;
}
