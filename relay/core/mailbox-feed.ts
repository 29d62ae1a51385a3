/**
 * The push of one mailbox to one connection: oldest first, at most a window of unacknowledged envelopes, pausing
 * while the connection cannot take more. A staged entry is pushed at once when it is the next one; everything
 * else is read from the store.
 */

import type { EnvelopeEvent } from '../protocol/events.ts';
import type { Mailbox, MailboxEntry, RelayStore } from '../store/store.ts';

const HOUR_MS = 3_600_000;
/** One read: a few frames' worth. */
const READ_BYTES = 262_144;
const READ_MESSAGES = 64;

export interface FeedOutput {
  readonly congested: boolean;
  push(event: EnvelopeEvent): void;
  /** Reading the mailbox failed. */
  failed(error: unknown): void;
}

export class MailboxFeed {
  readonly #store: RelayStore;
  readonly #mailbox: Mailbox;
  readonly #output: FeedOutput;
  #window: number;
  /** Sequences pushed and not acknowledged, in order. */
  #outstanding: number[] = [];
  #pushed = 0;
  #reading = false;
  /** Something came that was not pushed at once. */
  #behind = true;
  #stopped = false;

  constructor(store: RelayStore, mailbox: Mailbox, window: number, output: FeedOutput) {
    this.#store = store;
    this.#mailbox = mailbox;
    this.#window = window;
    this.#output = output;
  }

  /** The newest sequence that this connection has seen: it cannot acknowledge more. */
  get pushed(): number {
    return this.#pushed;
  }

  resize(window: number): void {
    this.#window = window;
    this.pump();
  }

  staged(entry: MailboxEntry): void {
    const next = !this.#behind && !this.#reading && entry.sequence === this.#pushed + 1;
    if (next && this.#room() > 0) {
      this.#push(entry);
      return;
    }
    this.#behind = true;
    this.pump();
  }

  acknowledged(sequence: number): void {
    const left = this.#outstanding.findIndex((each) => each > sequence);
    this.#outstanding = left === -1 ? [] : this.#outstanding.slice(left);
    this.pump();
  }

  /** Goes on pushing where it stopped: after an acknowledgement, and when the connection has room again. */
  pump(): void {
    if (this.#reading || !this.#behind || this.#room() <= 0) return;
    this.#reading = true;
    this.#read().catch((error: unknown) => this.#output.failed(error));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #read(): Promise<void> {
    while (this.#room() > 0) {
      this.#behind = false;
      const maxMessages = Math.min(this.#room(), READ_MESSAGES);
      const range = { afterSequence: this.#pushed, maxMessages, maxBytes: READ_BYTES };
      const entries = await this.#store.readMailbox(this.#mailbox, range);
      for (const entry of entries) {
        if (this.#room() <= 0) break;
        this.#push(entry);
      }
      if (entries.length === 0 && !this.#behind) break;
      // Without an empty answer nobody knows whether that was all.
      this.#behind = true;
    }
    // At once, not when the promise has settled: what is staged in between would wait for ever.
    this.#reading = false;
  }

  #room(): number {
    if (this.#stopped || this.#output.congested) return 0;
    return this.#window - this.#outstanding.length;
  }

  #push(entry: MailboxEntry): void {
    const { sequence, envelopeId, kind, bytes, authority, stampHour, capabilityHash } = entry;
    this.#pushed = sequence;
    this.#outstanding.push(sequence);
    const event = { sequence, envelopeId, kind, bytes, stampMs: stampHour * HOUR_MS, authority };
    this.#output.push(capabilityHash === undefined ? event : { ...event, capabilityHash });
  }
}
