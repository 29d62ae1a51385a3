/** Requests to the relay: at most one of a tag in flight, and none before its back-off is over. */

import type { RelayError } from '../../crypto/errors.ts';
import type { OperationName, RequestOf } from '../../relay/protocol/operations.ts';
import type { RelayEffect } from './effects.ts';
import type { ConfirmationInput, LinkName } from './input.ts';
import { BACK_OFF_FIRST_MS, BACK_OFF_LAST_MS, RETRY_AFTER_MAX_MS } from './limits.ts';
import { drawNumber, isUp } from './state.ts';
import { ONLY, textKey } from './tables/define.ts';
import { type About, backOffTable, type InFlightRow, inFlightTable, serialTable } from './tables/runtime.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';

const OVER = 0;

export interface Ask<Name extends OperationName> {
  readonly link: LinkName;
  readonly tag: string;
  readonly operation: Name;
  readonly request: RequestOf<Name>;
  readonly about?: About;
}

/** Whether `ask` would send; to be asked before anything is done that must not be done in vain. */
export function canAsk(view: View, link: LinkName, tag: string, nowMs: number): boolean {
  if (!isUp(view, link) || view.get(inFlightTable, textKey(tag)) !== undefined) return false;
  const backOff = view.get(backOffTable, textKey(tag));
  return backOff === undefined || isOver(backOff.untilMs, nowMs);
}

/** @returns whether the request is under way now. */
export function ask<Name extends OperationName>(tx: Transaction, params: Ask<Name>): boolean {
  const { link, tag, operation, request, about = {} } = params;
  if (!canAsk(tx, link, tag, tx.nowMs)) return false;
  const serial = (tx.get(serialTable, ONLY)?.last ?? 0) + 1;
  tx.put(serialTable, ONLY, { last: serial });
  tx.put(inFlightTable, textKey(tag), { link, serial, about });
  tx.effect({ kind: 'relay', link, tag, serial, operation, request } as RelayEffect);
  return true;
}

/** Takes the request out of the list; undefined for one that is not in it, whose confirmation means nothing. */
export function settle(
  tx: Transaction,
  { tag, serial }: Pick<ConfirmationInput, 'tag' | 'serial'>,
): InFlightRow | undefined {
  const row = tx.get(inFlightTable, textKey(tag));
  if (row?.serial !== serial) return undefined;
  tx.delete(inFlightTable, textKey(tag));
  return row;
}

/** A broken link answers nothing any more. */
export function forgetInFlight(tx: Transaction, link: LinkName): void {
  for (const [key, row] of tx.list(inFlightTable)) if (row.link === link) tx.delete(inFlightTable, key);
}

export function clearBackOff(tx: Transaction, tag: string): void {
  if (tx.get(backOffTable, textKey(tag)) !== undefined) tx.delete(backOffTable, textKey(tag));
}

/** A new connection is a new chance for everything that only waited because of the old one. */
export function clearUnreachable(tx: Transaction, link: LinkName): void {
  for (const [key, row] of tx.list(backOffTable)) {
    if (row.link === link && row.reason === 'relay-unreachable') tx.delete(backOffTable, key);
  }
}

/** Tries again later: after what the relay said, else after a doubling wait with jitter. */
export function backOff(
  tx: Transaction,
  tag: string,
  link: LinkName,
  error: RelayError,
  span: { readonly firstMs: number; readonly lastMs: number } = {
    firstMs: BACK_OFF_FIRST_MS,
    lastMs: BACK_OFF_LAST_MS,
  },
): void {
  const before = tx.get(backOffTable, textKey(tag))?.waitMs ?? 0;
  const waitMs = Math.min(Math.max(2 * before, span.firstMs), span.lastMs);
  const asked = Math.min(error.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
  const untilMs = tx.nowMs + Math.max(waitMs, asked) + drawNumber(tx.random, 'jitter', waitMs / 2);
  tx.put(backOffTable, textKey(tag), { link, untilMs, waitMs, reason: error.code });
}

/** Waits that are over wake nobody any more; how long they were counts for the next one. */
export function endBackOffs(tx: Transaction): void {
  for (const [key, row] of tx.list(backOffTable)) {
    if (row.untilMs !== OVER && isOver(row.untilMs, tx.nowMs))
      tx.put(backOffTable, key, { ...row, untilMs: OVER });
  }
}

/** Forgets the waits of requests that nobody makes any more. */
export function forgetBackOffs(tx: Transaction): void {
  for (const [key, row] of tx.list(backOffTable)) {
    if (row.untilMs === OVER && tx.get(inFlightTable, key) === undefined) tx.delete(backOffTable, key);
  }
}

export function nextRetryMs(view: View): number | undefined {
  let next: number | undefined;
  for (const [, { link, untilMs }] of view.list(backOffTable)) {
    if (untilMs === OVER || !isUp(view, link)) continue;
    if (next === undefined || untilMs < next) next = untilMs;
  }
  return next;
}

function isOver(untilMs: number, nowMs: number): boolean {
  return untilMs <= nowMs || untilMs > nowMs + 2 * RETRY_AFTER_MAX_MS;
}
