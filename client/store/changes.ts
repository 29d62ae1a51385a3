/** The writes of one or more steps, the last one per row only. */

import { assertNever } from '../../crypto/errors.ts';
import type { Log, Table, Write } from '../core/tables.ts';

export interface RowChange {
  readonly table: Table<unknown>;
  readonly key: Uint8Array;
  /** Absent: deleted. */
  readonly row?: unknown;
}

export interface EntryChange {
  readonly log: Log<unknown>;
  readonly owner: Uint8Array;
  readonly sequence: number;
  /** Absent: deleted. */
  readonly row?: unknown;
}

/** Bytes as a key of a Map. */
export function idOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function entryId(owner: Uint8Array, sequence: number): string {
  return `${sequence}:${idOf(owner)}`;
}

export class Changes {
  readonly #rows = new Map<number, Map<string, RowChange>>();
  readonly #entries = new Map<number, Map<string, EntryChange>>();

  add(writes: readonly Write[]): void {
    for (const write of writes) this.#addOne(write);
  }

  #addOne(write: Write): void {
    switch (write.kind) {
      case 'put':
      case 'delete':
        mapOf(this.#rows, write.table.number).set(idOf(write.key), write);
        return;
      case 'putAt':
      case 'deleteAt':
        mapOf(this.#entries, write.log.number).set(entryId(write.owner, write.sequence), write);
        return;
      default:
        assertNever(write);
    }
  }

  row(table: Table<unknown>, key: Uint8Array): RowChange | undefined {
    return this.#rows.get(table.number)?.get(idOf(key));
  }

  entry(log: Log<unknown>, owner: Uint8Array, sequence: number): EntryChange | undefined {
    return this.#entries.get(log.number)?.get(entryId(owner, sequence));
  }

  rowsOf(table: Table<unknown>): Iterable<RowChange> {
    return this.#rows.get(table.number)?.values() ?? [];
  }

  *rows(): Iterable<RowChange> {
    for (const changes of this.#rows.values()) yield* changes.values();
  }

  *entries(): Iterable<EntryChange> {
    for (const changes of this.#entries.values()) yield* changes.values();
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#entries.size === 0;
  }

  /** As writes again, for a commit. */
  writes(): Write[] {
    return [...this.rows(), ...this.entries()] as Write[];
  }
}

function mapOf<V>(maps: Map<number, Map<string, V>>, number: number): Map<string, V> {
  let map = maps.get(number);
  if (map === undefined) {
    map = new Map();
    maps.set(number, map);
  }
  return map;
}
