/** The engine of tests: the same contract as the one on disk, kept in memory. */

import { compareBytes } from '../../crypto/bytes.ts';
import { BugError } from '../../crypto/errors.ts';
import type { RawBatch, RawEngine, RawEntry, RawRange, RawReader, RawSnapshot } from './raw-engine.ts';

type Rows = Map<string, RawEntry>;

export interface MemoryEngine extends RawEngine {
  /** What would be found after the power went now: a second engine with the same rows. */
  copy(): MemoryEngine;
}

export function memoryEngine(initial: Iterable<RawEntry> = []): MemoryEngine {
  let rows: Rows = new Map();
  for (const [key, value] of initial) rows.set(idOf(key), [key.slice(), value.slice()]);
  // A snapshot keeps the map it saw; the next commit then works on a copy.
  let shared = false;
  let closed = false;
  const current: RawReader = reader(() => {
    if (closed) throw new BugError('bug', 'the store is closed');
    return rows;
  });
  return {
    ...current,
    snapshot(): RawSnapshot {
      const frozen = rows;
      shared = true;
      return { ...reader(() => frozen), close: async () => {} };
    },
    async commit({ puts, deletes }: RawBatch): Promise<void> {
      if (closed) throw new BugError('bug', 'the store is closed');
      if (shared) rows = new Map(rows);
      shared = false;
      for (const key of deletes) rows.delete(idOf(key));
      for (const [key, value] of puts) rows.set(idOf(key), [key.slice(), value.slice()]);
    },
    async close(): Promise<void> {
      closed = true;
    },
    copy: () => memoryEngine(rows.values()),
  };
}

function reader(rows: () => Rows): RawReader {
  return {
    get: (key) => rows().get(idOf(key))?.[1],
    async *scan({ from, until, reverse, limit }: RawRange): AsyncIterable<RawEntry> {
      const found = [...rows().values()]
        .filter(([key]) => compareBytes(key, from) >= 0 && compareBytes(key, until) < 0)
        .sort(([a], [b]) => (reverse ? compareBytes(b, a) : compareBytes(a, b)));
      yield* limit === undefined ? found : found.slice(0, limit);
    },
  };
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}
