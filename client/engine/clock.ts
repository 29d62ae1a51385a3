/** Time as the engine and the links see it; tests drive their own. */

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Calls back once. @returns a function that cancels it; calling it late does nothing. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Node turns a longer delay into one millisecond. */
const TIMER_MAX_MS = 2_147_483_647;

/** The system's clock. Its timers keep the process alive, so whoever waits for one is not left in the middle. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), TIMER_MAX_MS));
    return () => clearTimeout(timer);
  },
};
