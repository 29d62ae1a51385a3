/** One WebSocket connection to a relay that has proved itself: requests out, answers and events in. */

import { WebSocket } from 'ws';
import { ChatError, RelayError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import type { MessageCodec } from '../../crypto/wire/schema.ts';
import { events } from '../../relay/protocol/events.ts';
import { Frame, NONCE_BYTES, type RequestRecord, WEBSOCKET_PATH } from '../../relay/protocol/frames.ts';
import { FRAME_MAX_BYTES, FRAME_MAX_RECORDS } from '../../relay/protocol/limits.ts';
import type { OperationName, RequestOf, ResponseOf } from '../../relay/protocol/operations.ts';
import type { Clock } from '../engine/clock.ts';
import { formatEndpoint } from '../wire/endpoint.ts';
import type { RelayAddress } from '../wire/uri.ts';
import {
  badAnswer,
  closeReason,
  connectionLost,
  insecureRelay,
  linkStopped,
  timedOut,
  unreachable,
} from './errors.ts';
import { encodeClientHello, verifyRelayHello } from './hello.ts';
import type { LinkLimits } from './limits.ts';
import { PendingRequests, REQUEST_OVERHEAD_BYTES } from './pending.ts';
import type { RelayEvent, RelayProof } from './transport.ts';

export interface ConnectionParams {
  readonly address: RelayAddress;
  readonly random: Random;
  readonly clock: Clock;
  readonly limits: LinkLimits;
  readonly onEvent?: (event: RelayEvent) => void;
  /** Gives the attempt up: it fails with `link-stopped`. */
  readonly signal?: AbortSignal;
}

/** Fragments of one message: our frames are sent whole, so a peer that sends more is playing. */
const MAX_FRAGMENTS = 16;
/** How long the closing handshake may take. */
const CLOSING_MAX_MS = 1_000;
/** What `ws` reports when the connection just ended (RFC 6455, section 7.1.5). */
const NO_CLOSE_FRAME = 1006;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;

const eventByNumber: ReadonlyMap<number, { name: string; codec: MessageCodec<unknown> }> = new Map(
  Object.entries(events).map(([name, { number, codec }]) => [number, { name, codec }]),
);

/** Whether plain WebSocket may be used for this host. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * Connects and lets the relay prove itself.
 * @throws RelayError `insecure-relay`, `relay-unreachable`, `relay-timeout`, `wrong-relay`, `unsupported-version`, `bad-answer`
 */
export function openConnection(params: ConnectionParams): Promise<Connection> {
  const { address, random, clock, limits } = params;
  if (!isLoopback(address.host)) return Promise.reject(insecureRelay());
  const socket = new WebSocket(`ws://${formatEndpoint(address)}${WEBSOCKET_PATH}`, {
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: FRAME_MAX_BYTES,
    maxFragments: MAX_FRAGMENTS,
  });
  socket.binaryType = 'nodebuffer';
  const nonce = random.draw('linkNonce', NONCE_BYTES);
  return new Promise((resolve, reject) => {
    const settle = () => {
      cancelTimeout();
      params.signal?.removeEventListener('abort', abort);
    };
    const refuse = (error: unknown) => {
      settle();
      reject(error);
      socket.terminate();
    };
    const cancelTimeout = clock.after(limits.connectTimeoutMs, () =>
      refuse(timedOut('no connection in time')),
    );
    const abort = () => refuse(linkStopped());
    params.signal?.addEventListener('abort', abort);
    socket.on('open', () => socket.send(encodeClientHello(nonce)));
    socket.on('error', (cause) => refuse(unreachable(cause)));
    socket.on('close', (code) => refuse(code === NO_CLOSE_FRAME ? unreachable() : closeReason(code)));
    socket.once('message', (data, isBinary) => {
      try {
        if (!isBinary) throw badAnswer('a text frame');
        const proof = verifyRelayHello(data as Buffer, nonce, address.fingerprint);
        settle();
        // In the same turn: a second frame may follow in this chunk.
        resolve(new Connection(socket, proof, params));
      } catch (error) {
        refuse(error);
      }
    });
  });
}

export class Connection {
  readonly proof: RelayProof;
  /** Resolves once, with the reason, when nothing can travel any more. */
  readonly closed: Promise<RelayError>;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #limits: LinkLimits;
  readonly #pending: PendingRequests;
  readonly #onEvent: (event: RelayEvent) => void;
  #resolveClosed: (reason: RelayError) => void = () => {};
  #failure: RelayError | undefined;
  #flushScheduled = false;
  #closing = false;
  #heard = true;
  #cancelHeartbeat: () => void = () => {};

  constructor(socket: WebSocket, proof: RelayProof, params: ConnectionParams) {
    this.#socket = socket;
    this.proof = proof;
    this.#clock = params.clock;
    this.#limits = params.limits;
    this.#pending = new PendingRequests(params.limits, () =>
      this.#clock.after(this.#limits.responseTimeoutMs, () => this.#fail(timedOut('a request'))),
    );
    this.#onEvent = params.onEvent ?? (() => {});
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    socket.removeAllListeners();
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('pong', () => this.#listened());
    socket.on('ping', () => this.#listened());
    socket.on('error', (cause) => this.#fail(connectionLost(cause)));
    socket.on('close', (code) => this.#fail(closeReason(code)));
    this.#armHeartbeat();
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /**
   * Sends a request with the others of this tick.
   * @throws RelayError what the relay answered, or the reason why no answer can come.
   */
  request<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const answer = this.#pending.add(name, request);
    this.#scheduleFlush();
    return answer;
  }

  /** Ends the connection once every request was answered. */
  closeWhenIdle(): void {
    this.#closing = true;
    if (this.#pending.isEmpty) this.close();
  }

  /** Ends the connection; unanswered requests fail with `link-stopped`. */
  close(): void {
    this.#fail(linkStopped());
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      if (this.isOpen) this.#flush();
    });
  }

  #flush(): void {
    let requests: RequestRecord[] = [];
    let size = 0;
    const send = () => {
      this.#socket.send(Frame.encode({ requests, responses: [], events: [] }));
      requests = [];
      size = 0;
    };
    for (const record of this.#pending.take()) {
      const bytes = record.body.length + REQUEST_OVERHEAD_BYTES;
      if (size + bytes > FRAME_MAX_BYTES || requests.length === FRAME_MAX_RECORDS) send();
      requests.push(record);
      size += bytes;
    }
    if (requests.length > 0) send();
  }

  #receive(data: Uint8Array, isBinary: boolean): void {
    if (!this.isOpen) return;
    this.#listened();
    try {
      if (!isBinary) throw badAnswer('a text frame');
      const { responses, events } = Frame.decode(data);
      for (const response of responses) this.#pending.settle(response);
      for (const { type, body } of events) this.#deliver(type, body);
      if (!this.#pending.isEmpty) this.#scheduleFlush();
      else if (this.#closing) this.close();
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      this.#fail(error instanceof RelayError ? error : badAnswer('a frame that cannot be read', error));
    }
  }

  #deliver(type: number, body: Uint8Array): void {
    const known = eventByNumber.get(type);
    // A newer relay may tell of things that this program does not know.
    if (known === undefined) return;
    this.#onEvent({ name: known.name, body: known.codec.decode(body) } as RelayEvent);
  }

  #listened(): void {
    this.#heard = true;
  }

  #armHeartbeat(): void {
    this.#cancelHeartbeat = this.#clock.after(this.#limits.heartbeatIdleMs, () => {
      if (!this.#heard) {
        this.#socket.ping();
        this.#cancelHeartbeat = this.#clock.after(this.#limits.heartbeatAnswerMs, () => {
          if (this.#heard) this.#armHeartbeat();
          else this.#fail(timedOut('no sign of life'));
        });
        return;
      }
      this.#heard = false;
      this.#armHeartbeat();
    });
  }

  #fail(reason: RelayError): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#cancelHeartbeat();
    this.#socket.removeAllListeners();
    // Ending a socket may still report an error, which nobody needs to hear.
    this.#socket.on('error', () => {});
    if (reason.code === 'link-stopped') this.#goodbye();
    else this.#socket.terminate();
    // That this connection must not come back says nothing against its unanswered requests.
    this.#pending.fail(reason.retry === 'never' ? connectionLost(reason) : reason);
    this.#resolveClosed(reason);
  }

  /** A relay that does not answer the closing handshake must not keep this process alive. */
  #goodbye(): void {
    this.#socket.close();
    const timer = setTimeout(() => this.#socket.terminate(), CLOSING_MAX_MS);
    timer.unref();
    this.#socket.once('close', () => clearTimeout(timer));
  }
}
