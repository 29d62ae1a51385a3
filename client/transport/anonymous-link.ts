/**
 * The connection that says nothing about the account. It opens when it is needed, after a short random
 * delay, and is replaced now and then, so that the relay can hardly tell whose it is.
 */

import type { Random } from '../../crypto/random.ts';
import type { OperationName, RequestOf, ResponseOf } from '../../relay/protocol/operations.ts';
import type { Clock } from '../engine/clock.ts';
import { drawFraction } from '../engine/random.ts';
import type { RelayAddress } from '../wire/uri.ts';
import { backoffMs } from './backoff.ts';
import { type Connection, openConnection } from './connection.ts';
import { linkStopped } from './errors.ts';
import type { LinkLimits } from './limits.ts';
import type { RelayEvent } from './transport.ts';

export interface AnonymousLinkParams {
  readonly address: RelayAddress;
  readonly random: Random;
  readonly clock: Clock;
  readonly limits: LinkLimits;
}

/** One connection, or the attempt at one. */
interface Slot {
  readonly connection: Promise<Connection>;
}

export class AnonymousLink {
  readonly #params: AnonymousLinkParams;
  /** Where new requests go. */
  #current: Slot | undefined;
  readonly #open = new Set<Connection>();
  /** Attempts that failed in a row: the next one waits longer. */
  #failures = 0;
  /** How long the relay asked to be left alone. */
  #askedMs = 0;
  #wake: () => void = () => {};
  readonly #stop = new AbortController();

  constructor(params: AnonymousLinkParams) {
    this.#params = params;
  }

  async request<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    if (this.#stop.signal.aborted) throw linkStopped();
    const slot = this.#current ?? this.#openSlot();
    const connection = await slot.connection;
    // It may have been replaced while this waited.
    if (!connection.isOpen && this.#current !== slot) return this.request(name, request);
    return connection.request(name, request);
  }

  /** There is reason to hope: the next attempt does not wait for the failures before it. */
  nudge(): void {
    this.#failures = 0;
    this.#askedMs = 0;
    this.#wake();
  }

  stop(): void {
    this.#stop.abort();
    this.#wake();
    for (const connection of this.#open) connection.close();
  }

  #openSlot(): Slot {
    const slot: Slot = { connection: this.#connect(() => this.#retire(slot)) };
    this.#current = slot;
    slot.connection.catch(() => {
      this.#failures++;
      if (this.#current === slot) this.#current = undefined;
    });
    return slot;
  }

  async #connect(retire: () => void): Promise<Connection> {
    const { address, random, clock, limits } = this.#params;
    await this.#delay();
    const { signal } = this.#stop;
    if (signal.aborted) throw linkStopped();
    const onEvent = (event: RelayEvent) => {
      if (event.name !== 'draining') return;
      this.#askedMs = Math.min(event.body.reconnectAfterMs, limits.askedMaxMs);
      retire();
    };
    const connection = await openConnection({ address, random, clock, limits, onEvent, signal });
    this.#failures = 0;
    this.#askedMs = 0;
    this.#open.add(connection);
    const spreadMs = limits.anonymousLifeMaxMs - limits.anonymousLifeMinMs;
    const lifeMs = limits.anonymousLifeMinMs + drawFraction(random) * spreadMs;
    const cancel = clock.after(lifeMs, retire);
    void connection.closed.then(() => {
      cancel();
      this.#open.delete(connection);
      retire();
    });
    return connection;
  }

  /** New requests take another connection; this one ends when its requests are answered. */
  #retire(slot: Slot): void {
    if (this.#current === slot) this.#current = undefined;
    slot.connection.then(
      (connection) => connection.closeWhenIdle(),
      () => {},
    );
  }

  async #delay(): Promise<void> {
    const { limits, random, clock } = this.#params;
    // A point in time: being nudged must not put it off.
    const privateUntilMs = clock.nowMs() + drawFraction(random) * limits.anonymousDelayMs;
    while (!this.#stop.signal.aborted) {
      const again = this.#failures === 0 ? 0 : backoffMs(this.#failures - 1, drawFraction(random), limits);
      const delayMs = Math.max(privateUntilMs - clock.nowMs(), again, this.#askedMs);
      if (delayMs <= 0 || (await this.#pause(delayMs))) return;
    }
  }

  /** @returns false when it was cut short. */
  #pause(delayMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#params.clock.after(delayMs, () => resolve(true));
      this.#wake = () => {
        cancel();
        resolve(false);
      };
    });
  }
}
