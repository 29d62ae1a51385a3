/** What was handled is recognised when it comes again, for longer than any mailbox keeps it. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { concatBytes } from '../../crypto/bytes.ts';
import type { UsedPreKeys } from '../../crypto/session/accept.ts';
import { SEEN_KEPT_MS, SWEEP_ROWS_MAX } from './limits.ts';
import { changeCounters, countersOf, ownId } from './state.ts';
import { numberKey } from './tables/define.ts';
import { seenLog, seenTable } from './tables/mail.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';

const ENVELOPE = 1;
const FIRST_MESSAGE = 2;

/** Ids are chosen by senders: the same one of another sender is another envelope. */
export function envelopeKey(sender: AccountId, envelopeId: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(ENVELOPE), sender, envelopeId);
}

/** Last-resort keys have no end of their own: one base key may begin one session with them. */
export function firstMessageKey({ kemPreKeyId, signedPreKeyId, baseKey }: UsedPreKeys): Uint8Array {
  return concatBytes(
    Uint8Array.of(FIRST_MESSAGE),
    numberKey(kemPreKeyId),
    numberKey(signedPreKeyId),
    baseKey,
  );
}

export function isSeen(view: View, id: Uint8Array): boolean {
  return view.get(seenTable, id) !== undefined;
}

export function markSeen(tx: Transaction, id: Uint8Array): void {
  if (isSeen(tx, id)) return;
  const { seenNext } = countersOf(tx);
  tx.put(seenTable, id, { atMs: tx.nowMs });
  tx.putAt(seenLog, ownId(tx), seenNext, { key: id, atMs: tx.nowMs });
  changeCounters(tx, { seenNext: seenNext + 1 });
}

/** Forgets what is older than 45 days, a bounded number at a time. */
export function purgeSeen(tx: Transaction): void {
  const { seenFirst, seenNext } = countersOf(tx);
  const owner = ownId(tx);
  const end = Math.min(seenNext, seenFirst + SWEEP_ROWS_MAX);
  let first = seenFirst;
  for (; first < end; first++) {
    const entry = tx.at(seenLog, owner, first);
    if (entry !== undefined) {
      if (entry.atMs > tx.nowMs - SEEN_KEPT_MS) break;
      tx.delete(seenTable, entry.key);
      tx.deleteAt(seenLog, owner, first);
    }
  }
  if (first !== seenFirst) changeCounters(tx, { seenFirst: first });
}
