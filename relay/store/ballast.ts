/**
 * A file that only takes up room. A full disk leaves LevelDB unable to reopen, because recovery writes too;
 * giving the ballast back lets it, and taking it again shows that there is room once more.
 */

import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';

export class Ballast {
  readonly #path: string;
  readonly #sizeBytes: number;

  constructor(path: string, sizeBytes: number) {
    this.#path = path;
    this.#sizeBytes = sizeBytes;
  }

  /** @returns whether the ballast is in place; false when the disk has no room for it */
  async take(): Promise<boolean> {
    if ((await stat(this.#path).catch(() => undefined))?.size === this.#sizeBytes) return true;
    const temporary = `${this.#path}.new`;
    try {
      await this.#write(temporary);
      await rename(temporary, this.#path);
      return true;
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
      return false;
    }
  }

  /** @returns whether the disk takes as much again beside the ballast */
  async probe(): Promise<boolean> {
    const temporary = `${this.#path}.probe`;
    try {
      await this.#write(temporary);
      return true;
    } catch {
      return false;
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  async giveBack(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => undefined);
  }

  async #write(path: string): Promise<void> {
    const file = await open(path, 'w', 0o600);
    try {
      // Random bytes: a compressing file system would store zeros in no room at all.
      await file.writeFile(randomBytes(this.#sizeBytes));
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
