/** What time alone brings about. */

import { doEverything } from './chores.ts';
import { SWEEP_EVERY_MS } from './limits.ts';
import { failOverdue, nextDeadlineMs } from './look-ups.ts';
import { closeDueGaps, nextGapMs } from './ordering.ts';
import { purgeParked } from './parked.ts';
import { preKeyState, rotateSignedPreKeys, wipeOldPreKeys } from './prekeys.ts';
import { expireMessages, nextReceiptMs } from './receipts.ts';
import { purgeSeen } from './seen.ts';
import { changeCounters, countersOf, isDue, isUp, ownAccount } from './state.ts';
import type { View } from './tables.ts';
import { endBackOffs, forgetBackOffs, nextRetryMs } from './traffic.ts';
import type { Transaction } from './transaction.ts';

const NEVER = 0;

export function onTick(tx: Transaction): void {
  if (ownAccount(tx).state === 'registering') return;
  failOverdue(tx);
  closeDueGaps(tx);
  endBackOffs(tx);
  if (isDue(countersOf(tx).nextSweepMs, tx.nowMs, SWEEP_EVERY_MS)) sweep(tx);
  doEverything(tx);
}

/** When the next tick is due; undefined when nothing waits for time. */
export function wakeMs(view: View): number | undefined {
  const { nextSweepMs, capabilityRefillMs } = countersOf(view);
  const times = [nextDeadlineMs(view), nextGapMs(view), nextReceiptMs(view), nextRetryMs(view), nextSweepMs];
  if (isUp(view, 'home')) times.push(capabilityRefillMs, preKeyState(view).refillMs);
  const due = times.filter((time): time is number => time !== undefined && time !== NEVER);
  return due.length === 0 ? undefined : Math.min(...due);
}

function sweep(tx: Transaction): void {
  changeCounters(tx, { nextSweepMs: tx.nowMs + SWEEP_EVERY_MS });
  expireMessages(tx);
  purgeSeen(tx);
  purgeParked(tx);
  wipeOldPreKeys(tx);
  rotateSignedPreKeys(tx);
  forgetBackOffs(tx);
}
