/**
 * How much one account may ask another that has not answered. Counted under an HMAC with a key that lives for
 * a day and in memory only, so that not even this process keeps who asked whom.
 */

import { hmacSha256 } from '../../crypto/primitives/hmac.ts';
import type { Random } from '../../crypto/random.ts';
import { DAY_MS, untilNextDay } from './day-counters.ts';
import { binaryText } from './map-keys.ts';

interface Counted {
  bytes: number;
  /** How often it was taken and not given back. */
  uses: number;
}

interface Spent {
  /** By envelope id, so that a repetition is not a second one. */
  readonly requests: Map<string, Counted>;
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

  /**
   * The first request of a day fits whatever its size: it may have to carry a long chain of records.
   *
   * @returns 0 when the request fits into the pair's day and is counted, else the ms until the next day
   */
  take(request: PairRequest, nowMs: number): number {
    const spent = this.#find(request, nowMs);
    const id = binaryText(request.envelopeId);
    const known = spent.requests.get(id);
    const more = Math.max(0, request.bytes - (known?.bytes ?? 0));
    const others = spent.requests.size - (known === undefined ? 0 : 1);
    const fits = (more === 0 && known !== undefined) || others === 0 || this.#leaves(spent, more);
    if (!fits || others >= this.#limits.requests) return untilNextDay(nowMs);
    spent.requests.set(id, { bytes: (known?.bytes ?? 0) + more, uses: (known?.uses ?? 0) + 1 });
    spent.bytes += more;
    return 0;
  }

  /** The request reached nobody through no fault of its sender, and neither did a repetition of it. */
  giveBack(request: PairRequest, nowMs: number): void {
    if (dayOf(nowMs) !== this.#day) return;
    const spent = this.#find(request, nowMs);
    const id = binaryText(request.envelopeId);
    const known = spent.requests.get(id);
    if (known === undefined || --known.uses > 0) return;
    spent.requests.delete(id);
    spent.bytes -= known.bytes;
  }

  #leaves(spent: Spent, bytes: number): boolean {
    return spent.bytes + bytes <= this.#limits.bytes;
  }

  #find({ from, to }: PairRequest, nowMs: number): Spent {
    const day = dayOf(nowMs);
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
      spent = { requests: new Map(), bytes: 0 };
      this.#spent.set(key, spent);
    }
    return spent;
  }

  #forgetOldest(): void {
    const [oldest] = this.#spent.keys();
    if (oldest !== undefined) this.#spent.delete(oldest);
  }
}

function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}
