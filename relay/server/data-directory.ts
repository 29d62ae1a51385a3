/** The relay's folder on disk: private to its owner, or the relay does not start. */

import { lstat, mkdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '../../crypto/errors.ts';

export interface DataDirectory {
  /** Absolute, symbolic links resolved: two spellings of one folder meet at one socket. */
  readonly path: string;
  readonly rootKeyFile: string;
  readonly storeDirectory: string;
  readonly adminSocket: string;
  /** Says where the admin socket is when the path above is too long for one. */
  readonly adminSocketPointer: string;
}

export const DATA_VARIABLE = 'INTECHAT_RELAY_DATA';

/** $INTECHAT_RELAY_DATA, else $XDG_DATA_HOME/intechat-relay; as the XDG rules say, a relative value is ignored. */
export function defaultDataDirectory(env: NodeJS.ProcessEnv): string {
  const chosen = env[DATA_VARIABLE];
  if (chosen !== undefined && chosen !== '') return chosen;
  const xdg = env['XDG_DATA_HOME'];
  const base = xdg?.startsWith('/') ? xdg : join(homedir(), '.local', 'share');
  return join(base, 'intechat-relay');
}

/**
 * Creates the folder where it is missing.
 * @throws StoreError `data-directory-open`, `data-directory-foreign`, `disk-failed`.
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StoreError('disk-failed', `the data directory ${path} cannot be created`, { cause });
  }
  return existingDataDirectory(path);
}

/** @throws StoreError as `openDataDirectory`, and `not-running` where there is no such folder. */
export async function existingDataDirectory(path: string): Promise<DataDirectory> {
  const real = await resolvePath(path);
  await checkPrivateDirectory(real);
  return {
    path: real,
    rootKeyFile: join(real, 'root.key'),
    storeDirectory: join(real, 'store'),
    adminSocket: join(real, 'admin.sock'),
    adminSocketPointer: join(real, 'admin.socket-path'),
  };
}

async function resolvePath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    throw new StoreError('not-running', `there is no relay in ${path}`, {
      cause,
      hints: ['start one with: intechat-relay up', 'name its folder with --data DIR'],
    });
  }
}

/** @throws StoreError unless `path` is a directory of this user that nobody else can enter. */
export async function checkPrivateDirectory(path: string): Promise<void> {
  const status = await lstat(path);
  if (!status.isDirectory()) {
    throw new StoreError('data-directory-foreign', `${path} is not a directory`);
  }
  const uid = process.getuid?.();
  if (uid !== undefined && status.uid !== uid) {
    throw new StoreError('data-directory-foreign', `${path} belongs to another user`, {
      hints: ['run the relay as the owner of its data, or choose another folder with --data DIR'],
    });
  }
  if (uid !== undefined && (status.mode & 0o077) !== 0) {
    throw new StoreError('data-directory-open', `other users can enter ${path}`, {
      hints: [`close it with: chmod 700 ${path}`],
    });
  }
}
