/** An `Actor` as front ends see an account: commands, queries, events. */

import type { Command, CommandResult } from '../../client/core/commands.ts';
import type { PositionedEvent } from '../../client/core/events.ts';
import type { Query, QueryResult } from '../../client/core/queries.ts';
import type { AccountSurface } from '../../client/core/surface.ts';
import type { Actor } from './account-world.ts';

export class ActorSurface implements AccountSurface {
  readonly #actor: Actor;
  readonly #listeners = new Set<(event: PositionedEvent) => void>();
  #told: number;

  constructor(actor: Actor) {
    this.#actor = actor;
    this.#told = actor.events.length;
  }

  async execute<C extends Command>(command: C): Promise<CommandResult<C['type']>> {
    try {
      return this.#actor.do(command);
    } finally {
      this.tellEvents();
    }
  }

  query<Q extends Query>(query: Q): Promise<QueryResult<Q['type']>> {
    return this.#actor.query(query);
  }

  subscribe(listener: (event: PositionedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async drain(): Promise<boolean> {
    this.#actor.world.settle();
    this.tellEvents();
    return (await this.query({ type: 'outbox' })).every(({ state }) => state !== 'waiting');
  }

  async caughtUp(): Promise<boolean> {
    return this.drain();
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  /** What happened until now is never passed on. */
  missEvents(): void {
    this.#told = this.#actor.events.length;
  }

  /** Passes on what happened in the world meanwhile. */
  tellEvents(): void {
    for (; this.#told < this.#actor.events.length; this.#told++) {
      const event = this.#actor.events[this.#told];
      if (event !== undefined) for (const listener of [...this.#listeners]) listener(event);
    }
  }
}
