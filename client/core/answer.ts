/** Answers the queries of front ends from a snapshot. */

import { keyFingerprint } from '../../crypto/account/challenge.ts';
import { formatRecoveryWords } from '../../crypto/account/recovery.ts';
import { fromUtf8, toHex } from '../../crypto/bytes.ts';
import { assertNever, UsageError } from '../../crypto/errors.ts';
import { ownAddress } from './own-address.ts';
import type { Query, QueryResult, QueryResults } from './queries.ts';
import { history, messageById, receive } from './query-history.ts';
import { fingerprint, identities, listContacts, listRequests, oneContact } from './query-people.ts';
import { search } from './query-search.ts';
import { listChats, listOutbox, status } from './query-status.ts';
import { ownAccount, settingsOf } from './state.ts';
import type { Reader, View } from './tables.ts';
import { accountText } from './views.ts';

export interface QueryEnv {
  readonly nowMs: number;
  /** What only the engine knows: shown by `status`. */
  readonly paths: Readonly<Record<string, string>>;
}

/** @throws UsageError `not-found` and what the single queries say. */
export async function answer<Q extends Query>(
  reader: Reader,
  query: Q,
  env: QueryEnv,
): Promise<QueryResult<Q['type']>> {
  // The switch pairs each query with its result, which the type system cannot follow through a type parameter.
  return (await answerAny(reader, query, env)) as QueryResult<Q['type']>;
}

async function answerAny(reader: Reader, query: Query, env: QueryEnv): Promise<QueryResults[Query['type']]> {
  switch (query.type) {
    case 'whoami':
      return whoami(reader);
    case 'status':
      return status(reader, env.paths);
    case 'contacts':
      return listContacts(reader);
    case 'contact':
      return oneContact(reader, query.who);
    case 'requests':
      return listRequests(reader);
    case 'chats':
      return listChats(reader, query);
    case 'history':
      return history(reader, query);
    case 'search':
      return search(reader, query);
    case 'receive':
      return receive(reader, query);
    case 'message':
      return messageById(reader, query.id);
    case 'outbox':
      return listOutbox(reader);
    case 'fingerprint':
      return fingerprint(reader, query.who);
    case 'identities':
      return identities(reader, query.who);
    case 'address':
      return { address: ownAddress(reader), listed: settingsOf(reader).listed };
    case 'recovery.words':
      return recoveryWords(reader);
    default:
      return assertNever(query);
  }
}

function whoami(view: View): QueryResults['whoami'] {
  const { username, accountId, device, relay, rootKey } = ownAccount(view);
  return {
    name: username,
    account: accountText(accountId),
    device,
    relay: `${relay.host}:${relay.port}`,
    fingerprint: toHex(keyFingerprint(rootKey)),
  };
}

function recoveryWords(view: View): QueryResults['recovery.words'] {
  const { recoverySecret } = ownAccount(view);
  if (recoverySecret === undefined) {
    throw new UsageError(
      'recovery-confirmed',
      'the recovery words were confirmed and are kept nowhere any more',
    );
  }
  using words = formatRecoveryWords(recoverySecret);
  return { words: fromUtf8(words.expose()).split(' ') };
}
