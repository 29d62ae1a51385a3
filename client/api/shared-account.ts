/** The surface of an account that may move from one program to another while it is being used. */

import { type ChatError, StoreError } from '../../crypto/errors.ts';
import type { Command, CommandResult } from '../core/commands.ts';
import type { PositionedEvent } from '../core/events.ts';
import type { LinkState, Query, QueryResult } from '../core/queries.ts';
import type { AccountSurface } from '../core/surface.ts';
import type { Held } from './connect-or-open.ts';
import type { OwnerHello } from './hello.ts';
import { FAREWELL_MAX_MS, REQUEST_TRIES } from './limits.ts';
import { AccountMovedError } from './remote-account.ts';

export interface Sharing {
  /** Finds the account again, or opens it here. */
  readonly reopen: () => Promise<Held>;
  /** `linger`: first serve the programs that came through this one. */
  readonly release: (held: Held, linger: boolean) => Promise<void>;
}

export class SharedAccount implements AccountSurface {
  readonly #sharing: Sharing;
  readonly #listeners = new Set<(event: PositionedEvent) => void>();
  #held: Held;
  #reopening: Promise<void> | undefined;
  /** The account went elsewhere while nobody listened. */
  #missedMove = false;
  #unsubscribe: () => void = () => {};
  #closing: Promise<void> | undefined;
  #lastPosition = 0;
  /** What was heard of the link from the program that has the account now. */
  #heardLink: LinkState | undefined;

  constructor(held: Held, sharing: Sharing) {
    this.#held = held;
    this.#sharing = sharing;
    this.#watch();
  }

  /** Whether the store is open in this process. */
  get isOwner(): boolean {
    return this.#held.kind === 'owned';
  }

  /** For an account of this process: resolves when it stops, with the error that stopped it. */
  get stopped(): Promise<ChatError | undefined> {
    return this.#held.kind === 'owned' ? this.#held.surface.stopped : new Promise(() => {});
  }

  /** The program that has the account open, unless it is this one. */
  get owner(): OwnerHello | undefined {
    return this.#held.kind === 'remote' ? this.#held.surface.owner : undefined;
  }

  /** Other programs that use the account through this one. */
  get connections(): number {
    return this.#held.kind === 'owned' ? this.#held.server.connections : 0;
  }

  execute<C extends Command>(command: C): Promise<CommandResult<C['type']>> {
    return this.#ask((surface) => surface.execute(command));
  }

  query<Q extends Query>(query: Q): Promise<QueryResult<Q['type']>> {
    return this.#ask((surface) => surface.query(query));
  }

  /**
   * Every event from now on. When the account moves, some may be missing: a `link` event follows then, after
   * which queries say how things are.
   */
  subscribe(listener: (event: PositionedEvent) => void): () => void {
    const isFirst = this.#listeners.size === 0;
    this.#listeners.add(listener);
    if (isFirst) {
      this.#listen();
      if (this.#missedMove) void this.#follow(this.#held);
    }
    return () => this.#listeners.delete(listener);
  }

  drain(timeoutMs: number): Promise<boolean> {
    return this.#ask((surface) => surface.drain(timeoutMs));
  }

  caughtUp(timeoutMs: number): Promise<boolean> {
    return this.#ask((surface) => surface.caughtUp(timeoutMs));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close(true);
    return this.#closing;
  }

  /** Closes at once; other programs find the account elsewhere. */
  leave(): Promise<void> {
    this.#closing ??= this.#close(false);
    return this.#closing;
  }

  async #close(linger: boolean): Promise<void> {
    await this.#reopening?.catch(() => undefined);
    this.#unsubscribe();
    await this.#sharing.release(this.#held, linger);
  }

  async #ask<T>(use: (surface: AccountSurface) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      await this.#reopening;
      const held = this.#held;
      try {
        return await use(held.surface);
      } catch (error) {
        if (!(error instanceof AccountMovedError)) throw error;
        if (!error.repeatable || tries >= REQUEST_TRIES || this.#closing !== undefined) throw lost(error);
        await this.#reopen(held);
      }
    }
  }

  #reopen(lostOne: Held): Promise<void> {
    if (this.#held !== lostOne || this.#closing !== undefined) return this.#reopening ?? Promise.resolve();
    this.#reopening ??= this.#replace(lostOne).finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #replace(lostOne: Held): Promise<void> {
    this.#unsubscribe();
    // What the other program still answers is an answer.
    if (lostOne.kind === 'remote') await lostOne.surface.settled(FAREWELL_MAX_MS);
    await lostOne.surface.close();
    this.#held = await this.#sharing.reopen();
    this.#missedMove = false;
    this.#watch();
    if (this.#listeners.size === 0) return;
    this.#listen();
    void this.#announceMove(this.#held.surface);
  }

  /** The link may have been up there for long: then no event about it will come. */
  async #announceMove(surface: AccountSurface): Promise<void> {
    const asked = await surface.query({ type: 'status' }).then(
      ({ link }) => link,
      () => undefined,
    );
    if (this.#closing !== undefined) return;
    const link = this.#heardLink ?? asked;
    const state = link === 'online' || link === 'signed-out' ? link : 'connecting';
    this.#emit({ type: 'link', state, reason: 'account-moved', position: this.#lastPosition });
  }

  /** Whoever listens must not have to ask something to notice that nothing comes any more. */
  #watch(): void {
    const held = this.#held;
    if (held.kind === 'owned') return;
    void held.surface.moved.then(() => {
      if (this.#listeners.size > 0) void this.#follow(held);
      else this.#missedMove = this.#held === held;
    });
  }

  async #follow(held: Held): Promise<void> {
    if (this.#closing !== undefined) return;
    try {
      await this.#reopen(held);
    } catch {
      this.#emit({ type: 'link', state: 'offline', reason: 'account-lost', position: this.#lastPosition });
    }
  }

  #listen(): void {
    this.#unsubscribe();
    this.#heardLink = undefined;
    this.#unsubscribe = this.#held.surface.subscribe((event) => {
      if (event.type === 'link') this.#heardLink = event.state;
      this.#emit(event);
    });
  }

  #emit(event: PositionedEvent): void {
    this.#lastPosition = Math.max(this.#lastPosition, event.position);
    for (const listener of [...this.#listeners]) listener(event);
  }
}

function lost(cause: AccountMovedError): StoreError {
  return new StoreError('account-lost', 'the program that had this account open ended in the middle', {
    cause,
    hints: ['look whether it was done before you do it again'],
  });
}
