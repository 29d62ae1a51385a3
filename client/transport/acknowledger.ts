/** Cumulative acknowledgements: only the newest matters, and one at a time travels. */

import { RelayError } from '../../crypto/errors.ts';

export interface AcknowledgerParams {
  /** Rejects with what the relay refused with, or when the connection is gone. */
  readonly send: (sequence: number) => Promise<unknown>;
  /** Calls back once. @returns a function that cancels it. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** Between two tries, unless the relay asked for more. */
  readonly againMs: number;
}

export class Acknowledger {
  readonly #params: AcknowledgerParams;
  #wanted = 0;
  #sent = 0;
  #running: Promise<void> | undefined;
  #stopped = false;
  #wake: () => void = () => {};

  constructor(params: AcknowledgerParams) {
    this.#params = params;
  }

  acknowledge(sequence: number): void {
    if (sequence <= this.#wanted) return;
    this.#wanted = sequence;
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is left to send, or nothing can be sent. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** The connection is gone: the relay pushes again what it still has. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    // Everything acknowledged in this turn goes in one request.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#sent < this.#wanted && !this.#stopped) {
      const sequence = this.#wanted;
      try {
        await this.#params.send(sequence);
        this.#sent = sequence;
      } catch (error) {
        if (!(error instanceof RelayError) || error.retry === 'never') this.#wanted = this.#sent;
        // A relay whose window is full pushes nothing more, so nothing would ever be acknowledged again.
        else await this.#pause(error.retryAfterMs);
      }
    }
    this.#running = undefined;
  }

  #pause(askedMs = 0): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) {
        resolve();
        return;
      }
      const { after, againMs } = this.#params;
      const cancel = after(Math.max(askedMs, againMs), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
