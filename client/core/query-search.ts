/** Search: a scan, because sealed rows have no index, and therefore one with an end. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { UsageError } from '../../crypto/errors.ts';
import { SEARCH_DEFAULT, SEARCH_ROWS_MAX } from './limits.ts';
import { knownPerson } from './names.ts';
import type { MessageView, Query } from './queries.ts';
import { checkLimit } from './query-history.ts';
import { ownAccount } from './state.ts';
import { contactsTable } from './tables/people.ts';
import { type ConversationRow, conversationsTable, type HistoryRow, historyLog } from './tables/talk.ts';
import type { Reader } from './tables.ts';
import { messageView, textOfLine } from './views.ts';

const RESULTS_MAX = 1_000;

type SearchQuery = Extract<Query, { readonly type: 'search' }>;

/** The newest messages whose text holds the words, whatever their case; oldest first. @throws UsageError `empty-search`. */
export async function search(reader: Reader, query: SearchQuery): Promise<readonly MessageView[]> {
  const needle = fold(query.text.trim());
  if (needle === '') throw new UsageError('empty-search', 'nothing to search for');
  const limit = checkLimit(query.limit, SEARCH_DEFAULT, RESULTS_MAX);
  const isFrom = senderFilter(reader, query.from);
  const found: MessageView[] = [];
  let rows = SEARCH_ROWS_MAX;
  for (const conversation of conversationsToSearch(reader, query.in)) {
    let inThis = 0;
    const range = { reverse: true, limit: rows };
    for await (const { row } of reader.scan(historyLog, conversation.conversation, range)) {
      rows--;
      if (row.position === 0 || !isFrom(conversation, row) || !fold(textOfLine(row)).includes(needle))
        continue;
      found.push(messageView(reader, conversation, row));
      if (++inThis >= limit) break;
    }
    if (rows <= 0) break;
  }
  return found.sort((a, b) => a.sentMs - b.sentMs || a.position - b.position).slice(-limit);
}

/** Those spoken in last come first, so that the end of a long search is its least interesting part. */
function conversationsToSearch(reader: Reader, who: string | undefined): readonly ConversationRow[] {
  const only = who === undefined ? undefined : knownPerson(reader, who);
  return [...reader.list(conversationsTable)]
    .map(([, row]) => row)
    .filter(({ account }) => only === undefined || equalBytes(account, only))
    .filter(({ account }) => reader.get(contactsTable, account)?.state !== 'incoming')
    .sort((a, b) => b.lastMs - a.lastMs);
}

function senderFilter(
  reader: Reader,
  from: string | undefined,
): (conversation: ConversationRow, row: HistoryRow) => boolean {
  if (from === undefined) return () => true;
  if (fold(from) === ownAccount(reader).username) return (_, row) => row.direction === 'out';
  const sender: AccountId = knownPerson(reader, from);
  return ({ account }, row) => row.direction === 'in' && equalBytes(account, sender);
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
