/** Where the admin socket lies: in the data directory, or in a private runtime folder when that path is too long. */

import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '../../crypto/errors.ts';
import { checkPrivateDirectory, type DataDirectory } from './data-directory.ts';
import { SOCKET_PATH_MAX_BYTES } from './server-limits.ts';

const NAME_HEX_DIGITS = 16;

/**
 * For the relay. Leaves a pointer in the data directory when the socket lies elsewhere, because another
 * shell of the same user may have another runtime folder.
 * @throws StoreError `socket-path-too-long`, `data-directory-open`, `data-directory-foreign`
 */
export async function claimAdminSocketPath(
  directory: DataDirectory,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (fits(directory.adminSocket)) {
    await rm(directory.adminSocketPointer, { force: true });
    return directory.adminSocket;
  }
  const folder = runtimeFolder(env);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await checkPrivateDirectory(folder);
  const name = createHash('sha256').update(directory.path).digest('hex').slice(0, NAME_HEX_DIGITS);
  const path = join(folder, `${name}.sock`);
  if (!fits(path)) {
    throw new StoreError('socket-path-too-long', `the path ${path} is too long for a socket`, {
      hints: ['set XDG_RUNTIME_DIR to a shorter folder, or choose a shorter --data DIR'],
    });
  }
  await writeFile(directory.adminSocketPointer, path, { mode: 0o600 });
  return path;
}

/** For the commands that ask a running relay. */
export async function findAdminSocketPath(directory: DataDirectory): Promise<string> {
  if (fits(directory.adminSocket)) return directory.adminSocket;
  try {
    return (await readFile(directory.adminSocketPointer, 'utf8')).trim();
  } catch {
    // No pointer: no relay has been started here. Connecting then says so.
    return join(directory.path, 'no-relay');
  }
}

function runtimeFolder(env: NodeJS.ProcessEnv): string {
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime?.startsWith('/')) return join(runtime, 'intechat-relay');
  return join(tmpdir(), `intechat-relay-${process.getuid?.() ?? 'user'}`);
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= SOCKET_PATH_MAX_BYTES;
}
