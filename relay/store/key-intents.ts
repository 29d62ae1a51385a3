/** Key bundles: the signed keys of a device, and the pool of those that are handed out once. */

import { findDevice, type Reader, readAccountRow } from './account-row.ts';
import * as key from './keyspace.ts';
import { decodeIds, encodeDay, encodeIds, OneTimeKemRow, PoolRow, SignedKeysRow } from './rows.ts';
import type { RowTransaction } from './staged-rows.ts';
import type {
  AddPreKeysOutcome,
  AddPreKeysParams,
  BundleEntry,
  BundlesEntry,
  DeviceEntry,
  OneTimeKeyEntry,
  PreKeyCountsEntry,
  PreKeysEntry,
  SignedKeyEntry,
  TakeBundlesParams,
} from './store.ts';

/** Ids of the keys not handed out yet, the next one first. */
interface Pool {
  readonly ec: readonly number[];
  readonly kem: readonly number[];
}

function readPool(rows: Reader, path: string): Pool {
  const encoded = rows.get(key.poolKey(path));
  if (encoded === undefined) return { ec: [], kem: [] };
  const pool = PoolRow.decode(encoded);
  return { ec: decodeIds(pool.ec), kem: decodeIds(pool.kem) };
}

function writePool(rows: RowTransaction, path: string, { ec, kem }: Pool): void {
  rows.put(key.poolKey(path), PoolRow.encode({ ec: encodeIds(ec), kem: encodeIds(kem) }));
}

function countsOf({ ec, kem }: Pool): PreKeyCountsEntry {
  return { oneTimePreKeys: ec.length, oneTimeKemPreKeys: kem.length };
}

export function readCounts(rows: Reader, path: string): PreKeyCountsEntry {
  return countsOf(readPool(rows, path));
}

export function hasBundle(rows: Reader, path: string): boolean {
  return readSignedKeys(rows, path) !== undefined;
}

export function addPreKeys(rows: RowTransaction, params: AddPreKeysParams): AddPreKeysOutcome {
  const { account, device, keys, max } = params;
  if (findDevice(readAccountRow(rows, account), device) === undefined) return { kind: 'not-listed' };
  const path = key.devicePath(account, device);
  const pool = readPool(rows, path);
  const ec = newKeys(rows, path, 'ec', keys.oneTimePreKeys, pool.ec);
  const kem = newKeys(rows, path, 'kem', keys.oneTimeKemPreKeys, pool.kem);
  if (pool.ec.length + ec.length > max || pool.kem.length + kem.length > max) {
    return { kind: 'quota-exceeded' };
  }
  for (const { id, publicKey } of ec) rows.put(key.oneTimeKey(path, 'ec', id), publicKey);
  for (const each of kem) rows.put(key.oneTimeKey(path, 'kem', each.id), OneTimeKemRow.encode(each));
  const grown = {
    ec: [...pool.ec, ...ec.map(({ id }) => id)],
    kem: [...pool.kem, ...kem.map(({ id }) => id)],
  };
  if (ec.length + kem.length > 0) writePool(rows, path, grown);
  writeSignedKeys(rows, path, keys);
  return { kind: 'added', counts: countsOf(grown) };
}

/** Those whose id is neither in the pool nor was handed out: a repeated upload brings nothing back. */
function newKeys<Key extends { readonly id: number }>(
  rows: Reader,
  path: string,
  kind: key.OneTimeKind,
  keys: readonly Key[],
  pool: readonly number[],
): readonly Key[] {
  const seen = new Set(pool);
  return keys.filter(({ id }) => {
    if (seen.has(id) || rows.get(key.takenKey(path, kind, id)) !== undefined) return false;
    seen.add(id);
    return true;
  });
}

function writeSignedKeys(rows: RowTransaction, path: string, keys: PreKeysEntry): void {
  const { signedPreKey, lastResortKemPreKey } = keys;
  if (signedPreKey === undefined && lastResortKemPreKey === undefined) return;
  const encoded = rows.get(key.signedKeysKey(path));
  const row = {
    ...(encoded === undefined ? {} : SignedKeysRow.decode(encoded)),
    ...(signedPreKey === undefined ? {} : { signedPreKey }),
    ...(lastResortKemPreKey === undefined ? {} : { lastResortKemPreKey }),
  };
  rows.put(key.signedKeysKey(path), SignedKeysRow.encode(row));
}

interface SignedKeys {
  readonly signedPreKey: SignedKeyEntry;
  readonly lastResortKemPreKey: SignedKeyEntry;
}

function readSignedKeys(rows: Reader, path: string): SignedKeys | undefined {
  const encoded = rows.get(key.signedKeysKey(path));
  if (encoded === undefined) return undefined;
  const { signedPreKey, lastResortKemPreKey } = SignedKeysRow.decode(encoded);
  if (signedPreKey === undefined || lastResortKemPreKey === undefined) return undefined;
  return { signedPreKey, lastResortKemPreKey };
}

export function takeBundles(rows: RowTransaction, params: TakeBundlesParams): BundlesEntry | undefined {
  const { account, devices, oneTime, day } = params;
  const row = readAccountRow(rows, account);
  if (row === undefined) return undefined;
  const bundles: BundleEntry[] = [];
  for (const device of row.devices) {
    if (devices.length > 0 && !devices.includes(device.id)) continue;
    const path = key.devicePath(account, device.id);
    const keys = readSignedKeys(rows, path);
    if (keys === undefined) continue;
    bundles.push(oneTime ? takeOneTime(rows, path, device, keys, day) : lastResort(rows, path, device, keys));
  }
  return { recordSequence: row.sequence, bundles };
}

function lastResort(rows: Reader, path: string, device: DeviceEntry, keys: SignedKeys): BundleEntry {
  const { signedPreKey, lastResortKemPreKey } = keys;
  return { device, signedPreKey, kemPreKey: lastResortKemPreKey, counts: readCounts(rows, path) };
}

function takeOneTime(
  rows: RowTransaction,
  path: string,
  device: DeviceEntry,
  keys: SignedKeys,
  day: number,
): BundleEntry {
  const pool = readPool(rows, path);
  const [ecId] = pool.ec;
  const [kemId] = pool.kem;
  if (ecId === undefined && kemId === undefined) return lastResort(rows, path, device, keys);
  const left = { ec: pool.ec.slice(1), kem: pool.kem.slice(1) };
  writePool(rows, path, left);
  const bundle = {
    device,
    signedPreKey: keys.signedPreKey,
    kemPreKey: takeKem(rows, path, kemId, day) ?? keys.lastResortKemPreKey,
    counts: countsOf(left),
  };
  const oneTimePreKey = takeEc(rows, path, ecId, day);
  return oneTimePreKey === undefined ? bundle : { ...bundle, oneTimePreKey };
}

function takeEc(
  rows: RowTransaction,
  path: string,
  id: number | undefined,
  day: number,
): OneTimeKeyEntry | undefined {
  const publicKey = id === undefined ? undefined : takeRow(rows, path, 'ec', id, day);
  return id === undefined || publicKey === undefined ? undefined : { id, publicKey };
}

function takeKem(
  rows: RowTransaction,
  path: string,
  id: number | undefined,
  day: number,
): SignedKeyEntry | undefined {
  const row = id === undefined ? undefined : takeRow(rows, path, 'kem', id, day);
  return id === undefined || row === undefined ? undefined : { id, ...OneTimeKemRow.decode(row) };
}

function takeRow(
  rows: RowTransaction,
  path: string,
  kind: key.OneTimeKind,
  id: number,
  day: number,
): Uint8Array | undefined {
  const row = rows.get(key.oneTimeKey(path, kind, id));
  rows.delete(key.oneTimeKey(path, kind, id));
  rows.put(key.takenKey(path, kind, id), encodeDay(day));
  return row;
}

/** What remembers the keys that were handed out goes with time. */
export function removeKeys(rows: RowTransaction, path: string): void {
  const pool = readPool(rows, path);
  for (const id of pool.ec) rows.delete(key.oneTimeKey(path, 'ec', id));
  for (const id of pool.kem) rows.delete(key.oneTimeKey(path, 'kem', id));
  rows.delete(key.poolKey(path));
  rows.delete(key.signedKeysKey(path));
}
