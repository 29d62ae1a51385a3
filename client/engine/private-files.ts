/** Files and directories for the owner alone, and written so that a crash leaves the old or the new one. */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '../../crypto/errors.ts';
import { diskFull, storeFailed } from '../store/errors.ts';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const OTHERS = 0o077;

/** Makes a directory and its parents for the owner alone; one that is there stays as it is. */
export function makePrivateDirectory(path: string): void {
  guard(() => mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE }));
}

/** Replaces a file: written beside it, fsynced, renamed over it, and the rename fsynced. */
export function writePrivateFile(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  guard(() => {
    try {
      const file = openSync(temporary, 'wx', FILE_MODE);
      try {
        // The umask may have taken bits away that the owner needs.
        fchmodSync(file, FILE_MODE);
        let written = 0;
        while (written < bytes.length) written += writeSync(file, bytes, written);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncDirectory(dirname(path));
  });
}

/** Makes names in a directory durable: new, renamed and removed ones. */
export function syncDirectory(path: string): void {
  guard(() => {
    const directory = openSync(path, 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  });
}

/** @returns undefined when there is no such file. */
export function readFileIfThere(path: string): Uint8Array | undefined {
  return guard(() => {
    try {
      return new Uint8Array(readFileSync(path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}

export function statIfThere(path: string): Stats | undefined {
  return guard(() => {
    try {
      return statSync(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}

/**
 * Refuses what other users of the machine can read or change.
 * @throws StoreError `unsafe-permissions`
 */
export function checkPrivate(path: string): void {
  const { mode, uid } = guard(() => statSync(path));
  const own = process.getuid?.();
  const isForeign = own !== undefined && own !== 0 && uid !== own;
  if ((mode & OTHERS) === 0 && !isForeign) return;
  throw new StoreError('unsafe-permissions', `other users of this machine can get at ${path}`, {
    hints: [isForeign ? 'it belongs to another user' : `take their rights away: chmod -R go= '${path}'`],
  });
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function guard<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? diskFull(error) : storeFailed(error);
  }
}
