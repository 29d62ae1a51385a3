/** The engine on disk: LevelDB. One process at a time holds it. */

import { mkdirSync, statSync } from 'node:fs';
import { Level } from 'level';
import { BugError, type StoreError } from '../../crypto/errors.ts';
import { diskFull, storeDamaged, storeFailed, storeInUse, storeMissing } from './errors.ts';
import type { RawBatch, RawEngine, RawEntry, RawRange, RawReader, RawSnapshot } from './raw-engine.ts';

/** Sealed values do not compress, and a flipped bit in a compressed block would take its neighbours along. */
const OPEN_OPTIONS = { compression: false, keyEncoding: 'view', valueEncoding: 'view' } as const;
const DIRECTORY_MODE = 0o700;

type Database = Level<Uint8Array, Uint8Array>;
type DatabaseSnapshot = ReturnType<Database['snapshot']>;

/**
 * Opens the database in `directory`, or makes a new one when `create` says so.
 * @throws StoreError `store-in-use`, `store-damaged`, `store-missing`, `disk-full`, `store-failed`
 */
export async function openLevelEngine(
  directory: string,
  options: { readonly create: boolean },
): Promise<RawEngine> {
  if (options.create) mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  else if (!isDirectory(directory)) throw storeMissing();
  const database: Database = new Level<Uint8Array, Uint8Array>(directory, OPEN_OPTIONS);
  try {
    await database.open({ createIfMissing: options.create, errorIfExists: options.create });
  } catch (error) {
    throw openError(error);
  }
  return levelEngine(database);
}

function levelEngine(database: Database): RawEngine {
  return {
    ...reader(database, undefined),
    snapshot(): RawSnapshot {
      const frozen = guard(() => database.snapshot());
      return { ...reader(database, frozen), close: () => frozen.close() };
    },
    async commit({ puts, deletes }: RawBatch): Promise<void> {
      try {
        const batch = database.batch();
        for (const key of deletes) batch.del(key);
        for (const [key, value] of puts) batch.put(key, value);
        await batch.write({ sync: true });
      } catch (error) {
        throw storeErrorOf(error);
      }
    },
    close: () => database.close(),
  };
}

function reader(database: Database, frozen: DatabaseSnapshot | undefined): RawReader {
  const at = frozen === undefined ? {} : { snapshot: frozen };
  return {
    get: (key) => guard(() => database.getSync(key, at)),
    async *scan({ from, until, reverse, limit }: RawRange): AsyncIterable<RawEntry> {
      const range = { gte: from, lt: until, reverse: reverse ?? false, limit: limit ?? -1 };
      try {
        for await (const entry of database.iterator({ ...range, ...at })) yield entry;
      } catch (error) {
        throw storeErrorOf(error);
      }
    },
  };
}

function guard<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw storeErrorOf(error);
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** LevelDB wraps the reason why it did not open. */
function openError(error: unknown): StoreError | BugError {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  const reason = code === 'LEVEL_DATABASE_NOT_OPEN' && cause !== undefined ? cause : error;
  // Files that the manifest names and the directory lacks.
  if (messageOf(reason).includes('No such file')) return storeDamaged('files are missing', error);
  if (messageOf(reason).includes('does not exist')) return storeDamaged('files are missing', error);
  return storeErrorOf(reason);
}

/** The error of ours for one of LevelDB. */
export function storeErrorOf(error: unknown): StoreError | BugError {
  const { code } = error as { code?: unknown };
  if (messageOf(error).includes('No space left on device')) return diskFull(error);
  switch (code) {
    case 'LEVEL_LOCKED':
      return storeInUse(error);
    case 'LEVEL_CORRUPTION':
      return storeDamaged('the database files do not check out', error);
    case 'LEVEL_DATABASE_NOT_OPEN':
    case 'LEVEL_ITERATOR_NOT_OPEN':
    case 'LEVEL_SNAPSHOT_NOT_OPEN':
      return new BugError('bug', 'the store was used after it was closed', { cause: error });
    default:
      return storeFailed(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
