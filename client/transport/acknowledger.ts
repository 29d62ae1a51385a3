/** Cumulative acknowledgements: only the newest matters, and one at a time travels. */

export class Acknowledger {
  readonly #send: (sequence: number) => Promise<unknown>;
  #wanted = 0;
  #sent = 0;
  #running: Promise<void> | undefined;

  /** @param send Rejects when the connection is gone; what was not acknowledged will be pushed again. */
  constructor(send: (sequence: number) => Promise<unknown>) {
    this.#send = send;
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

  async #run(): Promise<void> {
    // Everything acknowledged in this turn goes in one request.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#sent < this.#wanted) {
        const sequence = this.#wanted;
        await this.#send(sequence);
        this.#sent = sequence;
      }
    } catch {
      // The link reports why it is down; the relay pushes again what it still has.
      this.#wanted = this.#sent;
    }
    this.#running = undefined;
  }
}
