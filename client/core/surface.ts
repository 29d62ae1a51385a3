/** The one surface of an account: in process and through the local socket it is the same. */

import type { Command, CommandResult } from './commands.ts';
import type { PositionedEvent } from './events.ts';
import type { Query, QueryResult } from './queries.ts';

export interface AccountSurface {
  /** @throws ChatError with a stable code; nothing changed then. */
  execute<C extends Command>(command: C): Promise<CommandResult<C['type']>>;
  query<Q extends Query>(query: Q): Promise<QueryResult<Q['type']>>;
  /** Every event from now on. @returns a function that ends the subscription. */
  subscribe(listener: (event: PositionedEvent) => void): () => void;
  /** Resolves when nothing is waiting to be sent, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<boolean>;
  /** Resolves when the mailbox has been read up to what was there at the call, or after `timeoutMs`. */
  caughtUp(timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}
