/** Makes guessing passphrases slow: after a few failures each further one doubles the time until the next try. */

interface Failures {
  count: number;
  blockedUntilMs: number;
}

const FIRST_WAIT_MS = 1_000;
/** Long enough to make guessing hopeless, short enough that nobody is locked out of an account for a day. */
const LONGEST_WAIT_MS = 900_000;
const FORGET_AFTER_MS = 3_600_000;
const KEYS_MAX = 100_000;

export class LoginBackoff {
  readonly #free: number;
  readonly #keysMax: number;
  readonly #failures = new Map<string, Failures>();

  /** @param free - failures that cost no time */
  constructor(free: number, keysMax = KEYS_MAX) {
    this.#keysMax = keysMax;
    this.#free = free;
  }

  /**
   * Counts a try as failed before it is judged, so that many at a time are not one.
   *
   * @returns 0, or the ms until the next try is allowed; that one is not counted
   */
  begin(key: string, nowMs: number): number {
    const known = this.#failures.get(key);
    if (known !== undefined && known.blockedUntilMs > nowMs) return known.blockedUntilMs - nowMs;
    if (known === undefined && this.#failures.size >= this.#keysMax) this.#forgetOldest();
    const count = (known?.count ?? 0) + 1;
    const over = count - this.#free;
    const waitMs = over < 1 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (over - 1));
    this.#failures.set(key, { count, blockedUntilMs: nowMs + waitMs });
    return 0;
  }

  /** The try was right after all. */
  succeed(key: string): void {
    this.#failures.delete(key);
  }

  /** The try was not judged, or says nothing about the others of this key: as if it had not been. */
  takeBack(key: string): void {
    const known = this.#failures.get(key);
    if (known === undefined) return;
    known.count--;
    known.blockedUntilMs = 0;
    if (known.count === 0) this.#failures.delete(key);
  }

  sweep(nowMs: number): void {
    for (const [key, { blockedUntilMs }] of this.#failures) {
      if (blockedUntilMs + FORGET_AFTER_MS < nowMs) this.#failures.delete(key);
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }
}
