/** Capabilities: the ones of ours that others hold, and the ones that others gave us. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes, toHex } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import { Secret } from '../../crypto/secret.ts';
import { CAPABILITY_END, CAPABILITY_KIND, type RequestOf } from '../../relay/protocol/operations.ts';
import { changeContact } from './contacts.ts';
import {
  CAPABILITY_POOL,
  CAPABILITY_POOL_LOW,
  CAPABILITY_REFILL_WAIT_MAX_MS,
  HELD_CAPABILITIES_MAX,
} from './limits.ts';
import { changeCounters, countersOf, drawNumber, isDue, nextStamp } from './state.ts';
import { type IssuedRow, issuedTable } from './tables/own.ts';
import { contactsTable, type HeldCapability, heldTable } from './tables/people.ts';
import type { View } from './tables.ts';
import { ask } from './traffic.ts';
import type { Transaction } from './transaction.ts';

const CAPABILITY_BYTES = 32;
const REGISTER_TAG = 'capabilities';
const END_TAG = 'capability-end/';
const NEVER = 0;

/** Makes a capability that the relay does not know yet. @returns its SHA-256. */
export function makeCapability(tx: Transaction, kind: number): Uint8Array {
  const capability = new Secret('Capability', tx.random.draw('capability', CAPABILITY_BYTES));
  const hash = sha256(capability.expose());
  tx.put(issuedTable, hash, {
    capability,
    kind,
    wanted: 'live',
    atRelay: 'unregistered',
    createdMs: tx.nowMs,
    stamp: nextStamp(tx),
  });
  tx.want('capabilities');
  return hash;
}

/**
 * The capability of ours that this contact has, or a fresh one of the pool.
 * Undefined while the pool is empty: one that the relay learns of right after a request would name its owner.
 */
export function capabilityFor(tx: Transaction, account: AccountId): Secret<'Capability'> | undefined {
  const given = tx.get(contactsTable, account)?.given;
  const row = given === undefined ? undefined : tx.get(issuedTable, given);
  if (row?.wanted === 'live') return row.capability;
  const free = freeOnes(tx);
  const [first] = free;
  scheduleRefill(tx, free.length - 1);
  if (first === undefined) return undefined;
  const [hash, taken] = first;
  tx.put(issuedTable, hash, { ...taken, account, givenMs: tx.nowMs, stamp: nextStamp(tx) });
  changeContact(tx, account, { given: hash });
  return taken.capability;
}

/** Ends or revives every capability that this account got from us. */
export function endGivenCapabilities(tx: Transaction, account: AccountId, wanted: IssuedRow['wanted']): void {
  for (const [hash, row] of tx.list(issuedTable)) {
    if (row.account === undefined || !equalBytes(row.account, account)) continue;
    // What was retired for good stays so: only blocking is undone.
    if (row.wanted === wanted || row.wanted === 'retired') continue;
    tx.put(issuedTable, hash, { ...row, wanted, stamp: nextStamp(tx) });
    tx.want('capabilities');
  }
}

/** The capability in the own `ic://` address: the newest live one of its kind. */
export function addressCapability(view: View): readonly [Uint8Array, IssuedRow] | undefined {
  let newest: readonly [Uint8Array, IssuedRow] | undefined;
  for (const entry of view.list(issuedTable)) {
    const [, row] = entry;
    if (row.kind !== CAPABILITY_KIND.address || row.wanted !== 'live') continue;
    if (newest === undefined || row.stamp.lamport > newest[1].stamp.lamport) newest = entry;
  }
  return newest;
}

/** A new address; the old one stops working. */
export function rotateAddress(tx: Transaction): void {
  for (const [hash, row] of tx.list(issuedTable)) {
    if (row.kind !== CAPABILITY_KIND.address || row.wanted !== 'live') continue;
    tx.put(issuedTable, hash, { ...row, wanted: 'retired', stamp: nextStamp(tx) });
  }
  makeCapability(tx, CAPABILITY_KIND.address);
}

/** Fills the pool when its time has come. */
export function refillPool(tx: Transaction): void {
  const due = countersOf(tx).capabilityRefillMs;
  if (due === NEVER || !isDue(due, tx.nowMs, CAPABILITY_REFILL_WAIT_MAX_MS)) return;
  changeCounters(tx, { capabilityRefillMs: NEVER });
  const waiting = tx.list(issuedTable).filter(([, row]) => isFree(row, 'unregistered')).length;
  const missing = CAPABILITY_POOL - freeOnes(tx).length - waiting;
  for (let i = 0; i < missing; i++) makeCapability(tx, CAPABILITY_KIND.contact);
}

/** The hashes to register, at most one upload of them. */
export function unregistered(view: View): RequestOf<'registerCapabilities'>['capabilities'] {
  const out: { readonly hash: Uint8Array; readonly kind: number }[] = [];
  for (const [hash, row] of view.list(issuedTable)) {
    if (row.atRelay !== 'unregistered' || out.length >= CAPABILITY_POOL) continue;
    out.push({ hash, kind: row.kind });
  }
  return out;
}

/** Tells the relay what it does not know yet about our capabilities. */
export function syncCapabilities(tx: Transaction): void {
  const capabilities = unregistered(tx);
  if (capabilities.length > 0) {
    ask(tx, {
      link: 'home',
      tag: REGISTER_TAG,
      operation: 'registerCapabilities',
      request: { capabilities },
      about: { keys: capabilities.map(({ hash }) => hash) },
    });
  }
  for (const [hash, row] of tx.list(issuedTable)) {
    if (row.atRelay === 'unregistered' || row.atRelay === row.wanted) continue;
    const request = { hash, end: CAPABILITY_END[row.wanted] };
    const tag = `${END_TAG}${toHex(hash)}/${row.wanted}`;
    ask(tx, { link: 'home', tag, operation: 'endCapability', request, about: { keys: [hash] } });
  }
}

/** The relay knows these now. */
export function markRegistered(tx: Transaction, hashes: readonly Uint8Array[]): void {
  for (const hash of hashes) {
    const row = tx.get(issuedTable, hash);
    if (row?.atRelay === 'unregistered') tx.put(issuedTable, hash, { ...row, atRelay: 'live' });
  }
  // There may be more than one upload of them, and some may have been ended meanwhile.
  tx.want('capabilities');
}

/** The relay ended or revived the one of this tag. */
export function markEnded(tx: Transaction, tag: string, hashes: readonly Uint8Array[]): void {
  const atRelay = tag.slice(tag.lastIndexOf('/') + 1);
  const [hash] = hashes;
  const row = hash === undefined ? undefined : tx.get(issuedTable, hash);
  if (hash === undefined || row === undefined) return;
  if (atRelay !== 'live' && atRelay !== 'retired' && atRelay !== 'swallowed') return;
  if (atRelay === 'retired' && row.wanted === 'retired') {
    tx.spend(row.capability);
    tx.delete(issuedTable, hash);
    return;
  }
  tx.put(issuedTable, hash, { ...row, atRelay });
  // The user may have changed their mind while the relay was told.
  if (row.wanted !== atRelay) tx.want('capabilities');
}

/** Takes a capability that a peer gave us; the newest is used first. */
export function holdCapability(
  tx: Transaction,
  account: AccountId,
  bytes: Uint8Array,
  kind: number = CAPABILITY_KIND.contact,
): void {
  const entries = tx.get(heldTable, account)?.entries ?? [];
  if (entries.some((entry) => equalBytes(entry.capability.expose(), bytes))) return;
  const capability = new Secret('Capability', bytes.slice());
  const all = [...entries, { capability, kind, sinceMs: tx.nowMs }];
  const kept = all.slice(-HELD_CAPABILITIES_MAX);
  for (const { capability: dropped } of all.slice(0, all.length - kept.length)) tx.spend(dropped);
  tx.put(heldTable, account, { entries: kept, stamp: nextStamp(tx) });
}

/** The one to use: the newest for contacts, else the newest at all. */
export function bestCapability(view: View, account: AccountId): HeldCapability | undefined {
  const entries = view.get(heldTable, account)?.entries ?? [];
  return entries.findLast(({ kind }) => kind === CAPABILITY_KIND.contact) ?? entries.at(-1);
}

/** The relay does not take the one of this hash any more. */
export function dropCapability(tx: Transaction, account: AccountId, hash: Uint8Array): void {
  keepCapabilities(tx, account, ({ capability }) => !equalBytes(sha256(capability.expose()), hash));
}

/** A newer one works: the older ones of its kind have served, and so has an address. */
export function dropOlderCapabilities(tx: Transaction, account: AccountId, usedHash: Uint8Array): void {
  const entries = tx.get(heldTable, account)?.entries ?? [];
  if (entries.length < 2) return;
  const place = entries.findIndex(({ capability }) => equalBytes(sha256(capability.expose()), usedHash));
  if (place > 0) keepCapabilities(tx, account, (entry) => entries.indexOf(entry) >= place);
}

export function dropAllCapabilities(tx: Transaction, account: AccountId): void {
  keepCapabilities(tx, account, () => false);
}

function keepCapabilities(
  tx: Transaction,
  account: AccountId,
  isKept: (entry: HeldCapability) => boolean,
): void {
  const entries = tx.get(heldTable, account)?.entries ?? [];
  const kept = entries.filter(isKept);
  if (kept.length === entries.length) return;
  for (const entry of entries) if (!kept.includes(entry)) tx.spend(entry.capability);
  tx.put(heldTable, account, { entries: kept, stamp: nextStamp(tx) });
}

function freeOnes(view: View): (readonly [Uint8Array, IssuedRow])[] {
  const out: (readonly [Uint8Array, IssuedRow])[] = [];
  for (const entry of view.list(issuedTable)) if (isFree(entry[1], 'live')) out.push(entry);
  return out;
}

function isFree(row: IssuedRow, atRelay: IssuedRow['atRelay']): boolean {
  const isOfPool = row.kind === CAPABILITY_KIND.contact && row.account === undefined;
  return isOfPool && row.wanted === 'live' && row.atRelay === atRelay;
}

function scheduleRefill(tx: Transaction, left: number): void {
  if (left >= CAPABILITY_POOL_LOW) return;
  const waitMs = left <= 0 ? 0 : drawNumber(tx.random, 'jitter', CAPABILITY_REFILL_WAIT_MAX_MS);
  const planned = countersOf(tx).capabilityRefillMs;
  if (planned !== NEVER && left > 0) return;
  changeCounters(tx, { capabilityRefillMs: tx.nowMs + waitMs });
  if (waitMs === 0) tx.want('capabilities');
}
