/** The default engine: LevelDB in a directory of its own. One process at a time; LevelDB's lock sees to that. */

import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { StoreError } from '../../crypto/errors.ts';
import { Ballast } from './ballast.ts';
import { DELIVERED, MAIL } from './keyspace.ts';
import type { Row, RowDisk, RowWrites } from './row-disk.ts';
import { createRowStore, prepareFormat } from './row-store.ts';
import type { RelayStore } from './store.ts';

export interface LevelStoreOptions {
  /** Created when it does not exist; only its owner may enter it. */
  readonly directory: string;
  readonly ballastBytes?: number;
  /** With less free space than this nothing more is taken: LevelDB needs room to tidy up. */
  readonly minFreeBytes?: number;
  /** Deleted rows after which their range is rewritten when nothing else goes on. */
  readonly compactAfterDeletes?: number;
}

const DEFAULT_BALLAST_BYTES = 8 * 1_048_576;
const DEFAULT_MIN_FREE_BYTES = 64 * 1_048_576;
/** A larger memory table means fewer and larger table files under load; two may exist at a time. */
const WRITE_BUFFER_BYTES = 16 * 1_048_576;
const BLOCK_CACHE_BYTES = 16 * 1_048_576;
const DEFAULT_COMPACT_AFTER_DELETES = 50_000;
/** The character after "/": the end of everything that begins with a prefix. */
const AFTER_SLASH = '0';

/** `level` types what every platform has; on Node it is classic-level, which can do more. */
type Database = Level<string, Uint8Array> & {
  compactRange(start: string, end: string): Promise<void>;
};

class LevelDisk implements RowDisk {
  readonly #directory: string;
  readonly #minFreeBytes: number;
  readonly #compactAfterDeletes: number;
  readonly #ballast: Ballast;
  #database: Database | undefined;
  #deletes = 0;

  constructor(options: LevelStoreOptions) {
    this.#directory = options.directory;
    this.#minFreeBytes = options.minFreeBytes ?? DEFAULT_MIN_FREE_BYTES;
    this.#compactAfterDeletes = options.compactAfterDeletes ?? DEFAULT_COMPACT_AFTER_DELETES;
    this.#ballast = new Ballast(
      join(options.directory, 'ballast'),
      options.ballastBytes ?? DEFAULT_BALLAST_BYTES,
    );
  }

  async open(): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await this.#reopen();
    } catch (cause) {
      throw openError(cause);
    }
  }

  /** Of a store that was opened. */
  get #rows(): Database {
    if (this.#database === undefined) throw new StoreError('store-unusable', 'the store is not open');
    return this.#database;
  }

  get(key: string): Uint8Array | undefined {
    return this.#rows.getSync(key);
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#rows.getMany([...keys]);
  }

  async scan(prefix: string, after: string | undefined, limit: number): Promise<readonly Row[]> {
    const lt = `${prefix.slice(0, -1)}${AFTER_SLASH}`;
    const range = after === undefined ? { gte: prefix, lt, limit } : { gt: after, lt, limit };
    const rows = await this.#rows.iterator(range).all();
    return rows.map(([key, value]) => ({ key, value }));
  }

  async write(rows: RowWrites): Promise<void> {
    const batch = this.#rows.batch();
    for (const [key, value] of rows) {
      if (value === undefined) {
        batch.del(key);
        this.#deletes++;
      } else {
        batch.put(key, value);
      }
    }
    await batch.write({ sync: true });
  }

  async hasRoom(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#directory);
    return bavail * bsize >= this.#minFreeBytes && (await this.#ballast.take());
  }

  /** LevelDB takes nothing after a failed write until it was opened anew, and that needs room of its own. */
  async recover(): Promise<boolean> {
    // As long as it could fail again the old one stays open: it can still be read.
    const room = (await this.hasRoom().catch(() => false)) && (await this.#ballast.probe());
    if (!room) return false;
    await this.close().catch(() => undefined);
    try {
      await this.#reopen();
    } catch {
      return false;
    }
    return this.#ballast.take();
  }

  async #reopen(): Promise<void> {
    // Not before: it begins to open, and to make directories, when it is constructed.
    const database = newDatabase(join(this.#directory, 'rows'));
    this.#database = database;
    try {
      await database.open();
    } catch (error) {
      if (levelCode(error) === 'LEVEL_LOCKED') throw error;
      // What opening writes may be all that the disk had no room for.
      await this.#ballast.giveBack();
      await database.open();
    }
  }

  async compact(): Promise<void> {
    if (this.#deletes < this.#compactAfterDeletes) return;
    this.#deletes = 0;
    for (const prefix of [MAIL, DELIVERED]) {
      await this.#rows.compactRange(prefix, `${prefix.slice(0, -1)}${AFTER_SLASH}`);
    }
  }

  async close(): Promise<void> {
    await this.#database?.close();
  }
}

function newDatabase(path: string): Database {
  return new Level<string, Uint8Array>(path, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    writeBufferSize: WRITE_BUFFER_BYTES,
    cacheSize: BLOCK_CACHE_BYTES,
  }) as Database;
}

/**
 * Opens or creates a store.
 *
 * @throws StoreError `store-locked`, `store-damaged`, `store-too-new`, `store-unusable`
 */
export async function openLevelStore(options: LevelStoreOptions): Promise<RelayStore> {
  const disk = new LevelDisk(options);
  await disk.open();
  try {
    await prepareFormat(disk);
  } catch (error) {
    await disk.close();
    throw error instanceof StoreError ? error : openError(error);
  }
  const store = createRowStore(disk);
  // A disk that is full already is found now and not by the first message.
  await store.upkeep();
  return store;
}

function levelCode(error: unknown): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

function openError(cause: unknown): StoreError {
  switch (levelCode(cause)) {
    case 'LEVEL_LOCKED':
      return new StoreError('store-locked', 'another relay uses this data directory', { cause });
    case 'LEVEL_CORRUPTION':
      return new StoreError('store-damaged', "the relay's store is damaged", { cause });
    default:
      return new StoreError('store-unusable', "the relay's store cannot be opened", { cause });
  }
}
