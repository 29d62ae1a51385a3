/** Counts by key that begin anew every day (UTC), in memory of this process. */

export const DAY_MS = 86_400_000;
/** At some 100 bytes each. */
const KEYS_MAX = 200_000;

export class DayCounters {
  readonly #max: number;
  readonly #keysMax: number;
  readonly #counts = new Map<string, number>();
  #day = -1;

  constructor(max: number, keysMax = KEYS_MAX) {
    this.#keysMax = keysMax;
    this.#max = max;
  }

  /** @returns 0 when this many more fit into the day and are counted, else the ms until the next day */
  take(key: string, amount: number, nowMs: number): number {
    this.#turn(nowMs);
    const count = (this.#counts.get(key) ?? 0) + amount;
    if (count > this.#max) return untilNextDay(nowMs);
    if (count === amount && this.#counts.size >= this.#keysMax) this.#forgetOldest();
    this.#counts.set(key, count);
    return 0;
  }

  giveBack(key: string, amount: number, nowMs: number): void {
    this.#turn(nowMs);
    const count = this.#counts.get(key);
    if (count !== undefined) this.#counts.set(key, Math.max(0, count - amount));
  }

  #turn(nowMs: number): void {
    const day = Math.floor(nowMs / DAY_MS);
    if (day === this.#day) return;
    this.#day = day;
    this.#counts.clear();
  }

  #forgetOldest(): void {
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }
}

export function untilNextDay(nowMs: number): number {
  return DAY_MS - (nowMs % DAY_MS);
}
