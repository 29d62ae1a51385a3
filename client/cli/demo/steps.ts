/** The steps of the demo: each has a limit, and one that takes long says what it waits for. */

import { ChatError } from '../../../crypto/errors.ts';
import type { PositionedEvent } from '../../core/events.ts';
import type { AccountSurface } from '../../core/surface.ts';
import type { Interruption } from '../interruption.ts';
import { phrase, type SafeText } from '../safe-text.ts';
import type { Printer } from '../voice.ts';

const STEP_MAX_MS = 10_000;
/** A step that takes longer is worth a word. */
const PATIENCE_MS = 2_000;

export class Steps {
  readonly #interruption: Interruption;
  readonly #printer: Printer;

  constructor({ interruption, printer }: { readonly interruption: Interruption; readonly printer: Printer }) {
    this.#interruption = interruption;
    this.#printer = printer;
  }

  /** @throws ChatError `demo-timeout`; InterruptedError */
  async wait<T>(what: SafeText, work: Promise<T>): Promise<T> {
    const patience = setTimeout(() => this.#printer.note(phrase`waiting: ${what}`), PATIENCE_MS);
    let limit: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      limit = setTimeout(() => {
        reject(new ChatError('demo-timeout', `the demo waited ${STEP_MAX_MS / 1_000} s: ${what}`));
      }, STEP_MAX_MS);
    });
    try {
      return await this.#interruption.race(Promise.race([work, timeout]));
    } finally {
      clearTimeout(patience);
      clearTimeout(limit);
    }
  }
}

/** Everything an account says, kept so that what came early is not missed. */
export class Happenings {
  readonly #events: PositionedEvent[] = [];
  readonly #unsubscribe: () => void;
  #wakes: (() => void)[] = [];

  constructor(surface: AccountSurface) {
    this.#unsubscribe = surface.subscribe((event) => {
      this.#events.push(event);
      const wakes = this.#wakes;
      this.#wakes = [];
      for (const wake of wakes) wake();
    });
  }

  async until<Event extends PositionedEvent>(
    fits: (event: PositionedEvent) => event is Event,
  ): Promise<Event> {
    for (;;) {
      const found = this.#events.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wakes.push(resolve));
    }
  }

  end(): void {
    this.#unsubscribe();
  }
}
