/**
 * The one writer of an account: inputs in, one after the other, in bursts that share a commit. The order is
 * law: load, step, commit, wipe what is spent, release effects, tell the front ends, acknowledge last. A crash
 * anywhere is a replay.
 */

import { BugError, ChatError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import type { AnySecret } from '../../crypto/secret.ts';
import type { Effect, StepOutput } from '../core/effects.ts';
import type { PositionedEvent } from '../core/events.ts';
import type { Input } from '../core/input.ts';
import { Overlay } from '../store/overlay.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from './clock.ts';
import type { Machine } from './machine.ts';

/** Inputs of one commit: enough to make the disk cheap, few enough to keep the process answering. */
export const BURST_MAX_INPUTS = 128;

export interface WriterParams {
  readonly store: Store;
  readonly machine: Pick<Machine, 'step'>;
  readonly random: Random;
  readonly clock: Clock;
  readonly outlets: WriterOutlets;
}

export interface WriterOutlets {
  release(effect: Effect): void;
  emit(event: PositionedEvent): void;
  acknowledge(sequence: number): void;
  /** A burst is durable and everything in it was released. */
  done(): void;
  /** Nothing was released since the last `done`, and nothing ever will be again. */
  failed(error: ChatError): void;
}

interface Burst {
  readonly overlay: Overlay;
  readonly effects: Effect[];
  readonly events: PositionedEvent[];
  readonly spent: AnySecret[];
  acknowledged: number | undefined;
}

export class Writer {
  readonly #params: WriterParams;
  #queue: Input[] = [];
  #running: Promise<void> | undefined;
  #handling = false;
  #stopped = false;

  constructor(params: WriterParams) {
    this.#params = params;
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && !this.#handling;
  }

  /** Puts an input in the place of one that waits for its turn. @returns whether there was one. */
  replace(input: Input, fits: (waiting: Input) => boolean): boolean {
    const at = this.#queue.findIndex(fits);
    if (at >= 0) this.#queue[at] = input;
    return at >= 0;
  }

  /** @returns whether it will be handled: a writer that was stopped takes nothing. */
  push(input: Input): boolean {
    if (this.#stopped) return false;
    this.#queue.push(input);
    this.#running ??= this.#run();
    return true;
  }

  /** Takes no more inputs; resolves when those before it are handled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // What arrives in this turn belongs together: a frame brings many envelopes.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0) {
        this.#handling = true;
        await this.#handle(this.#queue.splice(0, BURST_MAX_INPUTS));
        this.#handling = false;
        this.#params.outlets.done();
        // Bursts that touch no disk must not keep sockets and timers waiting.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      this.#stopped = true;
      this.#queue = [];
      this.#params.outlets.failed(
        error instanceof ChatError ? error : new BugError('bug', 'the account stopped', { cause: error }),
      );
    } finally {
      this.#running = undefined;
    }
  }

  async #handle(inputs: readonly Input[]): Promise<void> {
    const { store, outlets } = this.#params;
    const burst: Burst = {
      overlay: new Overlay(store),
      effects: [],
      events: [],
      spent: [],
      acknowledged: undefined,
    };
    for (const input of inputs) this.#step(burst, input);
    await store.commit(burst.overlay.writes());
    for (const secret of burst.spent) secret.wipe();
    for (const effect of burst.effects) outlets.release(effect);
    for (const event of burst.events) outlets.emit(event);
    if (burst.acknowledged !== undefined) outlets.acknowledge(burst.acknowledged);
  }

  #step(burst: Burst, input: Input): void {
    const { machine, random, clock } = this.#params;
    let output: StepOutput;
    try {
      output = machine.step(burst.overlay, input, { nowMs: clock.nowMs(), random });
    } catch (error) {
      // A refused command changes nothing. Anything else that throws cannot be skipped: its acknowledgement
      // would be included in the next one, and a message would be lost.
      if (input.kind !== 'command') throw error;
      burst.effects.push({ kind: 'failure', id: input.id, error: asChatError(error) });
      return;
    }
    burst.overlay.add(output.writes);
    for (const effect of output.effects) {
      if (effect.kind === 'acknowledge') {
        burst.acknowledged = Math.max(burst.acknowledged ?? 0, effect.sequence);
      } else {
        burst.effects.push(effect);
      }
    }
    burst.events.push(...output.events);
    burst.spent.push(...output.spent);
  }
}

function asChatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  return new BugError('bug', 'a command failed for a reason of our own', { cause: error });
}
