/** A clock that a test moves. */

import type { Clock } from '../../client/engine/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export interface ManualClock extends Clock {
  /** Moves time on, calling what falls due in its order. */
  advance(ms: number): void;
  readonly timers: number;
}

export function manualClock(startMs = 1_700_000_000_000): ManualClock {
  let now = startMs;
  const timers = new Set<Timer>();
  return {
    nowMs: () => now,
    after(delayMs, callback) {
      const timer = { dueMs: now + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ dueMs }) => dueMs <= end).sort((a, b) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.dueMs);
        next.callback();
      }
      now = end;
    },
    get timers() {
      return timers.size;
    },
  };
}
