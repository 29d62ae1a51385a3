/** Queries about the account as a whole: status, chats, outbox. */

import { toHex } from '../../crypto/bytes.ts';
import { CHATS_DEFAULT, HISTORY_MAX } from './limits.ts';
import { linkState } from './links.ts';
import { displayName } from './names.ts';
import type { ChatView, OutboxView, Query, StatusView } from './queries.ts';
import { checkLimit } from './query-history.ts';
import { ownAccount, settingsOf } from './state.ts';
import { textKey } from './tables/define.ts';
import { contactsTable } from './tables/people.ts';
import { linksTable } from './tables/runtime.ts';
import {
  type ConversationRow,
  conversationsTable,
  type HistoryRow,
  historyLog,
  outboxTable,
} from './tables/talk.ts';
import type { View } from './tables.ts';
import { trustState } from './trust.ts';
import { accountText, messageView } from './views.ts';

type ChatsQuery = Extract<Query, { readonly type: 'chats' }>;

/** Cancelled messages leave holes at the end; no more of them are stepped over than anybody makes. */
const HOLES_MAX = 1_000;

export function status(view: View, paths: Readonly<Record<string, string>>): StatusView {
  const account = ownAccount(view);
  const settings = settingsOf(view);
  const reason =
    account.foreignResetAt === undefined
      ? view.get(linksTable, textKey('home'))?.reason
      : 'own-identity-reset';
  const contacts = [...view.list(contactsTable)].map(([, row]) => row).filter(({ removed }) => !removed);
  const outbox = [...view.list(outboxTable)].filter(([, { kind }]) => kind === 'text');
  let unread = 0;
  for (const [, row] of view.list(conversationsTable)) unread += row.unread;
  return {
    account: accountText(account.accountId),
    name: account.username,
    device: account.device,
    relay: `${account.relay.host}:${account.relay.port}`,
    link: linkState(view),
    ...(reason === undefined ? {} : { linkReason: reason }),
    acceptFrom: settings.acceptFrom,
    listed: settings.listed,
    recoveryConfirmed: account.recoverySecret === undefined,
    contacts: contacts.filter(({ state }) => state === 'accepted' || state === 'requested').length,
    requests: contacts.filter(({ state, blocked }) => state === 'incoming' && !blocked).length,
    outbox: outbox.length,
    unread,
    paths,
  };
}

/** Conversations, the one spoken in last first. */
export function listChats(view: View, query: ChatsQuery): readonly ChatView[] {
  const limit = checkLimit(query.limit, CHATS_DEFAULT, HISTORY_MAX);
  return [...view.list(conversationsTable)]
    .map(([, row]) => row)
    .filter((row) => isListed(view, row) && (query.unread !== true || row.unread > 0))
    .sort((a, b) => b.lastMs - a.lastMs)
    .slice(0, limit)
    .map((row) => chatView(view, row));
}

/** What was written and is not at the relay yet, oldest first. */
export function listOutbox(view: View): readonly OutboxView[] {
  return [...view.list(outboxTable)]
    .map(([, row]) => row)
    .filter(({ kind }) => kind === 'text')
    .sort((a, b) => a.order - b.order)
    .map((row) => ({
      id: toHex(row.id),
      to: displayName(view, row.account),
      state: row.state,
      ...(row.reason === undefined ? {} : { reason: row.reason }),
      queuedMs: row.queuedMs,
      text: row.text ?? '',
    }));
}

function isListed(view: View, { account, lastPlace }: ConversationRow): boolean {
  const contact = view.get(contactsTable, account);
  return lastPlace > 0 && contact !== undefined && !contact.removed && contact.state !== 'incoming';
}

function chatView(view: View, row: ConversationRow): ChatView {
  const contact = view.get(contactsTable, row.account);
  const last = lastLine(view, row);
  return {
    conversation: toHex(row.conversation),
    name: displayName(view, row.account),
    trust: trustState(view, row.account),
    state: contact?.state ?? 'requested',
    unread: row.unread,
    muted: contact?.muted ?? false,
    ...(last === undefined ? {} : { last: messageView(view, row, last) }),
  };
}

function lastLine(view: View, { conversation, lastPlace }: ConversationRow): HistoryRow | undefined {
  for (let place = lastPlace; place > Math.max(0, lastPlace - HOLES_MAX); place--) {
    const row = view.at(historyLog, conversation, place);
    if (row !== undefined) return row;
  }
  return undefined;
}
