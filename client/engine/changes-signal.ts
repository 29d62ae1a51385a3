/** Wakes whoever waits for the state of an account to become something. */

import type { Clock } from './clock.ts';

export class ChangesSignal {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #version = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Something changed: those who wait look again. */
  notify(): void {
    this.#version++;
    for (const wake of [...this.#waiting]) wake();
  }

  /** @returns whether anything changed after `version` and within `timeoutMs`. */
  after(version: number, timeoutMs: number): Promise<boolean> {
    if (version !== this.#version) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (changed: boolean) => {
        cancel();
        this.#waiting.delete(wake);
        resolve(changed);
      };
      const wake = () => settle(true);
      const cancel = this.#clock.after(timeoutMs, () => settle(false));
      this.#waiting.add(wake);
    });
  }

  /**
   * Looks at a condition at once and after each change.
   * @returns whether it came true within `timeoutMs`, however long it takes to look.
   */
  async until(timeoutMs: number, condition: () => Promise<boolean>): Promise<boolean> {
    let passed = false;
    let expire: () => void = () => {};
    const expired = new Promise<false>((resolve) => {
      expire = () => resolve(false);
    });
    const cancel = this.#clock.after(timeoutMs, () => {
      passed = true;
      expire();
      this.notify();
    });
    const look = async (): Promise<boolean> => {
      for (;;) {
        const version = this.#version;
        if (await condition()) return true;
        if (passed) return false;
        await this.after(version, timeoutMs);
      }
    };
    const looking = look();
    try {
      return await Promise.race([looking, expired]);
    } finally {
      cancel();
      // Whoever waited no longer cares how the last look ends.
      looking.catch(() => undefined);
    }
  }
}
