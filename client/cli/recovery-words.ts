/** The recovery words: on a terminal or into a file that was named, nowhere else. */

import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError, UsageError } from '../../crypto/errors.ts';
import { syncDirectory } from '../engine/private-files.ts';
import { columns } from './columns.ts';
import { type SafeText, safe, say } from './safe-text.ts';
import type { Printer } from './voice.ts';

const WORDS_PER_ROW = 6;

/** A file that did not exist before; made early, so that a full disk or a typing error is found early. */
export class WordsFile {
  readonly path: string;
  readonly #fd: number;
  #written = false;

  /** @throws UsageError `file-exists`; StoreError `file-failed` */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'wx', 0o600);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
        throw new UsageError('file-exists', `${path} exists already and is not overwritten`);
      }
      throw new StoreError('file-failed', `${path} cannot be written`, { cause });
    }
  }

  write(words: readonly string[]): void {
    try {
      writeSync(this.#fd, `${words.join(' ')}\n`);
      fsyncSync(this.#fd);
      syncDirectory(dirname(this.path));
      this.#written = true;
    } catch (cause) {
      throw new StoreError('file-failed', `${this.path} cannot be written`, { cause });
    }
  }

  /** Leaves no empty file behind. */
  close(): void {
    closeSync(this.#fd);
    if (!this.#written) rmSync(this.path, { force: true });
  }
}

/** In numbered columns, as they are written down. */
export function wordRows(words: readonly string[]): readonly SafeText[] {
  const rows: SafeText[][] = [];
  for (let at = 0; at < words.length; at += WORDS_PER_ROW) {
    rows.push(
      words
        .slice(at, at + WORDS_PER_ROW)
        .map((word, index) => say`${String(at + index + 1).padStart(2)} ${word}`),
    );
  }
  return columns(rows);
}

export function printWords(printer: Printer, words: readonly string[]): void {
  printer.line(safe('recovery words:'));
  for (const row of wordRows(words)) printer.line(row);
}
