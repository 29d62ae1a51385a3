/** Ctrl-C and SIGTERM, as something that can be waited for. */

import { ChatError } from '../../crypto/errors.ts';

export type InterruptionSignal = 'SIGINT' | 'SIGTERM';

/** The user or the system ended the command. */
export class InterruptedError extends ChatError {
  constructor(signal: InterruptionSignal) {
    if (signal === 'SIGINT') super('interrupted', 'interrupted');
    else super('terminated', 'terminated');
  }
}

export class Interruption {
  readonly #controller = new AbortController();
  #instead: (() => void) | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get happened(): boolean {
    return this.signal.aborted;
  }

  interrupt(by: InterruptionSignal): void {
    if (by === 'SIGINT' && this.#instead !== undefined) this.#instead();
    else this.#controller.abort(new InterruptedError(by));
  }

  /**
   * From now on Ctrl-C does this and interrupts nothing: the interactive chat has its own meaning for it.
   * @returns a function that ends it.
   */
  divert(instead: () => void): () => void {
    this.#instead = instead;
    return () => {
      this.#instead = undefined;
    };
  }

  /** @throws InterruptedError when it has happened. */
  check(): void {
    this.signal.throwIfAborted();
  }

  /**
   * The result of `work`, unless the interruption comes first. The work itself is not ended by it.
   * @throws InterruptedError
   */
  async race<T>(work: Promise<T>): Promise<T> {
    this.check();
    const { promise, reject } = withReject();
    const onAbort = (): void => reject(this.signal.reason);
    this.signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([work, promise]);
    } finally {
      this.signal.removeEventListener('abort', onAbort);
      // Whoever was interrupted no longer looks at what the work comes to.
      work.catch(() => undefined);
    }
  }
}

function withReject(): { readonly promise: Promise<never>; readonly reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<never>((_, rejectIt) => {
    reject = rejectIt;
  });
  return { promise, reject };
}
