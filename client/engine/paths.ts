/** Where everything of this program lies on the machine (docs/cli.md, "Files"). */

import { homedir, tmpdir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { foldName } from '../../crypto/account/username.ts';

export interface Paths {
  /** One directory per account, named by it. */
  readonly dataDirectory: string;
  readonly configDirectory: string;
  /** For sockets; not made here. */
  readonly runtimeDirectory: string;
}

export interface PathFlags {
  readonly dataDirectory?: string | undefined;
}

export interface AccountPaths {
  readonly directory: string;
  /** Readable before anything is unlocked. */
  readonly header: string;
  /** Of accounts without a passphrase. */
  readonly keyFile: string;
  readonly store: string;
}

const PROGRAM = 'intechat';

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags before environment before the XDG defaults. Relative XDG variables are ignored, as XDG asks. */
export function resolvePaths(env: Environment, flags: PathFlags = {}): Paths {
  const home = nonEmpty(env['HOME']) ?? homedir();
  const dataDirectory = nonEmpty(flags.dataDirectory) ?? nonEmpty(env['INTECHAT_DATA_DIR']);
  const runtime = absolute(env['XDG_RUNTIME_DIR']);
  return {
    dataDirectory:
      dataDirectory === undefined
        ? join(absolute(env['XDG_DATA_HOME']) ?? join(home, '.local', 'share'), PROGRAM)
        : resolve(dataDirectory),
    configDirectory: join(absolute(env['XDG_CONFIG_HOME']) ?? join(home, '.config'), PROGRAM),
    runtimeDirectory:
      runtime === undefined ? join(tmpdir(), `${PROGRAM}-${userInfo().uid}`) : join(runtime, PROGRAM),
  };
}

/**
 * The files of one account. A user name in canonical form has no separator and begins with a letter, so it
 * is a safe directory name, and no file of the program itself can be called like an account.
 * @throws UsageError when the name is no user name.
 */
export function accountPaths({ dataDirectory }: Paths, name: string): AccountPaths {
  const directory = join(dataDirectory, foldName(name));
  return filesIn(directory);
}

/** The same files in a directory that has no account's name yet. */
export function filesIn(directory: string): AccountPaths {
  return {
    directory,
    header: join(directory, 'header'),
    keyFile: join(directory, 'key'),
    store: join(directory, 'store'),
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
