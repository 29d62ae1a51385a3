/** Answers the queries of front ends from a snapshot. */

import { BugError } from '../../crypto/errors.ts';
import type { Query, QueryResult } from './queries.ts';
import type { Reader } from './tables.ts';

export interface QueryEnv {
  readonly nowMs: number;
  /** What only the engine knows: shown by `status`. */
  readonly paths: Readonly<Record<string, string>>;
}

export async function answer<Q extends Query>(
  _reader: Reader,
  _query: Q,
  _env: QueryEnv,
): Promise<QueryResult<Q['type']>> {
  throw new BugError('bug', 'the account machine is being built');
}
