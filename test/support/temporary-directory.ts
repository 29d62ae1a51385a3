import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A private directory of its own for each test that calls this, removed when its suite is over. */
export function temporaryDirectories(): () => Promise<string> {
  const made: string[] = [];
  after(async () => {
    for (const path of made) await rm(path, { recursive: true, force: true });
  });
  return async () => {
    const path = await mkdtemp(join(tmpdir(), 'intechat-test-'));
    made.push(path);
    return path;
  };
}
