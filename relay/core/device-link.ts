/** A connection as the device's that signed in on it: what the rest of the relay may send there. */

import { type EventName, events } from '../protocol/events.ts';
import { CLOSE } from '../protocol/frames.ts';
import type { MailboxEntry } from '../store/store.ts';
import type { DevicePeer } from './caller.ts';
import type { RelayContext } from './context.ts';
import { MailboxFeed } from './mailbox-feed.ts';
import type { ConnectionSink } from './ports.ts';
import type { DeviceConnection, EventOf } from './presence.ts';

/** Below so many one-time keys of a kind their owner is told. */
const PRE_KEYS_LOW = 25;

export function sendEvent<Name extends EventName>(
  sink: ConnectionSink,
  name: Name,
  body: EventOf<Name>,
): void {
  const { number, codec } = events[name];
  const encode = codec.encode as (value: EventOf<Name>) => Uint8Array;
  sink.send({ event: { type: number, body: encode(body) } });
}

export class DeviceLink implements DeviceConnection {
  readonly account: Uint8Array;
  readonly device: number;
  readonly fence: number;
  readonly sessionId: Uint8Array;
  readonly #context: RelayContext;
  readonly #sink: ConnectionSink;
  readonly #close: (code: number, reason: string) => void;
  #feed: MailboxFeed | undefined;
  #toldLow = false;

  constructor(
    context: RelayContext,
    sink: ConnectionSink,
    peer: DevicePeer,
    close: (code: number, reason: string) => void,
  ) {
    this.account = peer.account;
    this.device = peer.device;
    this.fence = peer.fence;
    this.sessionId = peer.sessionId;
    this.#context = context;
    this.#sink = sink;
    this.#close = close;
  }

  get pushed(): number {
    return this.#feed?.pushed ?? 0;
  }

  event<Name extends EventName>(name: Name, body: EventOf<Name>): void {
    sendEvent(this.#sink, name, body);
  }

  preKeysLow(counts: EventOf<'preKeysLow'>): void {
    const low = Math.min(counts.oneTimePreKeys, counts.oneTimeKemPreKeys) < PRE_KEYS_LOW;
    // Once until the keys were refilled: the owner refills when it suits it.
    if (low && !this.#toldLow) this.event('preKeysLow', counts);
    this.#toldLow = low;
  }

  subscribe(window: number): void {
    if (this.#feed !== undefined) {
      this.#feed.resize(window);
      return;
    }
    const sink = this.#sink;
    this.#feed = new MailboxFeed(this.#context.store, this, window, {
      get congested() {
        return sink.congested;
      },
      push: (event) => sendEvent(sink, 'envelope', event),
      failed: (error) => {
        this.#context.report({ where: 'reading a mailbox failed', error });
        this.#close(CLOSE.internalError, 'the relay failed');
      },
    });
    this.#feed.pump();
  }

  staged(entry: MailboxEntry): void {
    this.#feed?.staged(entry);
  }

  acknowledged(sequence: number): void {
    this.#feed?.acknowledged(sequence);
  }

  resume(): void {
    this.#feed?.pump();
  }

  supersede(): void {
    this.event('superseded', {});
    this.#close(CLOSE.superseded, 'connected again elsewhere');
  }

  revoke(): void {
    this.#close(CLOSE.sessionRevoked, 'signed out');
  }

  void(): void {
    if (this.pushed > 0) this.#close(CLOSE.tryAgainLater, 'the disk takes no more writes');
  }

  leave(): void {
    this.#feed?.stop();
    this.#context.presence.leave(this);
  }
}
