/** Where the programs of one account meet: a socket that only its owner can reach. */

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../../crypto/errors.ts';
import { SOCKET_PATH_MAX_BYTES } from './limits.ts';

export interface SocketPlace {
  /** 0700 and our own, or nothing here is used. */
  readonly directory: string;
  readonly path: string;
}

export interface SocketOwner {
  readonly runtimeDirectory: string;
  readonly dataDirectory: string;
  /** User name in canonical form. */
  readonly account: string;
}

const NAME_HEX_DIGITS = 16;
const OTHERS = 0o077;

/**
 * The socket of an account; two spellings of one data directory give the same.
 * @throws StoreError `socket-path-too-long`
 */
export function socketPlace({ runtimeDirectory, dataDirectory, account }: SocketOwner): SocketPlace {
  const hash = createHash('sha256')
    .update(`${realPath(dataDirectory)}\0${account}`)
    .digest('hex');
  const path = join(runtimeDirectory, `${hash.slice(0, NAME_HEX_DIGITS)}.sock`);
  const sizeBytes = Buffer.byteLength(path);
  if (sizeBytes > SOCKET_PATH_MAX_BYTES) {
    throw new StoreError(
      'socket-path-too-long',
      `the path of the local socket has ${sizeBytes} bytes, at most ${SOCKET_PATH_MAX_BYTES} work: ${path}`,
      { hints: ['set XDG_RUNTIME_DIR to a shorter folder'] },
    );
  }
  return { directory: runtimeDirectory, path };
}

/** @throws StoreError `socket-directory-unsafe`, `socket-failed` */
export function makeSocketDirectory({ directory }: SocketPlace): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StoreError('socket-failed', `the folder ${directory} cannot be made`, { cause });
  }
  checkSocketDirectory(directory);
}

/**
 * Whether there may be a socket. A folder that others can change could hold a socket of theirs, and what is
 * sent there is read there.
 * @throws StoreError `socket-directory-unsafe`
 */
export function hasSocketDirectory({ directory }: SocketPlace): boolean {
  try {
    lstatSync(directory);
  } catch {
    return false;
  }
  checkSocketDirectory(directory);
  return true;
}

function checkSocketDirectory(directory: string): void {
  const status = lstatSync(directory);
  const uid = process.getuid?.();
  const isOurs = uid === undefined || status.uid === uid;
  if (status.isDirectory() && isOurs && (status.mode & OTHERS) === 0) return;
  throw new StoreError('socket-directory-unsafe', `others could get at the local socket in ${directory}`, {
    hints: [isOurs ? `close it with: chmod 700 ${directory}` : 'set XDG_RUNTIME_DIR to a folder of your own'],
  });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
