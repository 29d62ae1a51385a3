/** The project's own source files and what they import, for the tests that hold the rules of the house. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface Source {
  /** Path from the repository root with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export function sourcesUnder(...folders: readonly string[]): readonly Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => ({
        path: relative(root, file).replaceAll('\\', '/'),
        text: readFileSync(file, 'utf8'),
      })),
  );
}

const IMPORT =
  /^\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

/** What a file imports: project paths from the root (`crypto/bytes.ts`), everything else as written (`node:fs`, `ws`). */
export function importsOf(source: Source): readonly string[] {
  return Array.from(source.text.matchAll(IMPORT), (match) => match[1] ?? match[2] ?? match[3] ?? '').map(
    (name) => (name.startsWith('.') ? posix.normalize(posix.join(posix.dirname(source.path), name)) : name),
  );
}
