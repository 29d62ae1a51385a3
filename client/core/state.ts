/** The rows that nearly every handler reads. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { BugError } from '../../crypto/errors.ts';
import { accountName, makeAddress } from '../../crypto/keys/address.ts';
import type { DrawName, Random } from '../../crypto/random.ts';
import type { LocalParty } from '../../crypto/session/state.ts';
import type { LinkName } from './input.ts';
import { ONLY, textKey } from './tables/define.ts';
import type { Stamp } from './tables/fields.ts';
import {
  type AccountRow,
  accountTable,
  type CountersRow,
  countersTable,
  type SettingsRow,
  settingsTable,
} from './tables/own.ts';
import { linksTable } from './tables/runtime.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';

export function ownAccount(view: View): AccountRow {
  return present(view.get(accountTable, ONLY));
}

export function ownId(view: View): AccountId {
  return ownAccount(view).accountId;
}

export function countersOf(view: View): CountersRow {
  return present(view.get(countersTable, ONLY));
}

export function settingsOf(view: View): SettingsRow {
  return present(view.get(settingsTable, ONLY));
}

export function changeCounters(tx: Transaction, changes: Partial<CountersRow>): void {
  tx.put(countersTable, ONLY, { ...countersOf(tx), ...changes });
}

/** Something was thrown away without telling anybody; the number is all that remains of it. */
export function countDropped(tx: Transaction): void {
  changeCounters(tx, { dropped: countersOf(tx).dropped + 1 });
}

export function nextStamp(tx: Transaction): Stamp {
  const lamport = countersOf(tx).lamport + 1;
  changeCounters(tx, { lamport });
  return { lamport, device: ownAccount(tx).device };
}

export function isUp(view: View, link: LinkName): boolean {
  return view.get(linksTable, textKey(link))?.state === 'up';
}

export function localParty(view: View): LocalParty {
  const { accountId, device, identityKeyPair, registrationId } = ownAccount(view);
  return { address: makeAddress(accountName(accountId), device), identityKeyPair, registrationId };
}

const DRAW_BYTES = 6;

/** A number from 0 up to but not including `below`, with a bias far too small to matter for waiting times and ids. */
export function drawNumber(random: Random, name: DrawName, below: number): number {
  let value = 0;
  for (const byte of random.draw(name, DRAW_BYTES)) value = value * 256 + byte;
  return Math.floor((value / 2 ** (8 * DRAW_BYTES)) * below);
}

/** Whether a time has come; one further ahead than it can honestly be means that the clock went back. */
export function isDue(atMs: number, nowMs: number, aheadMaxMs: number): boolean {
  return atMs <= nowMs || atMs > nowMs + aheadMaxMs;
}

function present<T>(row: T | undefined): T {
  if (row === undefined) throw new BugError('bug', 'this store has no account');
  return row;
}
