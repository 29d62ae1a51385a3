/**
 * What one step has changed so far, laid over the view it began with. Handlers read their own and each
 * other's writes, and a failed one is dropped as a whole.
 */

import type { ChatError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import type { AnySecret } from '../../crypto/secret.ts';
import type { Effect, Env, StepOutput } from './effects.ts';
import type { AccountEvent } from './events.ts';
import { ONLY } from './tables/define.ts';
import { countersTable } from './tables/own.ts';
import type { Log, Table, View, Write } from './tables.ts';

/** `row` undefined: deleted. */
interface RowChange {
  readonly key: Uint8Array;
  readonly row: unknown;
}

interface EntryChange {
  readonly owner: Uint8Array;
  readonly sequence: number;
  readonly row: unknown;
}

/** Work at the relay that this step made necessary; done once, at its end. */
export type Chore = 'capabilities' | 'prekeys' | 'records' | 'settings';

interface RaisedEvent {
  readonly event: AccountEvent;
  readonly position: number | undefined;
}

export class Transaction implements View {
  readonly nowMs: number;
  readonly random: Random;
  readonly #base: View;
  readonly #rows = new Map<Table<unknown>, Map<string, RowChange>>();
  readonly #entries = new Map<Log<unknown>, Map<string, EntryChange>>();
  readonly #effects: Effect[] = [];
  readonly #events: RaisedEvent[] = [];
  readonly #spent: AnySecret[] = [];
  readonly #chores = new Set<Chore>();

  constructor(base: View, env: Env) {
    this.#base = base;
    this.nowMs = env.nowMs;
    this.random = env.random;
  }

  get<T>(table: Table<T>, key: Uint8Array): T | undefined {
    const change = this.#rows.get(table)?.get(textOf(key));
    return change === undefined ? this.#base.get(table, key) : (change.row as T | undefined);
  }

  list<T>(table: Table<T>): readonly (readonly [Uint8Array, T])[] {
    const changes = this.#rows.get(table);
    if (changes === undefined) return [...this.#base.list(table)];
    const out: (readonly [Uint8Array, T])[] = [];
    for (const entry of this.#base.list(table)) if (!changes.has(textOf(entry[0]))) out.push(entry);
    for (const { key, row } of changes.values()) if (row !== undefined) out.push([key, row as T]);
    return out;
  }

  at<T>(log: Log<T>, owner: Uint8Array, sequence: number): T | undefined {
    const change = this.#entries.get(log)?.get(entryKey(owner, sequence));
    return change === undefined ? this.#base.at(log, owner, sequence) : (change.row as T | undefined);
  }

  put<T>(table: Table<T>, key: Uint8Array, row: T): void {
    this.#changeRow(table, key, row);
  }

  delete<T>(table: Table<T>, key: Uint8Array): void {
    this.#changeRow(table, key, undefined);
  }

  putAt<T>(log: Log<T>, owner: Uint8Array, sequence: number, row: T): void {
    this.#changeEntry(log, owner, sequence, row);
  }

  deleteAt<T>(log: Log<T>, owner: Uint8Array, sequence: number): void {
    this.#changeEntry(log, owner, sequence, undefined);
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** `position` is the event's own place in the event log, when it has one. */
  event(event: AccountEvent, position?: number): void {
    this.#events.push({ event, position });
  }

  spend(...secrets: readonly AnySecret[]): void {
    this.#spent.push(...secrets);
  }

  want(chore: Chore): void {
    this.#chores.add(chore);
  }

  /** Takes what is wanted off the list. */
  takeChores(): ReadonlySet<Chore> {
    const chores = new Set(this.#chores);
    this.#chores.clear();
    return chores;
  }

  result(id: string, value: unknown): void {
    this.effect({ kind: 'result', id, value });
  }

  failure(id: string, error: ChatError): void {
    this.effect({ kind: 'failure', id, error });
  }

  /** Runs `handler` so that a thrown error leaves none of its changes behind. */
  attempt<R>(handler: (inner: Transaction) => R): R {
    const inner = new Transaction(this, this);
    const result = handler(inner);
    for (const [table, changes] of inner.#rows) {
      for (const { key, row } of changes.values()) this.#changeRow(table, key, row);
    }
    for (const [log, changes] of inner.#entries) {
      for (const { owner, sequence, row } of changes.values()) this.#changeEntry(log, owner, sequence, row);
    }
    this.#effects.push(...inner.#effects);
    this.#events.push(...inner.#events);
    this.#spent.push(...inner.#spent);
    for (const chore of inner.#chores) this.#chores.add(chore);
    return result;
  }

  finish(): StepOutput {
    const position = this.get(countersTable, ONLY)?.position ?? 0;
    return {
      writes: [...this.#writes()],
      effects: this.#effects,
      events: this.#events.map((raised) => ({ ...raised.event, position: raised.position ?? position })),
      spent: this.#spent,
    };
  }

  *#writes(): Iterable<Write> {
    for (const [table, changes] of this.#rows) {
      for (const { key, row } of changes.values()) {
        yield row === undefined ? { kind: 'delete', table, key } : { kind: 'put', table, key, row };
      }
    }
    for (const [log, changes] of this.#entries) {
      for (const { owner, sequence, row } of changes.values()) {
        yield row === undefined
          ? { kind: 'deleteAt', log, owner, sequence }
          : { kind: 'putAt', log, owner, sequence, row };
      }
    }
  }

  #changeRow(table: Table<unknown>, key: Uint8Array, row: unknown): void {
    const changes = this.#rows.get(table) ?? new Map<string, RowChange>();
    this.#rows.set(table, changes);
    changes.set(textOf(key), { key, row });
  }

  #changeEntry(log: Log<unknown>, owner: Uint8Array, sequence: number, row: unknown): void {
    const changes = this.#entries.get(log) ?? new Map<string, EntryChange>();
    this.#entries.set(log, changes);
    changes.set(entryKey(owner, sequence), { owner, sequence, row });
  }
}

function textOf(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

function entryKey(owner: Uint8Array, sequence: number): string {
  return `${sequence}/${textOf(owner)}`;
}
