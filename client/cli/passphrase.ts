/** Where a passphrase comes from. Never from a word of the command line, never from a variable. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError, UsageError } from '../../crypto/errors.ts';
import { Secret } from '../../crypto/secret.ts';
import type { Settings } from './settings.ts';

export type PassphraseSource =
  | { readonly kind: 'fd'; readonly fd: number }
  | { readonly kind: 'file'; readonly path: string }
  /** Protected by the service manager. */
  | { readonly kind: 'credential'; readonly path: string };

/** A passphrase has at most 1024 bytes; a file that is much longer is the wrong file. */
const FILE_MAX_BYTES = 8_192;
/** Whoever holds the other end of a pipe writes at once. */
const WAIT_MAX_MS = 30_000;
const WAIT_STEP_MS = 5;
const GROUP_AND_OTHERS = 0o077;
const STDIN = 0;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** What was named, in the order of docs/cli.md; undefined leaves a running daemon and the terminal. */
export function passphraseSource(settings: Settings, env: NodeJS.ProcessEnv): PassphraseSource | undefined {
  if (settings.passphraseFd !== undefined) return { kind: 'fd', fd: settings.passphraseFd };
  if (settings.passphraseFile !== undefined) return { kind: 'file', path: settings.passphraseFile };
  const variable = env['INTECHAT_PASSPHRASE_FILE'];
  if (variable !== undefined && variable !== '') return { kind: 'file', path: variable };
  const credentials = env['CREDENTIALS_DIRECTORY'];
  if (credentials === undefined || credentials === '') return undefined;
  const path = join(credentials, 'intechat-passphrase');
  return exists(path) ? { kind: 'credential', path } : undefined;
}

/** Whether the passphrase is read from stdin, which then holds nothing else. */
export function readsStdin(source: PassphraseSource | undefined): boolean {
  return source?.kind === 'fd' && source.fd === STDIN;
}

/**
 * One line end at the end is not part of it.
 * @throws UsageError `passphrase-unreadable`; StoreError `unsafe-permissions`
 */
export function readPassphrase(source: PassphraseSource): Secret<'Passphrase'> {
  if (source.kind === 'fd') return readAll(source.fd, `file descriptor ${source.fd}`);
  let fd: number;
  try {
    fd = openSync(source.path, 'r');
  } catch (cause) {
    throw unreadable(source.path, cause);
  }
  try {
    // Checked on the opened file: a path could be exchanged between the check and the use.
    if (source.kind === 'file') checkPrivate(fd, source.path);
    return readAll(fd, source.path);
  } finally {
    closeSync(fd);
  }
}

/** Nothing was named, no daemon runs and nobody can be asked. */
export function passphraseMissing(): StoreError {
  return new StoreError('passphrase-missing', 'this account is opened with a passphrase', {
    hints: [
      'name a file that holds it with --passphrase-file FILE, readable by you alone',
      'or start `intechat daemon` in a terminal: other commands then need no passphrase',
    ],
  });
}

function checkPrivate(fd: number, path: string): void {
  const { mode, uid } = fstatSync(fd);
  const own = process.getuid?.();
  const isForeign = own !== undefined && own !== 0 && uid !== own && uid !== 0;
  if ((mode & GROUP_AND_OTHERS) === 0 && !isForeign) return;
  throw new StoreError('unsafe-permissions', `other users of this machine can get at ${path}`, {
    hints: [isForeign ? 'it belongs to another user' : `take their rights away: chmod 600 '${path}'`],
  });
}

function readAll(fd: number, what: string): Secret<'Passphrase'> {
  const buffer = new Uint8Array(FILE_MAX_BYTES);
  let length = 0;
  try {
    for (;;) {
      const count = readWaiting(fd, buffer, length);
      if (count === 0) break;
      length += count;
      if (length === buffer.length) throw new UsageError('passphrase-unreadable', `${what} is too long`);
    }
    const end = withoutLineEnd(buffer, length);
    if (end === 0) throw new UsageError('passphrase-unreadable', `${what} is empty`);
    return new Secret('Passphrase', buffer.slice(0, end));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw unreadable(what, error);
  } finally {
    buffer.fill(0);
  }
}

/** A pipe may be empty still and not wait by itself. */
function readWaiting(fd: number, buffer: Uint8Array, at: number): number {
  const until = Date.now() + WAIT_MAX_MS;
  for (;;) {
    try {
      return readSync(fd, buffer, at, buffer.length - at, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || Date.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_STEP_MS);
    }
  }
}

function withoutLineEnd(buffer: Uint8Array, length: number): number {
  if (buffer[length - 1] !== LINE_FEED) return length;
  return buffer[length - 2] === CARRIAGE_RETURN ? length - 2 : length - 1;
}

function unreadable(what: string, cause: unknown): UsageError {
  return new UsageError('passphrase-unreadable', `the passphrase cannot be read from ${what}`, { cause });
}

function exists(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}
