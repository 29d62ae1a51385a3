/**
 * The built programs, for tests that start processes. Builds once when dist/ is older than the sources; a lock
 * directory keeps parallel test files and people from building twice. `INTECHAT_DIST` names a directory that is
 * already built and is then used as it is.
 */

import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

const SOURCE_FOLDERS = ['crypto', 'relay', 'client'];
const BUILT_FILES = ['intechat.js', 'intechat-relay.js', 'password-worker.js', 'argon2-worker.js'];
const LOCK_POLL_MS = 50;
/** A build takes a second; a lock this old belongs to a process that was killed. */
const LOCK_STALE_MS = 60_000;

let ready: Promise<string> | undefined;

/** @returns The directory of the built programs, no older than the sources. */
export function ensureDist(): Promise<string> {
  ready ??=
    process.env['INTECHAT_DIST'] === undefined
      ? buildWhenStale()
      : Promise.resolve(process.env['INTECHAT_DIST']);
  return ready;
}

async function buildWhenStale(): Promise<string> {
  const dist = join(repositoryRoot, 'dist');
  const lock = join(repositoryRoot, 'node_modules', '.dist-build');
  // While somebody builds, new files may stand beside missing ones.
  if ((await modifiedMs(lock)) === 0 && (await isFresh(dist))) return dist;
  const release = await takeLock(lock);
  try {
    if (!(await isFresh(dist))) {
      await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: repositoryRoot });
    }
  } finally {
    await release();
  }
  return dist;
}

async function isFresh(dist: string): Promise<boolean> {
  const built = await Promise.all(BUILT_FILES.map((file) => modifiedMs(join(dist, file))));
  const sources = await Promise.all(
    SOURCE_FOLDERS.map((folder) => newestSourceMs(join(repositoryRoot, folder))),
  );
  sources.push(await modifiedMs(join(repositoryRoot, 'package.json')));
  return Math.min(...built) >= Math.max(...sources);
}

async function newestSourceMs(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const times = await Promise.all(
    names.filter((name) => name.endsWith('.ts')).map((name) => modifiedMs(join(folder, name))),
  );
  return Math.max(0, ...times);
}

async function modifiedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}

async function takeLock(lock: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await mkdir(lock);
      await writeFile(join(lock, 'pid'), String(process.pid));
      return () => rm(lock, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isStale(lock)) await rm(lock, { recursive: true, force: true });
    else await delay(LOCK_POLL_MS);
  }
}

async function isStale(lock: string): Promise<boolean> {
  const madeMs = await modifiedMs(lock);
  if (madeMs !== 0 && Date.now() - madeMs > LOCK_STALE_MS) return true;
  try {
    process.kill(Number(await readFile(join(lock, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    // ENOENT: the owner has not written its number yet, or has just finished.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
