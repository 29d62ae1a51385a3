/** An account that another program of this user has open. */

import { createConnection, type Socket } from 'node:net';
import { ChatError, StoreError } from '../../crypto/errors.ts';
import type { Command, CommandResult } from '../core/commands.ts';
import type { PositionedEvent } from '../core/events.ts';
import type { Query, QueryResult } from '../core/queries.ts';
import type { AccountSurface } from '../core/surface.ts';
import { type ClientHello, type OwnerHello, parseOwnerHello } from './hello.ts';
import { ANSWER_MAX_BYTES, HELLO_TIMEOUT_MS } from './limits.ts';
import { LineSplitter } from './lines.ts';
import { isRepeatable } from './methods.ts';
import { decodeError } from './remote-errors.ts';

/** The other program is gone; the account can be had elsewhere. */
export class AccountMovedError extends ChatError {
  /** Whether the request was certainly not carried out, or does no harm a second time. */
  readonly repeatable: boolean;

  constructor(repeatable: boolean) {
    super('account-moved', 'the program that had this account open ended in the middle');
    this.repeatable = repeatable;
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: ChatError) => void;
  readonly repeatable: boolean;
}

const ABSENT = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ECONNRESET', 'EPIPE', 'EAGAIN']);

export class RemoteAccount implements AccountSurface {
  /** Resolves when the other program closes the account or is gone. */
  readonly moved: Promise<void>;
  /** Resolves when the connection has ended. */
  readonly gone: Promise<void>;
  readonly #socket: Socket;
  readonly #lines = new LineSplitter(ANSWER_MAX_BYTES);
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: PositionedEvent) => void>();
  #resolveMoved: () => void = () => {};
  #onSettled: () => void = () => {};
  #owner: OwnerHello | undefined;
  #subscribed = false;
  #nextId = 1;
  #isGone = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.moved = new Promise((resolve) => {
      this.#resolveMoved = resolve;
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => {});
    this.gone = new Promise((resolve) => {
      socket.on('close', () => {
        this.#lost();
        resolve();
      });
    });
  }

  /**
   * @returns undefined when nobody serves the account there.
   * @throws StoreError `api-mismatch`, `socket-failed`
   */
  static async connect(path: string, hello: ClientHello): Promise<RemoteAccount | undefined> {
    const socket = await connectSocket(path);
    if (socket === undefined) return undefined;
    const remote = new RemoteAccount(socket);
    const timer = setTimeout(() => socket.destroy(), HELLO_TIMEOUT_MS);
    try {
      remote.#owner = parseOwnerHello(await remote.#request('hello', hello, true));
      return remote;
    } catch (error) {
      socket.destroy();
      if (error instanceof AccountMovedError) return undefined;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  get owner(): OwnerHello {
    if (this.#owner === undefined)
      throw new StoreError('api-mismatch', 'the other program did not say hello');
    return this.#owner;
  }

  async execute<C extends Command>(command: C): Promise<CommandResult<C['type']>> {
    const { type, ...params } = command;
    return (await this.#request(type, params, isRepeatable(command))) as CommandResult<C['type']>;
  }

  async query<Q extends Query>(query: Q): Promise<QueryResult<Q['type']>> {
    const { type, ...params } = query;
    return (await this.#request(type, params, true)) as QueryResult<Q['type']>;
  }

  subscribe(listener: (event: PositionedEvent) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#subscribed) {
      this.#subscribed = true;
      // Lost with the connection; whoever reopens the account subscribes again.
      this.#request('events.subscribe', {}, true).catch(() => undefined);
    }
    return () => this.#listeners.delete(listener);
  }

  async drain(timeoutMs: number): Promise<boolean> {
    return (await this.#request('drain', { timeoutMs }, true)) === true;
  }

  async caughtUp(timeoutMs: number): Promise<boolean> {
    return (await this.#request('caughtUp', { timeoutMs }, true)) === true;
  }

  /** @throws UsageError `daemon-not-running` where the other program is none. */
  async stopDaemon(): Promise<void> {
    await this.#request('daemon.stop', {}, true);
  }

  /** Resolves when no request is waiting for its answer, or after `timeoutMs`. */
  async settled(timeoutMs: number): Promise<void> {
    if (this.#pending.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onSettled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async close(): Promise<void> {
    this.#socket.destroy();
  }

  #request(method: string, params: unknown, repeatable: boolean): Promise<unknown> {
    if (this.#isGone) return Promise.reject(new AccountMovedError(true));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject, repeatable });
      this.#socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  #receive(chunk: Buffer): void {
    const lines = this.#lines.push(chunk);
    if (lines === undefined) {
      this.#socket.destroy();
      return;
    }
    for (const line of lines) {
      if (!this.#handle(line)) {
        this.#socket.destroy();
        return;
      }
    }
  }

  #handle(line: string): boolean {
    const message = parseMessage(line);
    if (message === undefined) return false;
    const { id, method, params, result, error } = message;
    if (method === 'event') {
      for (const listener of [...this.#listeners]) listener(params as PositionedEvent);
    } else if (method === 'closing') {
      this.#resolveMoved();
    } else if (typeof id === 'number') {
      this.#settle(id, result, error);
    }
    return true;
  }

  #settle(id: number, result: unknown, error: unknown): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#onSettled();
    if (pending === undefined) return;
    if (error === undefined) {
      pending.resolve(result);
      return;
    }
    const decoded = decodeError(error);
    pending.reject(decoded.code === 'handing-over' ? new AccountMovedError(true) : decoded);
  }

  #lost(): void {
    this.#isGone = true;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, repeatable } of pending) reject(new AccountMovedError(repeatable));
    this.#onSettled();
    this.#resolveMoved();
  }
}

function connectSocket(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      if (ABSENT.has(cause.code ?? '')) resolve(undefined);
      else reject(new StoreError('socket-failed', `the local socket ${path} cannot be used`, { cause }));
    });
  });
}

function parseMessage(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
