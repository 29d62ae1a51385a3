/** Commands about the own account: settings, read marks, cursors, recovery words. */

import { utf8 } from '../../crypto/bytes.ts';
import { UsageError } from '../../crypto/errors.ts';
import type { AcceptFrom } from './commands.ts';
import { announceContact } from './contacts.ts';
import { changeConversation, conversationWith } from './history.ts';
import { CURSOR_NAME_MAX_BYTES, CURSORS_MAX } from './limits.ts';
import { knownPerson } from './names.ts';
import { countersOf, nextStamp, ownAccount, settingsOf } from './state.ts';
import { ONLY, textKey } from './tables/define.ts';
import { accountTable, settingsTable } from './tables/own.ts';
import { cursorsTable, readMarksTable } from './tables/talk.ts';
import type { Transaction } from './transaction.ts';

export function setSettings(tx: Transaction, { acceptFrom }: { readonly acceptFrom?: AcceptFrom }): void {
  const settings = settingsOf(tx);
  if (acceptFrom === undefined || acceptFrom === settings.acceptFrom) return;
  tx.put(settingsTable, ONLY, { ...settings, acceptFrom, stamp: nextStamp(tx) });
}

export function setListed(tx: Transaction, listed: boolean): void {
  tx.put(settingsTable, ONLY, { ...settingsOf(tx), listed, stamp: nextStamp(tx) });
  tx.want('settings');
}

export function readConversation(tx: Transaction, who: string): void {
  const account = knownPerson(tx, who);
  const conversation = conversationWith(tx, account);
  if (conversation === undefined || conversation.unread === 0) return;
  changeConversation(tx, conversation.conversation, { unread: 0 });
  tx.put(readMarksTable, conversation.conversation, { readMs: tx.nowMs, stamp: nextStamp(tx) });
  announceContact(tx, account);
}

/** A cursor only moves forward, and never past what there is. @throws UsageError `bad-cursor`. */
export function moveCursor(tx: Transaction, name: string, position: number): void {
  const key = textKey(name);
  const known = tx.get(cursorsTable, key);
  const isName = name !== '' && utf8(name).length <= CURSOR_NAME_MAX_BYTES;
  const isPosition = Number.isSafeInteger(position) && position >= 0;
  if (!isName || !isPosition) throw new UsageError('bad-cursor', 'not the name or position of a cursor');
  if (known === undefined && tx.list(cursorsTable).length >= CURSORS_MAX) {
    throw new UsageError('too-many-cursors', `an account has at most ${CURSORS_MAX} cursors`);
  }
  const reached = Math.min(position, countersOf(tx).position);
  if (reached > (known?.position ?? 0)) tx.put(cursorsTable, key, { name, position: reached });
}

/** The words are on paper: from now on they are nowhere else. */
export function confirmRecovery(tx: Transaction): void {
  const { recoverySecret, ...account } = ownAccount(tx);
  if (recoverySecret === undefined) return;
  tx.put(accountTable, ONLY, account);
  tx.spend(recoverySecret);
}
