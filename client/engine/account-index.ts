/** The accounts of this machine, which one is meant when none is named, and the relay of the first one. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { foldName, isCanonicalName } from '../../crypto/account/username.ts';
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { ChatError, UsageError } from '../../crypto/errors.ts';
import { decodeStoreHeader, findWrap } from '../../crypto/vault/store-header.ts';
import { storeDamaged } from '../store/errors.ts';
import { accountPaths, type Paths } from './paths.ts';
import { makePrivateDirectory, readFileIfThere, statIfThere, writePrivateFile } from './private-files.ts';

export interface AccountSummary {
  readonly name: string;
  readonly directory: string;
  /** Used when no account is named. */
  readonly current: boolean;
  readonly unlock: 'passphrase' | 'key-file' | 'damaged';
}

/** Begins with a dot, which no account's name does. */
const STATE_FILE = '.accounts.json';
const STATE_MAX_BYTES = 65_536;

interface IndexState {
  readonly current?: string;
  readonly relay?: string;
}

/** In the order of their names. */
export function listAccounts(paths: Paths): readonly AccountSummary[] {
  const current = currentAccount(paths);
  return accountNames(paths).map((name) => {
    const { directory } = accountPaths(paths, name);
    return { name, directory, current: name === current, unlock: unlockKind(paths, name) };
  });
}

/** The account that was chosen, or the only one there is. */
export function currentAccount(paths: Paths): string | undefined {
  const names = accountNames(paths);
  const { current } = readState(paths);
  if (current !== undefined && names.includes(current)) return current;
  return names.length === 1 ? names[0] : undefined;
}

/** @throws UsageError `no-account` */
export function useAccount(paths: Paths, name: string): void {
  const found = findAccount(paths, name);
  writeState(paths, { ...readState(paths), current: found.name });
}

/**
 * The account of this name on this machine.
 * @throws UsageError `no-account`
 */
export function findAccount(paths: Paths, name: string): AccountSummary {
  const folded = foldName(name);
  const found = listAccounts(paths).find((each) => each.name === folded);
  if (found === undefined) throw noAccount(folded);
  return found;
}

/** The address of the first account's relay: later ones need not name it. */
export function rememberedRelay(paths: Paths): string | undefined {
  return readState(paths).relay;
}

/** Called once an account is registered: the first one sets what later ones start from. */
export function noteAccount(paths: Paths, name: string, relay: string): void {
  const state = readState(paths);
  writeState(paths, { current: state.current ?? name, relay: state.relay ?? relay });
}

export function noAccount(name: string): UsageError {
  return new UsageError('no-account', `there is no account ${name} on this machine`, {
    hints: [`make one with: intechat register ${name}`, 'see those there are with: intechat account list'],
  });
}

function accountNames(paths: Paths): readonly string[] {
  let entries: readonly string[];
  try {
    entries = readdirSync(paths.dataDirectory);
  } catch {
    return [];
  }
  return entries
    .filter((name) => isCanonicalName(name) && statIfThere(accountPaths(paths, name).header) !== undefined)
    .sort();
}

function unlockKind(paths: Paths, name: string): AccountSummary['unlock'] {
  const bytes = readFileIfThere(accountPaths(paths, name).header);
  try {
    const header = decodeStoreHeader(bytes ?? new Uint8Array(0));
    if (findWrap(header, 'keyFile') !== undefined) return 'key-file';
    return findWrap(header, 'passphrase') === undefined ? 'damaged' : 'passphrase';
  } catch (error) {
    if (error instanceof ChatError) return 'damaged';
    throw error;
  }
}

function readState({ dataDirectory }: Paths): IndexState {
  const bytes = readFileIfThere(join(dataDirectory, STATE_FILE));
  if (bytes === undefined) return {};
  if (bytes.length > STATE_MAX_BYTES) throw storeDamaged(`${STATE_FILE} is too large`);
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes));
    if (typeof value !== 'object' || value === null) return {};
    const { current, relay } = value as Readonly<Record<string, unknown>>;
    return {
      ...(typeof current === 'string' ? { current } : {}),
      ...(typeof relay === 'string' ? { relay } : {}),
    };
  } catch (cause) {
    throw storeDamaged(`${STATE_FILE} cannot be read`, cause);
  }
}

function writeState({ dataDirectory }: Paths, state: IndexState): void {
  makePrivateDirectory(dataDirectory);
  writePrivateFile(join(dataDirectory, STATE_FILE), utf8(`${JSON.stringify(state)}\n`));
}
