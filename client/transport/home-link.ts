/** The signed-in connection to the own relay, kept up until it is stopped or there is no sense in trying. */

import { ChatError, RelayError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import type { OperationName, RequestOf, ResponseOf } from '../../relay/protocol/operations.ts';
import type { Clock } from '../engine/clock.ts';
import { drawFraction } from '../engine/random.ts';
import type { RelayAddress } from '../wire/uri.ts';
import { Acknowledger } from './acknowledger.ts';
import { backoffMs } from './backoff.ts';
import { type Connection, openConnection } from './connection.ts';
import { badAnswer, unreachable } from './errors.ts';
import type { LinkLimits } from './limits.ts';
import type { RelayEvent, TransportHandlers } from './transport.ts';

export interface HomeLinkParams {
  readonly address: RelayAddress;
  readonly random: Random;
  readonly clock: Clock;
  readonly limits: LinkLimits;
  readonly handlers: TransportHandlers;
}

/** The last acknowledgement may take this long when the link is stopped; it comes again otherwise. */
const FAREWELL_MAX_MS = 1_000;

export class HomeLink {
  readonly #params: HomeLinkParams;
  #online: { readonly connection: Connection; readonly acknowledger: Acknowledger } | undefined;
  #connection: Connection | undefined;
  readonly #stop = new AbortController();
  /** Sequences of pushed envelopes that are not acknowledged. */
  #unacknowledged: number[] = [];
  /** When the relay said it would be back. */
  #notBeforeMs: number | undefined;
  #wake: () => void = () => {};
  readonly #done: Promise<void>;

  constructor(params: HomeLinkParams) {
    this.#params = params;
    this.#done = this.#run();
  }

  request<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    if (this.#online === undefined) return Promise.reject(unreachable());
    return this.#online.connection.request(name, request);
  }

  acknowledge(sequence: number): void {
    this.#unacknowledged = this.#unacknowledged.filter((each) => each > sequence);
    this.#online?.acknowledger.acknowledge(sequence);
  }

  /** Resolves when the relay has answered every acknowledgement, or cannot. */
  async acknowledged(): Promise<void> {
    await this.#online?.acknowledger.settled();
  }

  nudge(): void {
    this.#wake();
  }

  async stop(): Promise<void> {
    if (!this.#stopped) {
      await this.#farewell();
      this.#stop.abort();
      this.#connection?.close();
      this.#wake();
    }
    await this.#done;
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      this.#notBeforeMs = undefined;
      const reason = await this.#connectOnce(() => {
        failures = 0;
      });
      if (this.#stopped) return;
      this.#params.handlers.onOffline(reason);
      if (reason.retry === 'never') return;
      await this.#pause(failures++, reason);
    }
  }

  /** @returns why the connection ended or did not come about. */
  async #connectOnce(onStable: () => void): Promise<RelayError> {
    const { address, random, clock, limits, handlers } = this.#params;
    let cancelStable = () => {};
    this.#unacknowledged = [];
    handlers.onConnecting();
    try {
      const onEvent = (event: RelayEvent) => this.#receive(event);
      const { signal } = this.#stop;
      const connection = await openConnection({ address, random, clock, limits, onEvent, signal });
      this.#connection = connection;
      const info = await connection.request('signIn', handlers.signIn(connection.proof));
      this.#online = { connection, acknowledger: this.#makeAcknowledger(connection) };
      cancelStable = clock.after(limits.stableAfterMs, onStable);
      handlers.onOnline(info);
      await connection.request('subscribe', { window: limits.pushWindow });
      return await connection.closed;
    } catch (error) {
      // A request that failed with its connection does not know why that ended.
      const ended = this.#connection;
      return ended === undefined || ended.isOpen ? asRelayError(error) : ended.closed;
    } finally {
      cancelStable();
      this.#online?.acknowledger.stop();
      this.#online = undefined;
      this.#connection?.close();
      this.#connection = undefined;
    }
  }

  #makeAcknowledger(connection: Connection): Acknowledger {
    const { clock, limits } = this.#params;
    return new Acknowledger({
      send: (sequence) => connection.request('acknowledge', { sequence }),
      after: (delayMs, callback) => clock.after(Math.min(delayMs, limits.askedMaxMs), callback),
      againMs: limits.acknowledgeAgainMs,
    });
  }

  #receive(event: RelayEvent): void {
    if (event.name === 'draining') this.#notBeforeMs = event.body.reconnectAfterMs;
    if (event.name === 'envelope') {
      // What is pushed waits in memory until it is handled.
      const isFull = this.#unacknowledged.length >= this.#params.limits.pushWindow;
      if (isFull) throw badAnswer('it pushed more than it was asked for');
      this.#unacknowledged.push(event.body.sequence);
    }
    this.#params.handlers.onEvent(event);
  }

  #pause(failures: number, reason: RelayError): Promise<void> {
    const { clock, limits, random } = this.#params;
    const fraction = drawFraction(random);
    // Spread what the relay asked for too: everybody got the same number.
    const asked = Math.max(reason.retryAfterMs ?? 0, this.#notBeforeMs ?? 0);
    const spread = Math.min(asked, limits.askedMaxMs) * (1 + fraction / 4);
    const pauseMs = Math.max(spread, backoffMs(failures, fraction, limits));
    return new Promise((resolve) => {
      const cancel = clock.after(pauseMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async #farewell(): Promise<void> {
    if (this.#online === undefined) return;
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#params.clock.after(FAREWELL_MAX_MS, resolve);
    });
    await Promise.race([this.#online.acknowledger.settled(), late]);
    cancel();
  }
}

function asRelayError(error: unknown): RelayError {
  if (error instanceof RelayError) return error;
  // The account could not sign in, for a reason of its own: trying again would not change it.
  if (error instanceof ChatError) return new RelayError(error.code, error.message, { cause: error });
  throw error;
}
