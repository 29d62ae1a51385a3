/** Token buckets by key, in memory of this process: a restart fills them all. */

interface Bucket {
  tokens: number;
  updatedMs: number;
}

/** At some 100 bytes each; above it the fullest knowledge is not worth its memory. */
const KEYS_MAX = 200_000;
/** A token that is nearly there counts: sums of fractions are never quite exact. */
const ROUNDING = 1e-6;

export class TokenBuckets {
  readonly #capacity: number;
  readonly #perMs: number;
  readonly #keysMax: number;
  readonly #buckets = new Map<string, Bucket>();

  /** A bucket starts full with `capacity` tokens and gains `refill` of them in `periodMs`. */
  constructor(capacity: number, refill: number, periodMs: number, keysMax = KEYS_MAX) {
    this.#keysMax = keysMax;
    this.#capacity = capacity;
    this.#perMs = refill / periodMs;
  }

  /** @returns 0 when the tokens were there and are taken, else in how many ms they will be; nothing is taken then. */
  take(key: string, tokens: number, nowMs: number): number {
    const bucket = this.#fill(key, nowMs);
    if (bucket.tokens + ROUNDING >= tokens) {
      bucket.tokens = Math.max(0, bucket.tokens - tokens);
      return 0;
    }
    const missing = Math.min(tokens, this.#capacity) - bucket.tokens;
    return Math.max(1, Math.ceil((missing - ROUNDING) / this.#perMs));
  }

  giveBack(key: string, tokens: number): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#capacity, bucket.tokens + tokens);
  }

  forget(key: string): void {
    this.#buckets.delete(key);
  }

  /** Forgets what is full again. */
  sweep(nowMs: number): void {
    for (const [key, { tokens, updatedMs }] of this.#buckets) {
      if (tokens + (nowMs - updatedMs) * this.#perMs >= this.#capacity) this.#buckets.delete(key);
    }
  }

  #fill(key: string, nowMs: number): Bucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) {
      const gained = Math.max(0, nowMs - known.updatedMs) * this.#perMs;
      known.tokens = Math.min(this.#capacity, known.tokens + gained);
      known.updatedMs = nowMs;
      return known;
    }
    if (this.#buckets.size >= this.#keysMax) this.#forgetOldest();
    const bucket = { tokens: this.#capacity, updatedMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
