/**
 * How an engine reaches its relay. The contract:
 *
 * - Nothing secret leaves before the relay has proved that it holds the pinned root key.
 * - `home` is the signed-in connection. It is kept up from `start` on, and every time it comes up `onOnline`
 *   is told before the first event. `anonymous` carries no account; it opens when it is needed.
 * - A request is answered once: with the response, or with a RelayError whose `retry` says what to do. A
 *   request that fails with a lost connection may or may not have been carried out.
 * - Requests of one tick travel in one frame. Nothing is repeated by the transport itself: what must
 *   happen is a row, and the engine asks again.
 * - Envelopes come in order, from the oldest unacknowledged one on, again after each reconnection.
 */

import type { RelayError } from '../../crypto/errors.ts';
import type { PublicKey } from '../../crypto/keys/keys.ts';
import type { MessageOf } from '../../crypto/wire/schema.ts';
import type { EventName, events } from '../../relay/protocol/events.ts';
import type { OperationName, RequestOf, ResponseOf } from '../../relay/protocol/operations.ts';
import type { LinkName } from '../core/input.ts';

/** What a relay proved when the connection was opened. */
export interface RelayProof {
  readonly rootKey: PublicKey;
  readonly fingerprint: Uint8Array;
  readonly relayNonce: Uint8Array;
  readonly relayNowMs: number;
}

export type RelayEvent = {
  [Name in EventName]: { readonly name: Name; readonly body: MessageOf<(typeof events)[Name]['codec']> };
}[EventName];

export interface TransportHandlers {
  /** Makes the request that signs this connection in. */
  signIn(proof: RelayProof): RequestOf<'signIn'>;
  onConnecting(): void;
  onOnline(info: ResponseOf<'signIn'>): void;
  /** The home link is down. With `retry: 'never'` it stays down until `start` is called again. */
  onOffline(reason: RelayError): void;
  onEvent(event: RelayEvent): void;
}

export interface Transport {
  start(handlers: TransportHandlers): void;
  request<Name extends OperationName>(
    link: LinkName,
    operation: Name,
    request: RequestOf<Name>,
  ): Promise<ResponseOf<Name>>;
  /** Tells the relay that everything up to `sequence` is durable here; the newest one of a tick is sent. */
  acknowledge(sequence: number): void;
  /** Resolves when the relay has answered every acknowledgement, or cannot. */
  acknowledged(): Promise<void>;
  /** Somebody is waiting: cuts a pause between two attempts short. */
  nudge(): void;
  stop(): Promise<void>;
}
