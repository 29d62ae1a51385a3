/** What the relay's core needs from the outside, and what it gives: no socket, no clock, no disk of its own. */

import type { KeyPair } from '../../crypto/keys/keys.ts';
import type { Random } from '../../crypto/random.ts';
import type { EventRecord, ResponseRecord } from '../protocol/frames.ts';
import type { RelayStore } from '../store/store.ts';
import type { RelayLimits } from './limits.ts';

export interface Clock {
  nowMs(): number;
}

/**
 * Slow password hashing, off the main thread. Both reject with `relayError('busy', { retryAfterMs })` when
 * too many are waiting. `authKey` is base64 text of the 32-byte auth key without padding.
 */
export interface PasswordPort {
  hash(authKey: string): Promise<string>;
  verify(authKey: string, hash: string): Promise<boolean>;
}

export type OutgoingRecord = { readonly response: ResponseRecord } | { readonly event: EventRecord };

/** The sending half of one connection. */
export interface ConnectionSink {
  /** The RelayHello: one binary message of its own, before any frame. */
  sendHello(bytes: Uint8Array): void;
  /** Queues a record; the shell puts 1..n of them into one frame per tick and connection. */
  send(record: OutgoingRecord): void;
  /** Too much is waiting to be written: the core pauses its push until `resume()`. */
  readonly congested: boolean;
  /** Closes after everything queued was written; `code` is one of CLOSE. Called at most once. */
  close(code: number, reason: string): void;
}

/** Something the operator should know; never holds an id, a name, an address or bytes of a user. */
export interface RelayProblem {
  readonly where: string;
  readonly error: unknown;
}

export interface RelayOptions {
  readonly store: RelayStore;
  readonly rootKey: KeyPair;
  readonly clock: Clock;
  readonly random: Random;
  readonly passwords: PasswordPort;
  /** Anyone may register; otherwise an invitation is needed. */
  readonly open: boolean;
  /** Raises or lowers single limits; what is absent keeps its default. */
  readonly limits?: Partial<RelayLimits>;
  readonly report?: (problem: RelayProblem) => void;
}

export interface RelayStats {
  readonly accounts: number;
  /** Devices whose key bundle is complete. */
  readonly bundles: number;
  /** Devices that have ever been written to. */
  readonly mailboxes: number;
  /** Undelivered messages and their ciphertext bytes. */
  readonly messages: number;
  readonly bytes: number;
  readonly connections: number;
  readonly signedIn: number;
  readonly readOnly: boolean;
}

export interface Relay {
  /** `peer.address` only feeds rate limits in memory; it is never stored or logged. */
  connect(sink: ConnectionSink, peer: { readonly address: string }): RelayConnection;
  /** Announces the end, refuses new requests, finishes the running ones, then closes every connection. */
  drain(reconnectAfterMs: number): Promise<void>;
  /** Expiry and clean-up of counters; called about once a minute. */
  tick(): Promise<void>;
  stats(): Promise<RelayStats>;
  /** The disk takes no more writes: nothing is acknowledged that could not be made durable. */
  readonly readOnly: boolean;
}

export interface RelayConnection {
  /** One binary WebSocket message, the ClientHello first. Never throws: malformed input closes the sink. */
  receive(bytes: Uint8Array): void;
  /** The sink is no longer congested. */
  resume(): void;
  /** The socket is gone. */
  closed(): void;
}
