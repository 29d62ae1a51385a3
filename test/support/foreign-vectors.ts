/**
 * Published test vectors of others, read where they lie and never copied into the repository. Where the folder
 * is absent the tests that need it are pending and say so.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const FOLDER = fileURLToPath(new URL('../../../shared/vectors/foreign', import.meta.url));

export const hasForeignVectors: boolean = existsSync(FOLDER);

export function readForeignText(path: string): string {
  const bytes = readFileSync(join(FOLDER, path));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

export interface WycheproofCase {
  readonly tcId: number;
  readonly comment?: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly [field: string]: unknown;
}

export interface WycheproofGroup {
  readonly tests: readonly WycheproofCase[];
  readonly [field: string]: unknown;
}

/** The cases of a Wycheproof file with the group they stand in. */
export function readWycheproof(
  name: string,
): readonly { readonly group: WycheproofGroup; readonly test: WycheproofCase }[] {
  const file = JSON.parse(readForeignText(`wycheproof/${name}_test.json`)) as {
    readonly testGroups: readonly WycheproofGroup[];
  };
  return file.testGroups.flatMap((group) => group.tests.map((test) => ({ group, test })));
}
