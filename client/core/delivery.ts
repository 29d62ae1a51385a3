/** What becomes of a content after it was handed to the relay. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { ChatError, type RelayError } from '../../crypto/errors.ts';
import { isFatal, type RelayErrorCode, relayErrors } from '../../relay/protocol/errors.ts';
import { CAPABILITY_KIND, type ResponseOf } from '../../relay/protocol/operations.ts';
import { bestCapability, dropCapability, dropOlderCapabilities } from './capabilities.ts';
import { changeContact } from './contacts.ts';
import type { Outcome } from './input.ts';
import { MAILBOX_FULL_FIRST_MS, MAILBOX_FULL_LAST_MS } from './limits.ts';
import { headOf, putOutbox } from './outbox.ts';
import { fail, finish, refreshHolds, setState, withdraw } from './outbox-state.ts';
import { extendPeer, type RecordNews, wantRecords } from './peers.ts';
import { release } from './release.ts';
import { deviceKey } from './tables/define.ts';
import { peersTable } from './tables/people.ts';
import type { InFlightRow } from './tables/runtime.ts';
import { copiesTable, type OutboxRow } from './tables/talk.ts';
import { backOff, clearBackOff } from './traffic.ts';
import type { Transaction } from './transaction.ts';
import { holdReason } from './trust.ts';

interface Delivery {
  readonly account: AccountId;
  readonly tag: string;
  readonly request: InFlightRow;
}

export function onDeliverAnswer(
  tx: Transaction,
  delivery: Delivery,
  outcome: Outcome<ResponseOf<'deliver'>>,
): void {
  const { account, tag, request } = delivery;
  const row = headOf(tx, account);
  // A receipt may have overtaken the answer; then there is nothing left to do.
  if (row === undefined || request.about.id === undefined || !equalBytes(row.id, request.about.id)) {
    release(tx, account);
    return;
  }
  if (outcome.ok) onDurable(tx, delivery, row);
  else if (outcome.error.code === 'stale-devices') onStaleDevices(tx, delivery, row, outcome);
  else onRefused(tx, delivery, row, outcome.error);
  if (outcome.ok) clearBackOff(tx, tag);
  release(tx, account);
}

/** The relay does not take this capability any more: the newest held one, else a request. */
export function onCapabilityEnded(tx: Transaction, account: AccountId, request: InFlightRow): void {
  const { capabilityHash } = request.about;
  if (capabilityHash !== undefined) dropCapability(tx, account, capabilityHash);
  const row = headOf(tx, account);
  if (row === undefined) return;
  const stillContact = bestCapability(tx, account)?.kind === CAPABILITY_KIND.contact;
  if (!stillContact && row.contentKind === 'text') withdraw(tx, row);
}

export function isCapabilityEnded({ code }: RelayError): boolean {
  return code === 'capability-retired' || code === 'capability-unknown';
}

function onDurable(tx: Transaction, { account, request }: Delivery, row: OutboxRow): void {
  const { capabilityHash } = request.about;
  if (capabilityHash !== undefined) dropOlderCapabilities(tx, account, capabilityHash);
  if (row.kind === 'accept') changeContact(tx, account, { answeredMs: tx.nowMs });
  finish(tx, row, 'sent');
}

/** New devices get the same content; a reset holds it back. What others have been given stays as it is. */
function onStaleDevices(
  tx: Transaction,
  { account, tag, request }: Delivery,
  row: OutboxRow,
  outcome: { readonly error: RelayError; readonly records?: readonly Uint8Array[] },
): void {
  const askedFrom = request.about.sequence ?? 0;
  const news = takeRecords(tx, account, askedFrom, outcome.records ?? []);
  const peer = tx.get(peersTable, account);
  // The records may have come by another way while the answer was under way.
  const isKnown = news === 'nothing' && peer !== undefined && peer.sequence > askedFrom;
  if (peer === undefined || (news === 'nothing' && !isKnown) || news === 'refused') {
    // A relay that says "stale" without showing why would keep us going in circles.
    wantRecords(tx, account);
    backOff(tx, tag, request.link, outcome.error);
    setState(tx, row, 'waiting', news === 'refused' ? 'bad-record-chain' : outcome.error.code);
    return;
  }
  clearBackOff(tx, tag);
  if (holdReason(tx, account) !== undefined) {
    withdraw(tx, row);
    refreshHolds(tx, account);
    return;
  }
  const listed = row.devices.filter((device) => peer.devices.some(({ id }) => id === device));
  for (const device of row.devices) {
    if (!listed.includes(device)) tx.delete(copiesTable, deviceKey(row.id, device));
  }
  putOutbox(tx, { ...row, devices: listed });
}

function onRefused(tx: Transaction, delivery: Delivery, row: OutboxRow, error: RelayError): void {
  const { account, tag, request } = delivery;
  // Without a capability in the request the answer makes no sense, and nothing would change by asking again.
  if (isCapabilityEnded(error) && request.about.capabilityHash !== undefined) {
    onCapabilityEnded(tx, account, request);
  } else if (error.retry === 'never' && !isAboutTheLink(error)) {
    fail(tx, row, error.code);
    clearBackOff(tx, tag);
  } else if (error.code === 'mailbox-full') {
    backOff(tx, tag, request.link, error, { firstMs: MAILBOX_FULL_FIRST_MS, lastMs: MAILBOX_FULL_LAST_MS });
    setState(tx, row, 'waiting', error.code);
  } else {
    backOff(tx, tag, request.link, error);
    setState(tx, row, 'waiting', error.code);
  }
}

/** Says something about the connection, nothing about the message: the next connection may do. */
export function isAboutTheLink({ code }: RelayError): boolean {
  return code === 'not-signed-in' || (code in relayErrors && isFatal(code as RelayErrorCode));
}

function takeRecords(
  tx: Transaction,
  account: AccountId,
  askedFrom: number,
  records: readonly Uint8Array[],
): RecordNews | 'refused' {
  const peer = tx.get(peersTable, account);
  if (peer === undefined) return 'nothing';
  try {
    return tx.attempt((inner) => extendPeer(inner, peer, records.slice(peer.sequence - askedFrom)));
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    return 'refused';
  }
}
