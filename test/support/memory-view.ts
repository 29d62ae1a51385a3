/**
 * A store for tests of the account machine: commits the writes of a step, wipes what is spent, and can be
 * reopened from the encoded rows alone, as after a crash.
 */

import type { StepOutput } from '../../client/core/effects.ts';
import { allLogs, allTables } from '../../client/core/tables/index.ts';
import type { Log, Reader, ScanRange, Table, Write } from '../../client/core/tables.ts';
import { compareBytes, toHex } from '../../crypto/bytes.ts';

interface Stored {
  readonly key: Uint8Array;
  readonly live: unknown;
  /** Absent for volatile rows. */
  readonly encoded: Uint8Array | undefined;
}

interface Entry {
  readonly sequence: number;
  readonly encoded: Uint8Array;
}

export class MemoryView implements Reader {
  readonly #tables = new Map<string, Map<string, Stored>>();
  readonly #logs = new Map<string, Map<string, Entry>>();

  get<T>(table: Table<T>, key: Uint8Array): T | undefined {
    const stored = this.#tables.get(table.name)?.get(toHex(key));
    if (stored === undefined) return undefined;
    if (table.resident || table.name === 'sessions' || stored.encoded === undefined) return stored.live as T;
    return table.decode(stored.encoded.slice());
  }

  *list<T>(table: Table<T>): Iterable<readonly [Uint8Array, T]> {
    if (!table.resident) throw new Error(`${table.name} cannot be listed`);
    for (const { key, live } of this.#tables.get(table.name)?.values() ?? []) yield [key, live as T];
  }

  at<T>(log: Log<T>, owner: Uint8Array, sequence: number): T | undefined {
    const entry = this.#logs.get(log.name)?.get(entryKey(owner, sequence));
    return entry === undefined ? undefined : log.decode(entry.encoded.slice());
  }

  async *scan<T>(
    log: Log<T>,
    owner: Uint8Array,
    { after = -1, before = Number.POSITIVE_INFINITY, reverse = false, limit }: ScanRange,
  ): AsyncIterable<{ readonly sequence: number; readonly row: T }> {
    const prefix = `${toHex(owner)}/`;
    const entries = [...(this.#logs.get(log.name) ?? [])]
      .filter(([key, { sequence }]) => key.startsWith(prefix) && sequence > after && sequence < before)
      .map(([, entry]) => entry)
      .sort((a, b) => (reverse ? b.sequence - a.sequence : a.sequence - b.sequence));
    for (const { sequence, encoded } of entries.slice(0, limit)) {
      yield { sequence, row: log.decode(encoded.slice()) };
    }
  }

  commit({ writes, spent }: Pick<StepOutput, 'writes' | 'spent'>): void {
    for (const write of writes) this.#apply(write);
    for (const secret of spent) secret.wipe();
  }

  /** What is on disk, as a store would find it after a start. */
  reopened(): MemoryView {
    const copy = new MemoryView();
    for (const table of allTables) {
      for (const [id, { key, encoded }] of this.#tables.get(table.name) ?? []) {
        if (encoded === undefined) continue;
        const rows = copy.#tables.get(table.name) ?? new Map<string, Stored>();
        copy.#tables.set(table.name, rows);
        rows.set(id, { key, live: table.decode(encoded.slice()), encoded });
      }
    }
    for (const log of allLogs) {
      const entries = this.#logs.get(log.name);
      if (entries !== undefined) copy.#logs.set(log.name, new Map(entries));
    }
    return copy;
  }

  /** Every stored row in a fixed order: two stores are equal iff this is. */
  dump(): readonly string[] {
    const lines: string[] = [];
    for (const [name, rows] of this.#tables) {
      for (const { key, encoded } of rows.values()) {
        if (encoded !== undefined) lines.push(`${name} ${toHex(key)} ${toHex(encoded)}`);
      }
    }
    for (const [name, entries] of this.#logs) {
      for (const [key, { encoded }] of entries) lines.push(`${name} ${key} ${toHex(encoded)}`);
    }
    return lines.sort();
  }

  /** The rows as the live objects encode now: shows whether anything changed a row in place. */
  dumpLive(): readonly string[] {
    const lines: string[] = [];
    for (const table of allTables) {
      if (table.volatile) continue;
      for (const { key, live } of this.#tables.get(table.name)?.values() ?? []) {
        lines.push(`${table.name} ${toHex(key)} ${toHex(table.encode(live))}`);
      }
    }
    return lines.sort();
  }

  keysOf(name: string): readonly Uint8Array[] {
    return [...(this.#tables.get(name)?.values() ?? [])].map(({ key }) => key).sort(compareBytes);
  }

  #apply(write: Write): void {
    if (write.kind === 'put' || write.kind === 'delete') {
      const rows = this.#tables.get(write.table.name) ?? new Map<string, Stored>();
      this.#tables.set(write.table.name, rows);
      const id = toHex(write.key);
      if (write.kind === 'delete') rows.delete(id);
      else {
        const encoded = write.table.volatile ? undefined : write.table.encode(write.row);
        rows.set(id, { key: write.key, live: write.row, encoded });
      }
      return;
    }
    const entries = this.#logs.get(write.log.name) ?? new Map<string, Entry>();
    this.#logs.set(write.log.name, entries);
    const key = entryKey(write.owner, write.sequence);
    if (write.kind === 'deleteAt') entries.delete(key);
    else entries.set(key, { sequence: write.sequence, encoded: write.log.encode(write.row) });
  }
}

function entryKey(owner: Uint8Array, sequence: number): string {
  return `${toHex(owner)}/${sequence}`;
}
