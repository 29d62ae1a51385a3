/** A store in memory, for tests: it forgets everything when it is closed. */

import type { Row, RowDisk, RowWrites } from './row-disk.ts';
import { createRowStore } from './row-store.ts';
import type { RelayStore } from './store.ts';

/** Rows in a map; a test may look at them, make writing slow or make it fail. */
export class MemoryDisk implements RowDisk {
  readonly rows = new Map<string, Uint8Array>();
  /** Awaited before every write: rejecting is a broken disk. */
  beforeWrite: (() => Promise<void>) | undefined;
  room = true;
  writes = 0;

  get(key: string): Uint8Array | undefined {
    return this.rows.get(key);
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return keys.map((key) => this.rows.get(key));
  }

  async scan(prefix: string, after: string | undefined, limit: number): Promise<readonly Row[]> {
    return [...this.rows]
      .filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([key, value]) => ({ key, value }));
  }

  async write(rows: RowWrites): Promise<void> {
    await this.beforeWrite?.();
    this.writes++;
    for (const [key, value] of rows) {
      if (value === undefined) this.rows.delete(key);
      else this.rows.set(key, value);
    }
  }

  async hasRoom(): Promise<boolean> {
    return this.room;
  }

  async recover(): Promise<boolean> {
    return this.room;
  }

  async compact(): Promise<void> {}

  async close(): Promise<void> {}
}

export function openMemoryStore(disk = new MemoryDisk()): RelayStore {
  return createRowStore(disk);
}
