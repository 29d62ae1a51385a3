/** What is to be done at the relay, as the rows say; asked whenever it could have become possible. */

import { refillPool, syncCapabilities } from './capabilities.ts';
import { syncPending } from './look-ups.ts';
import { refillPreKeys, syncPreKeys } from './prekeys.ts';
import { syncRecords } from './records.ts';
import { release } from './release.ts';
import { isUp, settingsOf } from './state.ts';
import { conversationsTable } from './tables/talk.ts';
import { ask } from './traffic.ts';
import type { Chore, Transaction } from './transaction.ts';

export const LISTED_TAG = 'listed/';

/** Does what this step wanted; a chore may want another one. */
export function doChores(tx: Transaction): void {
  for (let chores = tx.takeChores(); chores.size > 0; chores = tx.takeChores()) {
    for (const chore of chores) doChore(tx, chore);
  }
}

/** Everything at once: after a start, a new connection, a time that has come. */
export function doEverything(tx: Transaction): void {
  doChore(tx, 'capabilities');
  doChore(tx, 'prekeys');
  doChore(tx, 'settings');
  doChore(tx, 'records');
  syncPending(tx);
  releaseAll(tx);
}

/** The next content of every account that has one waiting. */
export function releaseAll(tx: Transaction): void {
  for (const [, { account, outFirst, outLast }] of tx.list(conversationsTable)) {
    if (outFirst <= outLast) release(tx, account);
  }
}

function doChore(tx: Transaction, chore: Chore): void {
  // Nothing is made ahead of a connection: what is registered late must not name the day it was made.
  if (chore !== 'records' && !isUp(tx, 'home')) return;
  switch (chore) {
    case 'capabilities':
      refillPool(tx);
      syncCapabilities(tx);
      return;
    case 'prekeys':
      refillPreKeys(tx);
      syncPreKeys(tx);
      return;
    case 'settings':
      syncSettings(tx);
      return;
    case 'records':
      syncRecords(tx);
      return;
  }
}

function syncSettings(tx: Transaction): void {
  const { listed, listedAtRelay } = settingsOf(tx);
  if (listed === listedAtRelay) return;
  const tag = `${LISTED_TAG}${listed ? 'yes' : 'no'}`;
  ask(tx, { link: 'home', tag, operation: 'setListed', request: { listed } });
}
