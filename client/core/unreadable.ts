/** Never a blank where a message should be: a line that says that there was one and why it cannot be shown. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { addLine, openConversation } from './history.ts';
import { TIME_MAX_MS } from './limits.ts';
import { countDropped } from './state.ts';
import { contactsTable } from './tables/people.ts';
import { historyLog } from './tables/talk.ts';
import type { Transaction } from './transaction.ts';

const CONTENT_ID_BYTES = 16;

interface Unreadable {
  readonly device: number;
  readonly stampMs: number;
  /** An error code. */
  readonly reason: string;
}

/**
 * Adds the line, or counts one more in the last line when it says the same: whoever can make up envelopes
 * must not be able to fill the history with them. Of strangers a number is kept and no line.
 */
export function addUnreadable(
  tx: Transaction,
  account: AccountId,
  { device, stampMs, reason }: Unreadable,
): void {
  const contact = tx.get(contactsTable, account);
  if (contact?.removed !== false || (contact.state !== 'accepted' && contact.state !== 'requested')) {
    countDropped(tx);
    return;
  }
  const { conversation, nextPlace } = openConversation(tx, account);
  const last = tx.at(historyLog, conversation, nextPlace - 1);
  if (last?.kind === 'unreadable' && last.reason === reason && last.device === device) {
    tx.putAt(historyLog, conversation, nextPlace - 1, { ...last, missing: (last.missing ?? 1) + 1 });
    return;
  }
  addLine(tx, conversation, {
    id: tx.random.draw('id', CONTENT_ID_BYTES),
    kind: 'unreadable',
    direction: 'in',
    device,
    sentMs: Math.min(stampMs, TIME_MAX_MS),
    receivedMs: tx.nowMs,
    timeFromRelay: true,
    late: false,
    reason,
    visible: true,
  });
}
