/** The account store over any engine: seals and opens, keeps small tables and live rows decoded. */

import { BugError, type ChatError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import type { StoreKey } from '../../crypto/vault/store-key.ts';
import type { Log, ScanRange, Table, View, Write } from '../core/tables.ts';
import { Changes, type RowChange } from './changes.ts';
import { type CommitMark, type RowCounts, readCommitMark, sealMark, withMark } from './commit-mark.ts';
import { storeDamaged } from './errors.ts';
import { formatKey, logKey, logRange, rowKey, sequenceOf, tableRange } from './keyspace.ts';
import { LIVE_ROW_MAX_BYTES, LiveRows } from './live-rows.ts';
import { type Formats, formats, migrationPath } from './migrations/index.ts';
import type { RawBatch, RawEngine, RawEntry, RawReader } from './raw-engine.ts';
import { type ResidentRows, ResidentTable } from './resident.ts';
import { Sealing } from './sealing.ts';
import type { Store, StoreSnapshot } from './store.ts';

export interface SealedStoreParams {
  readonly engine: RawEngine;
  /** Owned by the store from now on: `close` wipes it, and so does a store that does not open. */
  readonly storeKey: StoreKey;
  readonly random: Random;
  readonly tables: readonly Table<unknown>[];
  /** For tests of the migration machinery. */
  readonly formats?: Formats;
}

/** A migration may change any number of rows, and the first commit is yet to come. */
const NOT_COUNTED: RowCounts = new Map();

/** Makes an empty engine a store of the current format. */
export async function createSealedStore(params: SealedStoreParams): Promise<Store> {
  const { engine, storeKey, random } = params;
  const sealing = new Sealing(storeKey, random);
  const { current } = params.formats ?? formats;
  try {
    await engine.commit({
      puts: [
        sealing.sealNumber(formatKey(storeKey), current),
        sealMark(sealing, { commit: 0, rows: NOT_COUNTED }),
      ],
      deletes: [],
    });
  } catch (error) {
    storeKey.wipe();
    throw error;
  }
  return openSealedStore(params);
}

/**
 * Opens what `createSealedStore` made, migrating it forward.
 * @throws StoreError `store-too-new`, `store-damaged` and those of the engine.
 */
export async function openSealedStore(params: SealedStoreParams): Promise<Store> {
  try {
    return await open(params);
  } catch (error) {
    params.storeKey.wipe();
    throw error;
  }
}

async function open(params: SealedStoreParams): Promise<Store> {
  const { engine, storeKey, random, tables } = params;
  const sealing = new Sealing(storeKey, random);
  const { commit, rows: counted } = await migrate(engine, sealing, params.formats ?? formats);
  const resident = new Map<number, ResidentTable>();
  for (const table of tables) {
    if (!table.resident) continue;
    const rows = new ResidentTable(table.volatile);
    resident.set(table.number, rows);
    if (table.volatile) continue;
    for await (const entry of engine.scan(tableRange(table.number))) {
      const [key, row] = sealing.openRow(table, entry);
      rows.put(key, row);
    }
    if ((counted.get(table.number) ?? rows.size) !== rows.size) {
      throw storeDamaged(`rows of ${table.name} are missing`);
    }
  }
  return new SealedStore(engine, sealing, resident, commit);
}

async function migrate(engine: RawEngine, sealing: Sealing, known: Formats): Promise<CommitMark> {
  const key = formatKey(sealing.storeKey);
  const found = engine.get(key);
  if (found === undefined) throw storeDamaged('its format number is missing');
  const path = migrationPath(sealing.openNumber([key, found]), known);
  let mark = await readCommitMark(engine, sealing);
  for (const migration of path) {
    const { puts, deletes } = await migration.run({
      async *scan(number) {
        for await (const entry of engine.scan(tableRange(number))) {
          yield { storedKey: entry[0], plaintext: sealing.openBytes(entry) };
        }
      },
    });
    const batch = {
      puts: [
        ...puts.map(({ storedKey, plaintext }) => sealing.sealBytes(storedKey, plaintext)),
        sealing.sealNumber(key, migration.from + 1),
      ],
      deletes,
    };
    await engine.commit(withMark(sealing, batch, mark.commit, NOT_COUNTED));
    mark = { commit: mark.commit + 1, rows: NOT_COUNTED };
  }
  return mark;
}

class SealedStore implements Store {
  readonly #engine: RawEngine;
  readonly #sealing: Sealing;
  readonly #resident: ReadonlyMap<number, ResidentTable>;
  readonly #live = new Map<number, LiveRows>();
  readonly #view: View;
  #commits: number;
  #running: Promise<void> | undefined;
  #failure: ChatError | undefined;
  #closed = false;

  constructor(
    engine: RawEngine,
    sealing: Sealing,
    resident: ReadonlyMap<number, ResidentTable>,
    commits: number,
  ) {
    this.#engine = engine;
    this.#sealing = sealing;
    this.#resident = resident;
    this.#commits = commits;
    this.#view = viewOf(engine, sealing, resident);
  }

  get<T>(table: Table<T>, key: Uint8Array): T | undefined {
    if (table.resident) return this.#view.get(table, key);
    const live = this.#liveRows(table.number);
    const cached = live.get(key) as T | undefined;
    if (cached !== undefined) return cached;
    const storedKey = rowKey(this.#sealing.storeKey, table.number, key);
    const sealed = this.#engine.get(storedKey);
    if (sealed === undefined) return undefined;
    const [, row] = this.#sealing.openRow(table, [storedKey, sealed]);
    if (sealed.length <= LIVE_ROW_MAX_BYTES) live.put(key, row);
    return row;
  }

  list<T>(table: Table<T>): Iterable<readonly [Uint8Array, T]> {
    return this.#view.list(table);
  }

  at<T>(log: Log<T>, owner: Uint8Array, sequence: number): T | undefined {
    return this.#view.at(log, owner, sequence);
  }

  snapshot(): StoreSnapshot {
    const engine = this.#engine.snapshot();
    const sealing = this.#sealing;
    const frozen = new Map<number, ResidentRows>();
    for (const [number, rows] of this.#resident) frozen.set(number, rows.freeze());
    return {
      ...viewOf(engine, sealing, frozen),
      async *scan<T>(log: Log<T>, owner: Uint8Array, { after, before, reverse, limit }: ScanRange) {
        const range = logRange(sealing.storeKey, log.number, owner, { after, before });
        for await (const entry of engine.scan({ ...range, reverse: reverse ?? false, limit })) {
          yield { sequence: sequenceOf(entry[0]), row: sealing.openEntry(log, entry) };
        }
      },
      close: () => engine.close(),
    };
  }

  async commit(writes: readonly Write[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new BugError('bug', 'the store is closed');
    if (this.#running !== undefined) throw new BugError('bug', 'two commits at a time');
    const changes = new Changes();
    changes.add(writes);
    // Everything is encoded and sealed before the first wait: what the caller wipes then was not needed any more.
    const tooLarge = new Set<RowChange>();
    const batch = this.#seal(changes, tooLarge);
    if (batch.puts.length > 0 || batch.deletes.length > 0) {
      const marked = withMark(this.#sealing, batch, this.#commits, this.#countAfter(changes));
      this.#running = this.#engine.commit(marked);
      try {
        await this.#running;
      } catch (error) {
        this.#failure = error as ChatError;
        throw error;
      } finally {
        this.#running = undefined;
      }
      this.#commits++;
    }
    this.#apply(changes, tooLarge);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#running?.catch(() => {});
    await this.#engine.close();
    this.#sealing.storeKey.wipe();
    this.#live.clear();
  }

  /** @param tooLarge Gets the rows that are not to be kept alive. */
  #seal(changes: Changes, tooLarge: Set<RowChange>): RawBatch {
    const { storeKey } = this.#sealing;
    const puts: RawEntry[] = [];
    const deletes: Uint8Array[] = [];
    for (const change of changes.rows()) {
      const { table, key, row } = change;
      if (table.volatile) continue;
      if (row === undefined) {
        deletes.push(rowKey(storeKey, table.number, key));
        continue;
      }
      const entry = this.#sealing.sealRow(table, key, row);
      if (entry[1].length > LIVE_ROW_MAX_BYTES) tooLarge.add(change);
      puts.push(entry);
    }
    for (const { log, owner, sequence, row } of changes.entries()) {
      if (row === undefined) deletes.push(logKey(storeKey, log.number, owner, sequence));
      else puts.push(this.#sealing.sealEntry(log, owner, sequence, row));
    }
    return { puts, deletes };
  }

  /** The rows of the stored resident tables once these changes are made. */
  #countAfter(changes: Changes): RowCounts {
    const counts = new Map<number, number>();
    for (const [number, rows] of this.#resident) if (!rows.volatile) counts.set(number, rows.size);
    for (const { table, key, row } of changes.rows()) {
      const count = counts.get(table.number);
      if (count === undefined) continue;
      const wasThere = residentOf(this.#resident, table).get(key) !== undefined;
      counts.set(table.number, count + Number(row !== undefined) - Number(wasThere));
    }
    return counts;
  }

  #apply(changes: Changes, tooLarge: ReadonlySet<RowChange>): void {
    for (const change of changes.rows()) {
      const { table, key, row } = change;
      const rows = table.resident ? residentOf(this.#resident, table) : this.#liveRows(table.number);
      if (row === undefined || (!table.resident && tooLarge.has(change))) rows.delete(key);
      else rows.put(key, row);
    }
  }

  #liveRows(number: number): LiveRows {
    let live = this.#live.get(number);
    if (live === undefined) {
      live = new LiveRows();
      this.#live.set(number, live);
    }
    return live;
  }
}

function viewOf(engine: RawReader, sealing: Sealing, resident: ReadonlyMap<number, ResidentRows>): View {
  return {
    get<T>(table: Table<T>, key: Uint8Array): T | undefined {
      if (table.resident) return residentOf(resident, table).get(key) as T | undefined;
      const storedKey = rowKey(sealing.storeKey, table.number, key);
      const sealed = engine.get(storedKey);
      return sealed === undefined ? undefined : sealing.openRow(table, [storedKey, sealed])[1];
    },
    list<T>(table: Table<T>): Iterable<readonly [Uint8Array, T]> {
      return residentOf(resident, table).list() as Iterable<readonly [Uint8Array, T]>;
    },
    at<T>(log: Log<T>, owner: Uint8Array, sequence: number): T | undefined {
      const storedKey = logKey(sealing.storeKey, log.number, owner, sequence);
      const sealed = engine.get(storedKey);
      return sealed === undefined ? undefined : sealing.openEntry(log, [storedKey, sealed]);
    },
  };
}

function residentOf<Rows>(
  resident: ReadonlyMap<number, Rows>,
  table: { readonly number: number; readonly name: string },
): Rows {
  const rows = resident.get(table.number);
  if (rows === undefined) throw new BugError('bug', `the store was not opened with the table ${table.name}`);
  return rows;
}
