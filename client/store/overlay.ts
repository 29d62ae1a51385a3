/** A view of a store with the writes of earlier steps of the same burst on top, not committed yet. */

import type { Log, Table, View, Write } from '../core/tables.ts';
import { Changes, idOf } from './changes.ts';

export class Overlay implements View {
  readonly #base: View;
  readonly #changes = new Changes();

  constructor(base: View) {
    this.#base = base;
  }

  /** Takes the writes of a step that succeeded. */
  add(writes: readonly Write[]): void {
    this.#changes.add(writes);
  }

  /** Everything added, the last write per row only. */
  writes(): Write[] {
    return this.#changes.writes();
  }

  get isEmpty(): boolean {
    return this.#changes.isEmpty;
  }

  get<T>(table: Table<T>, key: Uint8Array): T | undefined {
    const change = this.#changes.row(table as Table<unknown>, key);
    return change === undefined ? this.#base.get(table, key) : (change.row as T | undefined);
  }

  *list<T>(table: Table<T>): Iterable<readonly [Uint8Array, T]> {
    const changed = new Map<string, readonly [Uint8Array, unknown]>();
    for (const { key, row } of this.#changes.rowsOf(table as Table<unknown>)) {
      changed.set(idOf(key), [key, row]);
    }
    for (const entry of this.#base.list(table)) {
      if (!changed.has(idOf(entry[0]))) yield entry;
    }
    for (const [key, row] of changed.values()) {
      if (row !== undefined) yield [key, row as T];
    }
  }

  at<T>(log: Log<T>, owner: Uint8Array, sequence: number): T | undefined {
    const change = this.#changes.entry(log as Log<unknown>, owner, sequence);
    return change === undefined ? this.#base.at(log, owner, sequence) : (change.row as T | undefined);
  }
}
