/** One account's directory: making it, and opening it with a passphrase or its key file. */

import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deriveRecoveryWrapKey, type RecoverySecret } from '../../crypto/account/recovery.ts';
import { StoreError, UsageError } from '../../crypto/errors.ts';
import { ready } from '../../crypto/primitives/sodium.ts';
import type { Random } from '../../crypto/random.ts';
import { Secret } from '../../crypto/secret.ts';
import {
  type KdfParams,
  makeKdfParams,
  type Passphrase,
  type PassphraseKey,
} from '../../crypto/vault/passphrase.ts';
import {
  decodeStoreHeader,
  encodeStoreHeader,
  findWrap,
  type StoreHeader,
} from '../../crypto/vault/store-header.ts';
import {
  generateKeyFileKey,
  generateStoreKey,
  type KeyFileKey,
  type StoreKey,
  unwrapStoreKey,
  wrapStoreKey,
} from '../../crypto/vault/store-key.ts';
import { allTables } from '../core/tables/index.ts';
import type { Write } from '../core/tables.ts';
import { storeDamaged } from '../store/errors.ts';
import { openLevelEngine } from '../store/level.ts';
import { createSealedStore, openSealedStore } from '../store/sealed-store.ts';
import type { Store } from '../store/store.ts';
import { noAccount } from './account-index.ts';
import { type AccountPaths, accountPaths, filesIn, type Paths } from './paths.ts';
import {
  checkPrivate,
  makePrivateDirectory,
  readFileIfThere,
  statIfThere,
  syncDirectory,
  writePrivateFile,
} from './private-files.ts';
import type { Stretcher } from './stretcher.ts';

/** How an account is opened. The passphrase stays the caller's, who wipes it. */
export type UnlockSource = { readonly passphrase: Passphrase } | { readonly keyFile: true };

/** Begins with a dot, which no account's name does. */
const UNFINISHED = '.new-';
/** A directory that is being made belongs to a command that runs; one this old was left by a crash. */
const UNFINISHED_MAX_AGE_MS = 3_600_000;
const KEY_FILE_BYTES = 32;

/** The way in of a store that is being made. */
export type NewLock =
  | { readonly passphraseKey: PassphraseKey; readonly kdf: KdfParams }
  | { readonly keyFileKey: KeyFileKey };

export function wipeLock(lock: NewLock): void {
  if ('keyFileKey' in lock) lock.keyFileKey.wipe();
  else lock.passphraseKey.wipe();
}

export interface NewStoreParams {
  readonly paths: Paths;
  readonly name: string;
  readonly lock: NewLock;
  /** For the second way in; stays the caller's. */
  readonly recoverySecret: RecoverySecret;
  readonly writes: readonly Write[];
  readonly random: Random;
}

/**
 * Makes an account's directory with everything in it, under another name, and renames it when all of it is on
 * the disk: nobody ever finds a half of one.
 * @returns the store, opened in its place.
 * @throws UsageError `account-exists`
 */
export async function createAccountStore(params: NewStoreParams): Promise<Store> {
  const { paths, name, lock, random } = params;
  await ready();
  makePrivateDirectory(paths.dataDirectory);
  removeLeftovers(paths);
  const target = accountPaths(paths, name);
  if (statIfThere(target.directory) !== undefined) throw accountExists(name);
  const files = filesIn(join(paths.dataDirectory, `${UNFINISHED}${randomBytes(8).toString('hex')}`));
  using storeKey = generateStoreKey(random);
  try {
    makePrivateDirectory(files.directory);
    writePrivateFile(files.header, encodeStoreHeader(makeHeader(storeKey, params)));
    if ('keyFileKey' in lock) writePrivateFile(files.keyFile, lock.keyFileKey.expose());
    const engine = await openLevelEngine(files.store, { create: true });
    const store = await createSealedStore({ engine, storeKey: storeKey.clone(), random, tables: allTables });
    try {
      await store.commit(params.writes);
    } finally {
      await store.close();
    }
    syncDirectory(files.directory);
    renameSync(files.directory, target.directory);
  } catch (error) {
    rmSync(files.directory, { recursive: true, force: true });
    if (statIfThere(target.directory) !== undefined) throw accountExists(name);
    throw error;
  }
  syncDirectory(paths.dataDirectory);
  return openSealed(target, storeKey.clone(), random);
}

async function openSealed(files: AccountPaths, storeKey: StoreKey, random: Random): Promise<Store> {
  const engine = await openLevelEngine(files.store, { create: false });
  try {
    return await openSealedStore({ engine, storeKey, random, tables: allTables });
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function makeHeader(storeKey: StoreKey, { lock, recoverySecret, random }: NewStoreParams): StoreHeader {
  using recoveryKey = deriveRecoveryWrapKey(recoverySecret);
  const own =
    'keyFileKey' in lock
      ? wrapStoreKey(storeKey, lock.keyFileKey, random)
      : wrapStoreKey(storeKey, lock.passphraseKey, random, lock.kdf);
  return { wraps: [own, wrapStoreKey(storeKey, recoveryKey, random)] };
}

export interface OpenStoreParams {
  readonly paths: Paths;
  readonly name: string;
  readonly unlock: UnlockSource;
  readonly random: Random;
  readonly stretcher: Stretcher;
  /** Derived in the same run, because each run costs a second: for the relay's auth key. */
  readonly alsoDerive?: readonly KdfParams[];
}

export interface OpenedStore {
  readonly store: Store;
  readonly usesPassphrase: boolean;
  /** What `alsoDerive` asked for; nothing without a passphrase. */
  readonly derived: readonly PassphraseKey[];
}

/**
 * Opens an account's store.
 * @throws StoreError `store-in-use`, `wrong-passphrase`, `wrong-key-file`, `passphrase-missing`,
 * `unsafe-permissions`, `bad-store-header`, `store-damaged`, `store-too-new`; UsageError `no-account`
 */
export async function openAccountStore(params: OpenStoreParams): Promise<OpenedStore> {
  const { paths, name, random } = params;
  await ready();
  const files = accountPaths(paths, name);
  const header = readHeader(files, name);
  checkPrivate(files.directory);
  // First the lock: nobody should wait a second to hear that the store is in use.
  const engine = await openLevelEngine(files.store, { create: false });
  try {
    const { storeKey, usesPassphrase, derived } = await unlockHeader(header, files, params);
    const store = await openSealedStore({ engine, storeKey, random, tables: allTables });
    return { store, usesPassphrase, derived };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function readHeader({ header, directory }: AccountPaths, name: string): StoreHeader {
  const bytes = readFileIfThere(header);
  if (bytes !== undefined) return decodeStoreHeader(bytes);
  throw statIfThere(directory) === undefined ? noAccount(name) : storeDamaged('its header is missing');
}

async function unlockHeader(
  header: StoreHeader,
  files: AccountPaths,
  { unlock, stretcher, alsoDerive = [] }: OpenStoreParams,
): Promise<Omit<OpenedStore, 'store'> & { readonly storeKey: StoreKey }> {
  const keyFileWrap = findWrap(header, 'keyFile');
  if (keyFileWrap !== undefined) {
    using key = readKeyFile(files.keyFile);
    return { storeKey: unwrapStoreKey(keyFileWrap, key), usesPassphrase: false, derived: [] };
  }
  const wrap = findWrap(header, 'passphrase');
  if (wrap === undefined) throw storeDamaged('its header knows no way in');
  if ('keyFile' in unlock) throw passphraseMissing();
  const [key, ...derived] = await stretcher.stretch(unlock.passphrase, [wrap.kdf, ...alsoDerive]);
  if (key === undefined) throw passphraseMissing();
  try {
    return { storeKey: unwrapStoreKey(wrap, key), usesPassphrase: true, derived };
  } catch (error) {
    for (const each of derived) each.wipe();
    throw error;
  } finally {
    key.wipe();
  }
}

function readKeyFile(path: string): KeyFileKey {
  const bytes = readFileIfThere(path);
  if (bytes === undefined) {
    throw new StoreError('wrong-key-file', 'the key file of this account is missing', {
      hints: [`it was ${path}; without it only the recovery words open the account`],
    });
  }
  checkPrivate(path);
  if (bytes.length !== KEY_FILE_BYTES) {
    throw new StoreError('wrong-key-file', `the key file has ${bytes.length} bytes, not ${KEY_FILE_BYTES}`);
  }
  return new Secret('KeyFileKey', bytes);
}

/** The way in of a new store, and what else was derived from the passphrase. */
export async function makeLock(
  unlock: UnlockSource,
  { random, stretcher }: { readonly random: Random; readonly stretcher: Stretcher },
  alsoDerive: readonly KdfParams[],
): Promise<{ readonly lock: NewLock; readonly derived: readonly PassphraseKey[] }> {
  await ready();
  if ('keyFile' in unlock) return { lock: { keyFileKey: generateKeyFileKey(random) }, derived: [] };
  const kdf = makeKdfParams(random);
  const [passphraseKey, ...derived] = await stretcher.stretch(unlock.passphrase, [kdf, ...alsoDerive]);
  if (passphraseKey === undefined) throw passphraseMissing();
  return { lock: { passphraseKey, kdf }, derived };
}

/** Removes an account that no relay ever knew. The store must be closed. */
export function removeAccountStore(paths: Paths, name: string): void {
  const { directory } = accountPaths(paths, name);
  // First the header: whatever a crash leaves then cannot be opened and is no account any more.
  rmSync(accountPaths(paths, name).header, { force: true });
  rmSync(directory, { recursive: true, force: true });
  syncDirectory(paths.dataDirectory);
}

function removeLeftovers({ dataDirectory }: Paths): void {
  for (const name of readdirSync(dataDirectory)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const path = join(dataDirectory, name);
    const ageMs = Date.now() - (statIfThere(path)?.mtimeMs ?? Date.now());
    if (ageMs > UNFINISHED_MAX_AGE_MS) rmSync(path, { recursive: true, force: true });
  }
}

export function accountExists(name: string): UsageError {
  return new UsageError('account-exists', `there is an account ${name} on this machine already`, {
    hints: ['choose another name, or use it with: intechat -a NAME'],
  });
}

function passphraseMissing(): StoreError {
  return new StoreError('passphrase-missing', 'this account is opened with a passphrase', {
    hints: ['give it with --passphrase-file or --passphrase-fd, or run the command in a terminal'],
  });
}
