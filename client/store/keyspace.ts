/**
 * The key layout of the account store, on one page. A key never holds a name, an id or a time in the clear.
 *
 * ```
 * row of a table      table number u8 | HMAC(store key, row key)[0..16]
 * entry of a log      log number u8   | HMAC(store key, owner)[0..16]   | sequence u64 big-endian
 * the store's format  0               | HMAC(store key, "format")[0..16]
 * newest commit       0               | HMAC(store key, "commit")[0..16] | commit number u64
 * ```
 *
 * Every value is sealed with its key as associated data: a value moved to another key does not open.
 *
 * @see docs/at-rest.md
 */

import { concatBytes, uint64, utf8 } from '../../crypto/bytes.ts';
import { assert } from '../../crypto/errors.ts';
import { rowId } from '../../crypto/vault/row-id.ts';
import type { StoreKey } from '../../crypto/vault/store-key.ts';
import type { RawRange } from './raw-engine.ts';

/** The store's own rows; tables and logs are numbered from 1. */
export const STORE_TABLE = 0;
const NUMBER_MAX = 255;
const ROW_ID_BYTES = 16;
const SEQUENCE_BYTES = 8;

const FORMAT_ROW = utf8('format');
const COMMIT_LOG = utf8('commit');

/** @param id - the row's own key, or the owner of a log. */
export function rowKey(storeKey: StoreKey, table: number, id: Uint8Array): Uint8Array {
  assert(table >= 0 && table <= NUMBER_MAX, 'a table number is one byte');
  return concatBytes(Uint8Array.of(table), rowId(storeKey, id));
}

export function logKey(storeKey: StoreKey, log: number, owner: Uint8Array, sequence: number): Uint8Array {
  return concatBytes(rowKey(storeKey, log, owner), uint64(sequence));
}

/** The sequence number at the end of a log entry's key. */
export function sequenceOf(storedKey: Uint8Array): number {
  assert(storedKey.length === 1 + ROW_ID_BYTES + SEQUENCE_BYTES, 'not the key of a log entry');
  const view = new DataView(storedKey.buffer, storedKey.byteOffset, storedKey.byteLength);
  return Number(view.getBigUint64(1 + ROW_ID_BYTES));
}

/** Every row of one table. */
export function tableRange(table: number): RawRange {
  return { from: Uint8Array.of(table), until: Uint8Array.of(table + 1) };
}

/** The entries of one owner with `after` < sequence < `before`. */
export function logRange(
  storeKey: StoreKey,
  log: number,
  owner: Uint8Array,
  bounds: { readonly after?: number | undefined; readonly before?: number | undefined },
): RawRange {
  const from = bounds.after === undefined ? 0 : bounds.after + 1;
  const until = bounds.before ?? Number.MAX_SAFE_INTEGER;
  const prefix = rowKey(storeKey, log, owner);
  return { from: concatBytes(prefix, uint64(from)), until: concatBytes(prefix, uint64(until)) };
}

export function formatKey(storeKey: StoreKey): Uint8Array {
  return rowKey(storeKey, STORE_TABLE, FORMAT_ROW);
}

export function commitKey(storeKey: StoreKey, commit: number): Uint8Array {
  return logKey(storeKey, STORE_TABLE, COMMIT_LOG, commit);
}

/** Where the marks of commits stand: exactly one of them exists in an undamaged store. */
export function commitRange(storeKey: StoreKey): RawRange {
  return logRange(storeKey, STORE_TABLE, COMMIT_LOG, {});
}
