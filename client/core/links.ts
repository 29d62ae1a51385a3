/** What a connection that came or went means. "Connected" is never stored: a start begins without. */

import { doEverything } from './chores.ts';
import type { LinkInput } from './input.ts';
import { notePreKeyCounts, reviseUploads } from './prekeys.ts';
import type { LinkState } from './queries.ts';
import { fetchOwnRecords } from './records.ts';
import { signOut } from './registration.ts';
import { isUp, ownAccount } from './state.ts';
import { textKey } from './tables/define.ts';
import { linksTable } from './tables/runtime.ts';
import type { View } from './tables.ts';
import { clearUnreachable, forgetInFlight } from './traffic.ts';
import type { Transaction } from './transaction.ts';

export function onLink(tx: Transaction, { link, state, reason, info = {} }: LinkInput): void {
  const before = tx.get(linksTable, textKey(link));
  tx.put(linksTable, textKey(link), reason === undefined ? { state } : { state, reason });
  const isNew = before?.state !== state;
  if (isNew && state !== 'up') forgetInFlight(tx, link);
  if (isNew && state === 'up') clearUnreachable(tx, link);
  if (link === 'home') {
    if (reason === 'session-revoked') signOut(tx);
    if (isNew && state === 'up') reviseUploads(tx);
    if (info.preKeys !== undefined) notePreKeyCounts(tx, info.preKeys);
    const isNewer = info.recordSequence !== undefined && info.recordSequence > ownAccount(tx).sequence;
    if (isNewer || info.recordChanged === true) fetchOwnRecords(tx);
    if (isNew || before?.reason !== reason) {
      tx.event({ type: 'link', state: linkState(tx), ...(reason === undefined ? {} : { reason }) });
    }
  }
  if (state === 'up') doEverything(tx);
}

/** How front ends call it: online is where own mail comes in. */
export function linkState(view: View): LinkState {
  if (ownAccount(view).state === 'signed-out') return 'signed-out';
  if (isUp(view, 'home')) return 'online';
  return view.get(linksTable, textKey('home'))?.state === 'connecting' ? 'connecting' : 'offline';
}
