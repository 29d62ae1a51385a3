/** Queries that read lines: pages of a conversation, what a cursor has not printed yet, one message. */

import { equalBytes } from '../../crypto/bytes.ts';
import { UsageError } from '../../crypto/errors.ts';
import { conversationRow, conversationWith, placesOf } from './history.ts';
import { HISTORY_DEFAULT, HISTORY_MAX, RECEIVE_MAX, SCAN_ROWS_MAX } from './limits.ts';
import { knownPerson } from './names.ts';
import type { MessageView, Query, QueryResults } from './queries.ts';
import { parseMessageId } from './send.ts';
import { ownId } from './state.ts';
import { textKey } from './tables/define.ts';
import { contactsTable } from './tables/people.ts';
import {
  conversationsTable,
  cursorsTable,
  eventLog,
  type HistoryRow,
  historyLog,
  type MessagePlace,
} from './tables/talk.ts';
import type { Reader, View } from './tables.ts';
import { messageView } from './views.ts';

type Of<Type extends Query['type']> = Extract<Query, { readonly type: Type }>;

/** The newest lines before a message or a time and since a time, oldest first. */
export async function history(reader: Reader, query: Of<'history'>): Promise<readonly MessageView[]> {
  const conversation = conversationWith(reader, knownPerson(reader, query.who));
  if (conversation === undefined) return [];
  const limit = checkLimit(query.limit, HISTORY_DEFAULT, HISTORY_MAX);
  const { before, since = 0 } = query;
  const place =
    typeof before === 'string' ? placeBefore(reader, conversation.conversation, before) : undefined;
  const endMs = typeof before === 'number' ? before : Number.POSITIVE_INFINITY;
  const lines: MessageView[] = [];
  const range = { reverse: true, limit: SCAN_ROWS_MAX, ...(place === undefined ? {} : { before: place }) };
  for await (const { row } of reader.scan(historyLog, conversation.conversation, range)) {
    if (lines.length >= limit) break;
    // Lines stand in the order of arrival; one old time among newer ones is no reason to stop.
    if (row.sentMs < since || row.sentMs >= endMs) continue;
    lines.push(messageView(reader, conversation, row));
  }
  return lines.reverse();
}

/** What became visible after the cursor, oldest first; own messages are not news. */
export async function receive(reader: Reader, query: Of<'receive'>): Promise<QueryResults['receive']> {
  const limit = checkLimit(query.limit, RECEIVE_MAX, RECEIVE_MAX);
  const after = reader.get(cursorsTable, textKey(query.cursor))?.position ?? 0;
  const messages: MessageView[] = [];
  let position = after;
  const range = { after, limit: SCAN_ROWS_MAX };
  for await (const { sequence, row } of reader.scan(eventLog, ownId(reader), range)) {
    if (messages.length >= limit) return { messages, position };
    position = sequence;
    const line = reader.at(historyLog, row.conversation, row.place);
    // Its line is gone, or shown again at a later position, or it is our own.
    if (line === undefined || line.position !== sequence || line.direction === 'out') continue;
    const conversation = reader.get(conversationsTable, row.conversation);
    if (conversation === undefined || reader.get(contactsTable, conversation.account)?.blocked === true)
      continue;
    messages.push(messageView(reader, conversation, line));
  }
  return { messages, position };
}

/** @throws UsageError `bad-id`, `not-found`, `ambiguous-id`. */
export function messageById(reader: Reader, id: string): MessageView {
  const places = placesOf(reader, parseMessageId(id));
  const own = places.find(({ sender }) => equalBytes(sender, ownId(reader)));
  const place = own ?? places[0];
  const found = place === undefined ? undefined : lineAt(reader, place);
  if (place === undefined || found === undefined) {
    throw new UsageError('not-found', 'there is no message of this id');
  }
  if (own === undefined && places.length > 1) {
    throw new UsageError('ambiguous-id', 'several people sent a message of this id');
  }
  return messageView(reader, conversationRow(reader, place.conversation), found);
}

export function checkLimit(limit: number | undefined, preset: number, max: number): number {
  const chosen = limit ?? preset;
  if (!Number.isSafeInteger(chosen) || chosen < 1 || chosen > max) {
    throw new UsageError('bad-limit', `a limit is 1 to ${max}`);
  }
  return chosen;
}

function placeBefore(view: View, conversation: Uint8Array, id: string): number {
  const place = placesOf(view, parseMessageId(id)).find((each) =>
    equalBytes(each.conversation, conversation),
  );
  if (place === undefined) throw new UsageError('not-found', 'there is no message of this id');
  return place.place;
}

function lineAt(view: View, { conversation, place }: MessagePlace): HistoryRow | undefined {
  return view.at(historyLog, conversation, place);
}
