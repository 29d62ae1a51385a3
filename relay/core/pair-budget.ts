/**
 * How much one account may ask another that has not answered. Counted under an HMAC with a key that lives for
 * a day and in memory only, so that not even this process keeps who asked whom.
 */

import { hmacSha256 } from '../../crypto/primitives/hmac.ts';
import type { Random } from '../../crypto/random.ts';
import { DAY_MS, untilNextDay } from './day-counters.ts';
import { binaryText } from './map-keys.ts';

interface Spent {
  /** Their envelope ids, so that a repetition is not a second one. */
  readonly requests: Set<string>;
  bytes: number;
}

export interface PairRequest {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly envelopeId: Uint8Array;
  readonly bytes: number;
}

export interface PairLimits {
  readonly requests: number;
  readonly bytes: number;
}

const DAY_KEY_BYTES = 32;
const PAIRS_MAX = 200_000;

export class PairBudget {
  readonly #limits: PairLimits;
  readonly #random: Random;
  readonly #pairsMax: number;
  readonly #spent = new Map<string, Spent>();
  #day = -1;
  #dayKey: Uint8Array = new Uint8Array(DAY_KEY_BYTES);

  constructor(limits: PairLimits, random: Random, pairsMax = PAIRS_MAX) {
    this.#pairsMax = pairsMax;
    this.#limits = limits;
    this.#random = random;
  }

  /** @returns 0 when the request fits into the pair's day and is counted, else the ms until the next day */
  take(request: PairRequest, nowMs: number): number {
    const spent = this.#find(request, nowMs);
    const id = binaryText(request.envelopeId);
    if (spent.requests.has(id)) return 0;
    const bytes = spent.bytes + request.bytes;
    if (spent.requests.size >= this.#limits.requests || bytes > this.#limits.bytes)
      return untilNextDay(nowMs);
    spent.requests.add(id);
    spent.bytes = bytes;
    return 0;
  }

  /** The request reached nobody through no fault of its sender. */
  giveBack(request: PairRequest, nowMs: number): void {
    const spent = this.#find(request, nowMs);
    if (spent.requests.delete(binaryText(request.envelopeId))) {
      spent.bytes = Math.max(0, spent.bytes - request.bytes);
    }
  }

  #find({ from, to }: PairRequest, nowMs: number): Spent {
    const day = Math.floor(nowMs / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#spent.clear();
      this.#dayKey.fill(0);
      this.#dayKey = this.#random.draw('salt', DAY_KEY_BYTES);
    }
    const key = binaryText(hmacSha256(this.#dayKey, from, to));
    let spent = this.#spent.get(key);
    if (spent === undefined) {
      if (this.#spent.size >= this.#pairsMax) this.#forgetOldest();
      spent = { requests: new Set(), bytes: 0 };
      this.#spent.set(key, spent);
    }
    return spent;
  }

  #forgetOldest(): void {
    const [oldest] = this.#spent.keys();
    if (oldest !== undefined) this.#spent.delete(oldest);
  }
}
