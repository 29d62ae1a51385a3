/** Time as the engine and the links see it; tests drive their own. */

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Calls back once. @returns a function that cancels it; calling it late does nothing. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Node turns a longer delay into one millisecond. */
const TIMER_MAX_MS = 2_147_483_647;

/** The system's clock. Its timers do not keep a process alive that has nothing else to do. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), TIMER_MAX_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
