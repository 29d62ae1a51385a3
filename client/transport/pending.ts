/** The unanswered requests of one connection: at most so many and so many bytes travel, the rest waits. */

import { ChatError, type RelayError } from '../../crypto/errors.ts';
import { OK, relayError } from '../../relay/protocol/errors.ts';
import type { RequestRecord, ResponseRecord } from '../../relay/protocol/frames.ts';
import { FRAME_MAX_BYTES } from '../../relay/protocol/limits.ts';
import {
  type OperationName,
  operations,
  type RequestOf,
  type ResponseOf,
  StaleDevices,
} from '../../relay/protocol/operations.ts';
import { badAnswer } from './errors.ts';
import type { LinkLimits } from './limits.ts';
import { StaleDevicesError } from './stale-devices-error.ts';

/** A request's number, operation and lengths around its body. */
export const REQUEST_OVERHEAD_BYTES = 32;

interface PendingRequest {
  readonly record: RequestRecord;
  readonly operation: OperationName;
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: RelayError) => void;
  cancelTimeout: () => void;
}

type PendingLimits = Pick<LinkLimits, 'inFlightMax' | 'inFlightMaxBytes' | 'waitingMax'>;

export class PendingRequests {
  readonly #limits: PendingLimits;
  readonly #startTimeout: () => () => void;
  readonly #inFlight = new Map<number, PendingRequest>();
  #waiting: PendingRequest[] = [];
  #inFlightBytes = 0;
  #nextId = 1;

  /** @param startTimeout Called for each request that leaves; what it returns is called when the answer is there. */
  constructor(limits: PendingLimits, startTimeout: () => () => void) {
    this.#limits = limits;
    this.#startTimeout = startTimeout;
  }

  get isEmpty(): boolean {
    return this.#inFlight.size === 0 && this.#waiting.length === 0;
  }

  add<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    const operation = operations[name];
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= this.#limits.waitingMax) throw relayError('busy');
      const encode = operation.request.encode as (value: RequestOf<Name>) => Uint8Array;
      const record = { id: this.#nextId, operation: operation.number, body: encode(request) };
      if (sizeOf(record) > FRAME_MAX_BYTES) throw relayError('too-large');
      this.#nextId = (this.#nextId % 0xffff_ffff) + 1;
      this.#waiting.push({
        record,
        operation: name,
        resolve: resolve as (response: unknown) => void,
        reject,
        cancelTimeout: () => {},
      });
    });
  }

  /** Moves requests that may travel now out of the queue. */
  take(): RequestRecord[] {
    let count = 0;
    for (const pending of this.#waiting) {
      const { record } = pending;
      const size = sizeOf(record);
      const isFull =
        this.#inFlight.size >= this.#limits.inFlightMax ||
        this.#inFlightBytes + size > this.#limits.inFlightMaxBytes;
      // One that is larger than the limit alone must not wait for ever.
      if (isFull && this.#inFlight.size > 0) break;
      this.#inFlight.set(record.id, pending);
      pending.cancelTimeout = this.#startTimeout();
      this.#inFlightBytes += size;
      count++;
    }
    return this.#waiting.splice(0, count).map(({ record }) => record);
  }

  /** @throws RelayError `bad-answer` for an answer that nothing asked for or that cannot be read. */
  settle(response: ResponseRecord): void {
    const pending = this.#inFlight.get(response.id);
    if (pending === undefined) throw badAnswer('an answer to no request');
    this.#inFlight.delete(response.id);
    this.#inFlightBytes -= sizeOf(pending.record);
    pending.cancelTimeout();
    if (response.status !== OK) {
      pending.reject(refusal(response));
      return;
    }
    try {
      pending.resolve(operations[pending.operation].response.decode(response.body));
    } catch (cause) {
      const error = badAnswer('an answer that cannot be read', cause);
      pending.reject(error);
      throw error;
    }
  }

  /** No answer will come any more. */
  fail(error: RelayError): void {
    const all = [...this.#inFlight.values(), ...this.#waiting];
    this.#inFlight.clear();
    this.#waiting = [];
    this.#inFlightBytes = 0;
    for (const { cancelTimeout, reject } of all) {
      cancelTimeout();
      reject(error);
    }
  }
}

function sizeOf({ body }: RequestRecord): number {
  return body.length + REQUEST_OVERHEAD_BYTES;
}

function refusal({ status, retryAfterMs, body }: ResponseRecord): RelayError {
  const error = relayError(status, retryAfterMs === undefined ? {} : { retryAfterMs });
  if (error.code !== 'stale-devices') return error;
  try {
    return new StaleDevicesError(StaleDevices.decode(body).records);
  } catch (cause) {
    if (!(cause instanceof ChatError)) throw cause;
    return badAnswer('a device list that cannot be read', cause);
  }
}
