/** Envelopes from a device that no known record lists wait here until the records were fetched. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { concatBytes } from '../../crypto/bytes.ts';
import { decodeUnsealedEnvelope, type UnsealedEnvelope } from '../wire/envelope.ts';
import { type Mail, takeFrom } from './inbox.ts';
import { PARKED_KEPT_MS, PARKED_MAX } from './limits.ts';
import { wantRecords } from './peers.ts';
import { parkedIndexTable, parkedTable } from './tables/mail.ts';
import type { Transaction } from './transaction.ts';
import { addUnreadable } from './unreadable.ts';

/** Keeps the envelope and asks for records. More than a hundred are not kept: they are a line and no more. */
export function park(tx: Transaction, mail: Mail, { account, device }: UnsealedEnvelope): void {
  const entries = tx.get(parkedIndexTable, account)?.entries ?? [];
  wantRecords(tx, account);
  const { envelopeId, kind, bytes, stampMs, authority } = mail;
  if (entries.length >= PARKED_MAX) {
    addUnreadable(tx, account, { device, stampMs, reason: 'unlisted-device' });
    return;
  }
  const atMs = tx.nowMs;
  tx.put(parkedIndexTable, account, { entries: [...entries, { envelopeId, atMs }] });
  tx.put(parkedTable, concatBytes(account, envelopeId), { kind, bytes, stampMs, authority, atMs });
}

/** The records are as new as they get: every parked envelope is processed now, or shown as what it is. */
export function unpark(tx: Transaction, account: AccountId): void {
  const entries = tx.get(parkedIndexTable, account)?.entries ?? [];
  if (entries.length === 0) return;
  tx.delete(parkedIndexTable, account);
  for (const { envelopeId } of entries) {
    const key = concatBytes(account, envelopeId);
    const row = tx.get(parkedTable, key);
    tx.delete(parkedTable, key);
    if (row === undefined) continue;
    takeFrom(tx, { envelopeId, ...row }, decodeUnsealedEnvelope(row.bytes), { mayPark: false });
  }
}

/** What waited for 30 days waits for nothing. */
export function purgeParked(tx: Transaction): void {
  for (const [account, { entries }] of tx.list(parkedIndexTable)) {
    const kept = entries.filter(({ atMs }) => atMs > tx.nowMs - PARKED_KEPT_MS);
    if (kept.length === entries.length) continue;
    for (const entry of entries) {
      if (!kept.includes(entry)) giveUp(tx, account as AccountId, entry.envelopeId);
    }
    if (kept.length === 0) tx.delete(parkedIndexTable, account);
    else tx.put(parkedIndexTable, account, { entries: kept });
  }
}

function giveUp(tx: Transaction, account: AccountId, envelopeId: Uint8Array): void {
  const key = concatBytes(account, envelopeId);
  const row = tx.get(parkedTable, key);
  tx.delete(parkedTable, key);
  if (row === undefined) return;
  const { device } = decodeUnsealedEnvelope(row.bytes);
  addUnreadable(tx, account, { device, stampMs: row.stampMs, reason: 'unlisted-device' });
}
