/** An account that answers what a test says, to look at the socket in front of it. */

import type { OwnedAccount } from '../../../client/api/account-server.ts';
import type { Command, CommandResult } from '../../../client/core/commands.ts';
import type { PositionedEvent } from '../../../client/core/events.ts';
import type { Query, QueryResult } from '../../../client/core/queries.ts';
import type { ChatError } from '../../../crypto/errors.ts';

export type Answer = (asked: Command | Query) => unknown;

export class ScriptedAccount implements OwnedAccount {
  readonly asked: (Command | Query)[] = [];
  readonly stopped: Promise<ChatError | undefined>;
  connects = 0;
  isClosed = false;
  answer: Answer;
  readonly #listeners = new Set<(event: PositionedEvent) => void>();
  #stop: (error: ChatError | undefined) => void = () => {};

  constructor(answer: Answer = () => ({})) {
    this.answer = answer;
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  emit(event: PositionedEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  connect(): void {
    this.connects++;
  }

  async execute<C extends Command>(command: C): Promise<CommandResult<C['type']>> {
    this.asked.push(command);
    return (await this.answer(command)) as CommandResult<C['type']>;
  }

  async query<Q extends Query>(query: Q): Promise<QueryResult<Q['type']>> {
    this.asked.push(query);
    return (await this.answer(query)) as QueryResult<Q['type']>;
  }

  subscribe(listener: (event: PositionedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async drain(timeoutMs: number): Promise<boolean> {
    return timeoutMs > 0;
  }

  async caughtUp(timeoutMs: number): Promise<boolean> {
    return timeoutMs > 0;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.#stop(undefined);
  }
}

/** A promise that a test settles itself. */
export function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
