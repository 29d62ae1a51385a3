/**
 * An open account for the other programs of its owner: JSON-RPC 2.0, one object per line, over a unix socket
 * with mode 0600 in a directory with mode 0700. Whoever can connect is the owner of the account, so there is
 * no further check of who asks; nothing of what passes is logged.
 */

import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { type ChatError, StoreError } from '../../crypto/errors.ts';
import type { AccountSurface } from '../core/surface.ts';
import type { OwnerHello } from './hello.ts';
import { BIND_TRIES, CONNECTIONS_MAX, PLACE_CHECK_MS } from './limits.ts';
import { ServedConnection } from './served-connection.ts';
import { makeSocketDirectory, type SocketPlace } from './socket-path.ts';

/** An account of this process: a client that needs the relay makes it connect. */
export interface OwnedAccount extends AccountSurface {
  connect(): void;
  /** Resolves when the account stops: with the error that stopped it, or with nothing after `close`. */
  readonly stopped: Promise<ChatError | undefined>;
}

export interface AccountServerParams {
  readonly account: OwnedAccount;
  readonly place: SocketPlace;
  readonly hello: OwnerHello;
  /** A client asked the daemon to end. */
  readonly onStop: () => void;
  /** How often the server looks whether its socket is still in its place. */
  readonly placeCheckMs?: number;
}

export class AccountServer {
  readonly #params: AccountServerParams;
  readonly #connections = new Set<ServedConnection>();
  #server: Server | undefined;
  /** Of the socket in its place. */
  #inode: bigint | undefined;
  #placeTimer: NodeJS.Timeout | undefined;
  #wakes: (() => void)[] = [];
  #closing = false;

  private constructor(params: AccountServerParams) {
    this.#params = params;
  }

  /**
   * The caller holds the store's lock, so whatever lies at the path is a leftover.
   * @throws StoreError `socket-failed`, `socket-directory-unsafe`
   */
  static async open(params: AccountServerParams): Promise<AccountServer> {
    makeSocketDirectory(params.place);
    const server = new AccountServer(params);
    await server.#bind();
    server.#watchPlace();
    return server;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Resolves when no command is connected, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    while ([...this.#connections].some(({ isWaitedFor }) => isWaitedFor)) {
      const leftMs = until - Date.now();
      if (leftMs <= 0) return;
      await this.#changed(leftMs);
    }
  }

  /**
   * Tells every client, lets it have the answers that are being made, and goes.
   * @param closeAccount Runs before the connections end: whoever sees that finds the store free.
   */
  async close(timeoutMs: number, closeAccount: () => Promise<void> = async () => {}): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#placeTimer);
    this.#server?.close();
    for (const connection of this.#connections) connection.farewell();
    const until = Date.now() + timeoutMs;
    while ([...this.#connections].some(({ isBusy }) => isBusy) && Date.now() < until) {
      await this.#changed(until - Date.now());
    }
    try {
      await closeAccount();
    } finally {
      for (const connection of this.#connections) connection.end();
    }
  }

  async #bind(): Promise<void> {
    const { path } = this.#params.place;
    for (let tries = 1; ; tries++) {
      try {
        rmSync(path, { force: true });
        this.#server = await listen(path, (socket) => this.#accept(socket));
        this.#inode = inodeOf(path);
        return;
      } catch (cause) {
        if (tries < BIND_TRIES) continue;
        throw new StoreError('socket-failed', `the local socket ${path} cannot be opened`, { cause });
      }
    }
  }

  /** Without its socket this program would hold the store and nobody could reach it. */
  #watchPlace(): void {
    const { placeCheckMs = PLACE_CHECK_MS, place } = this.#params;
    this.#placeTimer = setTimeout(async () => {
      if (inodeOf(place.path) !== this.#inode) await this.#comeBack();
      if (!this.#closing) this.#watchPlace();
    }, placeCheckMs).unref();
  }

  async #comeBack(): Promise<void> {
    // First: a server that closes removes what lies at its path.
    this.#server?.close();
    try {
      makeSocketDirectory(this.#params.place);
      await this.#bind();
      if (this.#closing) this.#server?.close();
    } catch (error) {
      // The directory may come back with the next session.
      if (!(error instanceof StoreError)) throw error;
    }
  }

  #accept(socket: Socket): void {
    if (this.#closing) {
      socket.destroy();
      return;
    }
    const connection = new ServedConnection(socket, this.#params, () => {
      if (socket.destroyed) this.#connections.delete(connection);
      this.#notify();
    });
    this.#connections.add(connection);
  }

  #notify(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }

  #changed(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wakes.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function inodeOf(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function listen(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onConnection);
    server.maxConnections = CONNECTIONS_MAX;
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      // A connection that cannot be accepted is that client's trouble.
      server.on('error', () => {});
      chmodSync(path, 0o600);
      resolve(server);
    });
  });
}
