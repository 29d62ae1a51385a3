/** Rows as front ends see them. */

import { type AccountId, formatAccountId } from '../../crypto/account/account-id.ts';
import { toHex } from '../../crypto/bytes.ts';
import { decodeContent } from '../wire/content.ts';
import { hiddenLines } from './history.ts';
import { displayName } from './names.ts';
import type { ContactView, MessageView, RequestView } from './queries.ts';
import { ownAccount } from './state.ts';
import { type ContactRow, contactsTable, peersTable } from './tables/people.ts';
import type { ConversationRow, HistoryRow } from './tables/talk.ts';
import type { View } from './tables.ts';
import { trustState } from './trust.ts';

const DIGITS_PER_GROUP = 5;

/** Raw outside text of a line; empty for lines that have none. */
export function textOfLine(row: HistoryRow): string {
  if (row.text !== undefined) return row.text;
  if (row.content === undefined || row.kind !== 'text') return '';
  const { body } = decodeContent(row.content);
  return body.kind === 'text' || body.kind === 'request' ? body.text : '';
}

export function messageView(view: View, conversation: ConversationRow, row: HistoryRow): MessageView {
  const peer = displayName(view, conversation.account);
  return {
    id: toHex(row.id),
    conversation: toHex(conversation.conversation),
    with: peer,
    direction: row.direction,
    from: row.direction === 'out' ? ownAccount(view).username : peer,
    kind: row.kind,
    text: textOfLine(row),
    ...(row.reason === undefined ? {} : { reason: row.reason }),
    ...(row.missing === undefined ? {} : { missing: row.missing }),
    sentMs: row.sentMs,
    receivedMs: row.receivedMs,
    timeFromRelay: row.timeFromRelay,
    late: row.late,
    ...(row.state === undefined ? {} : { state: row.state }),
    ...(row.stateReason === undefined ? {} : { stateReason: row.stateReason }),
    trust: row.trust,
    position: row.position,
  };
}

export function contactView(view: View, contact: ContactRow): ContactView {
  const { accountId } = contact;
  return {
    account: formatAccountId(accountId),
    name: displayName(view, accountId),
    username: view.get(peersTable, accountId)?.username ?? '',
    state: contact.state,
    trust: trustState(view, accountId),
    linkChecked: contact.linkChecked,
    blocked: contact.blocked,
    muted: contact.muted,
    addedMs: contact.addedMs,
  };
}

/** Shows the text of the first message, which says who somebody is. */
export function requestView(view: View, conversation: ConversationRow): RequestView {
  const { account } = conversation;
  return {
    account: formatAccountId(account),
    name: displayName(view, account),
    numberStart: view.get(peersTable, account)?.safetyNumber.slice(0, DIGITS_PER_GROUP) ?? '',
    receivedMs: view.get(contactsTable, account)?.addedMs ?? 0,
    messages: view.get(contactsTable, account)?.received.length ?? 0,
    text: firstText(view, conversation),
  };
}

export function accountText(account: AccountId): string {
  return formatAccountId(account);
}

function firstText(view: View, conversation: ConversationRow): string {
  const first = hiddenLines(view, conversation).find(({ row }) => row.kind === 'text');
  return first === undefined ? '' : textOfLine(first.row);
}
