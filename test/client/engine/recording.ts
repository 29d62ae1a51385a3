/** A store, a transport and a machine that write down what happens to them, in one list. */

import type { Env, StepOutput } from '../../../client/core/effects.ts';
import type { Input } from '../../../client/core/input.ts';
import type { View, Write } from '../../../client/core/tables.ts';
import type { Machine } from '../../../client/engine/machine.ts';
import type { Store } from '../../../client/store/store.ts';
import type { Transport, TransportHandlers } from '../../../client/transport/transport.ts';
import { RelayError } from '../../../crypto/errors.ts';
import { Secret } from '../../../crypto/secret.ts';
import type { EnvelopeEvent } from '../../../relay/protocol/events.ts';

export type Journal = string[];

/** Commits wait for `release` when `hold` is set; `fail` makes the next one fail. */
export interface StoreControl {
  hold: boolean;
  release: () => void;
  fail: Error | undefined;
}

export function recordingStore(store: Store, journal: Journal, control: StoreControl): Store {
  return {
    get: (table, key) => store.get(table, key),
    list: (table) => store.list(table),
    at: (log, owner, sequence) => store.at(log, owner, sequence),
    snapshot: () => store.snapshot(),
    async commit(writes: readonly Write[]) {
      journal.push(`commit ${writes.length}`);
      if (control.hold) {
        await new Promise<void>((resolve) => {
          control.release = resolve;
        });
      }
      if (control.fail !== undefined) {
        journal.push('commit failed');
        throw control.fail;
      }
      await store.commit(writes);
      journal.push('committed');
    },
    async close() {
      journal.push('store closed');
      await store.close();
    },
  };
}

export interface RecordingTransport extends Transport {
  handlers: TransportHandlers | undefined;
  /** Answers requests; the default never does. */
  answer: (operation: string, request: unknown) => Promise<unknown>;
  /** When the relay has answered the acknowledgements. */
  settled: Promise<void>;
}

export function recordingTransport(journal: Journal): RecordingTransport {
  const transport: RecordingTransport = {
    handlers: undefined,
    answer: () => new Promise(() => {}),
    start(handlers) {
      journal.push('start');
      transport.handlers = handlers;
    },
    request(link, operation, request) {
      journal.push(`request ${link} ${operation}`);
      return transport.answer(operation, request) as Promise<never>;
    },
    acknowledge: (sequence) => void journal.push(`acknowledge ${sequence}`),
    settled: Promise.resolve(),
    acknowledged: () => transport.settled,
    nudge: () => void journal.push('nudge'),
    async stop() {
      journal.push('stop');
    },
  };
  return transport;
}

export type StepFunction = (view: View, input: Input, env: Env) => Partial<StepOutput>;

export interface RecordingMachine extends Machine {
  readonly inputs: Input[];
  onStep: StepFunction;
  wakeMs: number | undefined;
  unsent: number;
}

export function recordingMachine(journal: Journal): RecordingMachine {
  const machine: RecordingMachine = {
    inputs: [],
    onStep: () => ({}),
    wakeMs: undefined,
    unsent: 0,
    step(view, input, env) {
      machine.inputs.push(input);
      journal.push(`step ${input.kind}`);
      return { writes: [], effects: [], events: [], spent: [], ...machine.onStep(view, input, env) };
    },
    nextWakeMs: () => machine.wakeMs,
    unsentCount: () => machine.unsent,
    signInRequest: () => {
      throw new RelayError('not-here', 'the recording transport does not sign in');
    },
    answer: async () => [] as never,
  };
  return machine;
}

/** A secret that notes when it is wiped. */
export function notedSecret(journal: Journal): Secret<'Noted'> {
  const secret = new Secret('Noted', new Uint8Array(4).fill(1));
  const wipe = secret.wipe.bind(secret);
  secret.wipe = () => {
    journal.push('wipe');
    wipe();
  };
  return secret;
}

export function envelope(sequence: number): EnvelopeEvent {
  return {
    sequence,
    envelopeId: new Uint8Array(16).fill(sequence),
    kind: 1,
    bytes: Uint8Array.of(sequence),
    stampMs: 0,
    authority: 1,
  };
}
