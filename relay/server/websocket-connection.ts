/** One WebSocket between the library and the core: coalesced output, back-pressure, deadlines, liveness. */

import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { ConnectionSink, OutgoingRecord, Relay, RelayConnection } from '../core/ports.ts';
import { CLOSE } from '../protocol/frames.ts';
import { type FlushQueue, FrameOutput } from './frame-output.ts';
import type { Log } from './logging.ts';
import { MessageWatch } from './message-watch.ts';
import type { ServerLimits } from './server-limits.ts';

/** Silent heartbeats after which the peer is taken for dead. */
const MISSED_HEARTBEATS_MAX = 2;
/** The push goes on at half of the mark at which it stopped, so that it does not stutter. */
const RESUME_FRACTION = 0.5;
/**
 * A peer that asks and never reads is not read either, so its answers cannot pile up without end. The mark lies
 * above that of the push: acknowledgements must come through while only pushed mail is waiting.
 */
const UNREAD_FACTOR = 2;

export interface ConnectionParts {
  readonly relay: Relay;
  readonly limits: ServerLimits;
  readonly queue: FlushQueue;
  readonly log: Log;
}

export class WebSocketConnection implements ConnectionSink {
  readonly #webSocket: WebSocket;
  readonly #parts: ConnectionParts;
  readonly #connection: RelayConnection;
  readonly #output = new FrameOutput();
  readonly #watch = new MessageWatch();
  #closing = false;
  /** The core saw `congested` and waits for `resume`. */
  #pushPaused = false;
  #readingPaused = false;
  #missedHeartbeats = 0;
  #greeted = false;
  #deadline: NodeJS.Timeout | undefined;
  #deadlineOf = -1;

  constructor(webSocket: WebSocket, socket: Socket, address: string, parts: ConnectionParts) {
    this.#webSocket = webSocket;
    this.#parts = parts;
    this.#connection = parts.relay.connect(this, { address });
    this.#setDeadline(parts.limits.helloTimeoutMs, 'no hello');
    webSocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    webSocket.on('close', () => this.#closed());
    // The library closes with the right code by itself; what a hostile peer sent is not worth a line.
    webSocket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#watchBytes(chunk));
  }

  get congested(): boolean {
    if (this.#waitingBytes() > this.#parts.limits.congestedBytes) this.#pushPaused = true;
    return this.#pushPaused;
  }

  sendHello(bytes: Uint8Array): void {
    this.#write(bytes);
  }

  send(record: OutgoingRecord): void {
    if (this.#closing) return;
    this.#output.push(record);
    this.#parts.queue.add(this);
  }

  flush(): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    for (const frame of this.#output.take()) this.#write(frame);
    if (this.#readingPaused || this.#closing) return;
    if (this.#waitingBytes() > this.#parts.limits.congestedBytes * UNREAD_FACTOR) {
      this.#readingPaused = true;
      this.#webSocket.pause();
    }
  }

  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.flush();
    this.#closing = true;
    this.#webSocket.close(code, reason);
    // The library's own timer only ends a peer that does not answer; a paused socket would not hear the answer.
    if (this.#readingPaused) this.#webSocket.resume();
  }

  /** Without a farewell. */
  terminate(): void {
    this.#webSocket.terminate();
  }

  heartbeat(): void {
    if (this.#missedHeartbeats >= MISSED_HEARTBEATS_MAX) {
      this.terminate();
      return;
    }
    this.#missedHeartbeats++;
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.ping();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    if (!isBinary || !Buffer.isBuffer(data)) {
      this.close(CLOSE.unsupportedData, 'binary frames only');
      return;
    }
    this.#greeted = true;
    try {
      // A plain Uint8Array: slice() of a Buffer would share memory where the core means to copy.
      this.#connection.receive(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    } catch (error) {
      this.#parts.log.error('a connection failed', error);
      this.close(CLOSE.internalError, 'the relay failed');
    }
  }

  /** Runs after the library has looked at the same bytes, so `#greeted` is up to date. */
  #watchBytes(chunk: Buffer): void {
    this.#missedHeartbeats = 0;
    this.#watch.push(chunk);
    if (!this.#greeted || this.#closing) return;
    if (!this.#watch.pending) this.#clearDeadline();
    else if (this.#deadline === undefined || this.#deadlineOf !== this.#watch.completed) {
      this.#deadlineOf = this.#watch.completed;
      this.#setDeadline(this.#parts.limits.messageTimeoutMs, 'message not finished in time');
    }
  }

  #setDeadline(timeoutMs: number, reason: string): void {
    this.#clearDeadline();
    this.#deadline = setTimeout(() => {
      // Bytes that wait in a paused socket are our delay, not the peer's.
      if (this.#readingPaused) this.#setDeadline(timeoutMs, reason);
      else this.close(CLOSE.policyViolation, reason);
    }, timeoutMs).unref();
  }

  #clearDeadline(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  #write(bytes: Uint8Array): void {
    this.#webSocket.send(bytes, this.#onWritten);
  }

  readonly #onWritten = (): void => {
    if (this.#closing || !(this.#pushPaused || this.#readingPaused)) return;
    this.#missedHeartbeats = 0;
    if (this.#waitingBytes() > this.#parts.limits.congestedBytes * RESUME_FRACTION) return;
    if (this.#readingPaused) {
      this.#readingPaused = false;
      this.#webSocket.resume();
    }
    if (this.#pushPaused) {
      this.#pushPaused = false;
      this.#connection.resume();
    }
  };

  #waitingBytes(): number {
    return this.#webSocket.bufferedAmount + this.#output.pendingBytes;
  }

  #closed(): void {
    this.#closing = true;
    this.#clearDeadline();
    this.#connection.closed();
  }
}
