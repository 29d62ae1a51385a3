/** One connection: hello, frames, requests and their answers. What the requests do is elsewhere. */

import { signHello } from '../../crypto/account/challenge.ts';
import { ChatError } from '../../crypto/errors.ts';
import { isFatal, OK, type RelayErrorCode, relayError, statusOf } from '../protocol/errors.ts';
import {
  CLOSE,
  ClientHello,
  Frame,
  NONCE_BYTES,
  PROTOCOL_VERSION,
  RelayHello,
  type RequestRecord,
} from '../protocol/frames.ts';
import { FRAME_MAX_BYTES } from '../protocol/limits.ts';
import type { AnonymousPeer, Caller, DevicePeer, EnrolmentPeer, PasswordPeer, Peer } from './caller.ts';
import type { RelayContext } from './context.ts';
import { DeviceLink, sendEvent } from './device-link.ts';
import { type Answer, answer, isExclusive } from './dispatch.ts';
import type { ConnectionSink, RelayConnection } from './ports.ts';

const ANONYMOUS: AnonymousPeer = { kind: 'anonymous' };
const SECOND_MS = 1_000;
const EMPTY = new Uint8Array(0);
/** The id of an answer to the hello, which has none. */
const HELLO_ID = 0;

const closeCodes: Partial<Record<RelayErrorCode, number>> = {
  superseded: CLOSE.superseded,
  'session-revoked': CLOSE.sessionRevoked,
  draining: CLOSE.goingAway,
  'unsupported-version': CLOSE.protocolError,
};

export interface ConnectionOwner {
  readonly context: RelayContext;
  /** Every request counts while it is answered, so that a drain can wait. */
  requestBegan(): void;
  requestEnded(): void;
  connectionClosed(connection: Connection): void;
}

export class Connection implements RelayConnection, Caller {
  readonly address: string;
  relayNonce: Uint8Array = EMPTY;
  readonly #owner: ConnectionOwner;
  readonly #sink: ConnectionSink;
  #peer: Peer = ANONYMOUS;
  #link: DeviceLink | undefined;
  #greeted = false;
  #closed = false;
  #unanswered = 0;
  /** It was told that the relay goes away, and closes with its last answer. */
  #ending = false;
  #second = 0;
  #thisSecond = 0;
  /** An exclusive request is running; what came after it waits here. */
  #waiting: RequestRecord[] | undefined;
  #wrongSignatures = 0;
  #wrongCapabilities = 0;

  constructor(owner: ConnectionOwner, sink: ConnectionSink, address: string) {
    this.#owner = owner;
    this.#sink = sink;
    this.address = address;
  }

  get peer(): Peer {
    return this.#peer;
  }

  get connection(): DeviceLink | undefined {
    return this.#link;
  }

  receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    if (bytes.length > FRAME_MAX_BYTES) {
      this.close(CLOSE.tooBig, 'frame too large');
      return;
    }
    try {
      if (this.#greeted) this.#receiveFrame(bytes);
      else this.#greet(bytes);
    } catch (error) {
      if (!(error instanceof ChatError)) {
        this.#owner.context.report({ where: 'a frame failed', error });
      }
      this.close(CLOSE.protocolError, 'malformed frame');
    }
  }

  resume(): void {
    this.#link?.resume();
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave();
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave();
    this.#sink.close(code, reason);
  }

  /** Tells the other end that the relay goes away. */
  announceDrain(reconnectAfterMs: number): void {
    if (this.#closed || !this.#greeted) return;
    sendEvent(this.#sink, 'draining', { reconnectAfterMs });
  }

  signIn(peer: DevicePeer | PasswordPeer | EnrolmentPeer): void {
    if (this.#closed) return;
    this.#peer = peer;
    if (peer.kind !== 'device') return;
    this.#link = new DeviceLink(this.#owner.context, this.#sink, peer, (code, reason) =>
      this.close(code, reason),
    );
    this.#owner.context.presence.enter(this.#link);
  }

  subscribe(window: number): void {
    this.#link?.subscribe(window);
  }

  clampToPushed(sequence: number): number {
    return Math.min(sequence, this.#link?.pushed ?? 0);
  }

  acknowledged(sequence: number): void {
    this.#link?.acknowledged(sequence);
  }

  suspect(what: 'signature' | 'capability'): void {
    if (what === 'signature') this.#wrongSignatures++;
    else this.#wrongCapabilities++;
  }

  #greet(bytes: Uint8Array): void {
    const { context } = this.#owner;
    const hello = ClientHello.decode(bytes);
    this.relayNonce = context.random.draw('linkNonce', NONCE_BYTES);
    const nonces = { clientNonce: hello.nonce, relayNonce: this.relayNonce };
    this.#sink.sendHello(
      RelayHello.encode({
        version: PROTOCOL_VERSION,
        rootKey: context.rootKey.publicKey,
        nonce: this.relayNonce,
        signature: signHello(context.rootKey.privateKey, nonces, context.random),
        features: [],
        nowMs: context.nowMs,
      }),
    );
    this.#greeted = true;
    if (hello.version !== PROTOCOL_VERSION) this.#refuse(HELLO_ID, 'unsupported-version');
    else if (context.draining) this.#refuse(HELLO_ID, 'draining');
  }

  #receiveFrame(bytes: Uint8Array): void {
    const { requests, responses, events } = Frame.decode(bytes);
    this.#turnSecond();
    if (responses.length > 0 || events.length > 0) {
      this.close(CLOSE.protocolError, 'only the relay answers');
      return;
    }
    for (const request of requests) {
      if (this.#closed) return;
      this.#accept(request);
    }
  }

  #accept(request: RequestRecord): void {
    const { context } = this.#owner;
    if (context.draining) {
      this.#refuseDraining(request.id);
      return;
    }
    const { requestsInFlight, requestsPerSecond } = context.limits;
    const tooMany = this.#unanswered >= requestsInFlight;
    if (tooMany || ++this.#thisSecond > requestsPerSecond) {
      const retryAfterMs = SECOND_MS;
      this.#respond(request.id, { error: tooMany ? 'busy' : 'rate-limited', body: EMPTY, retryAfterMs });
      return;
    }
    this.#unanswered++;
    this.#owner.requestBegan();
    if (this.#waiting === undefined) this.#start(request);
    else this.#waiting.push(request);
  }

  /** The connection closes with this, but not before what runs on it is answered. */
  #refuseDraining(id: number): void {
    if (this.#unanswered === 0) {
      this.#refuse(id, 'draining');
      return;
    }
    this.#ending = true;
    this.#sink.send({ response: { id, status: statusOf('draining'), body: EMPTY } });
  }

  #turnSecond(): void {
    const second = Math.floor(this.#owner.context.nowMs / SECOND_MS);
    if (second === this.#second) return;
    this.#second = second;
    this.#thisSecond = 0;
  }

  #start(request: RequestRecord): void {
    const exclusive = isExclusive(request.operation);
    if (exclusive) this.#waiting = [];
    const { context } = this.#owner;
    answer(context, this, request.operation, request.body)
      .then((result) => this.#finish(request, result, exclusive))
      .catch((error: unknown) => {
        context.report({ where: 'an answer failed', error });
        this.close(CLOSE.internalError, 'the relay failed');
      });
  }

  #finish(request: RequestRecord, result: Answer, exclusive: boolean): void {
    this.#unanswered--;
    this.#owner.requestEnded();
    this.#respond(request.id, result);
    for (const run of result.after ?? []) run();
    if (this.#isSuspicious()) this.close(CLOSE.policyViolation, 'too many refused attempts');
    if (exclusive) this.#startWaiting();
    if (this.#ending && this.#unanswered === 0) {
      this.close(CLOSE.goingAway, relayError('draining').message);
    }
  }

  #isSuspicious(): boolean {
    const { wrongSignatures, wrongCapabilities } = this.#owner.context.limits;
    return this.#wrongSignatures >= wrongSignatures || this.#wrongCapabilities >= wrongCapabilities;
  }

  #startWaiting(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const request of waiting) {
      if (this.#closed) {
        this.#unanswered--;
        this.#owner.requestEnded();
      } else if (this.#waiting === undefined) {
        this.#start(request);
      } else {
        (this.#waiting as RequestRecord[]).push(request);
      }
    }
  }

  #refuse(id: number, error: RelayErrorCode): void {
    this.#respond(id, { error, body: EMPTY });
  }

  #respond(id: number, { error, body, retryAfterMs }: Answer): void {
    if (this.#closed) return;
    const status = error === undefined ? OK : statusOf(error);
    const response = { id, status, body };
    this.#sink.send({
      response:
        retryAfterMs === undefined ? response : { ...response, retryAfterMs: atMostUint32(retryAfterMs) },
    });
    if (error !== undefined && isFatal(error)) {
      this.close(closeCodes[error] ?? CLOSE.policyViolation, relayError(error).message);
    }
  }

  #leave(): void {
    this.#link?.leave();
    this.#owner.connectionClosed(this);
  }
}

function atMostUint32(value: number): number {
  return Math.min(value, 0xffff_ffff);
}
