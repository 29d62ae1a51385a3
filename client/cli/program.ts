/** Which program this is. */

import { readFileSync } from 'node:fs';

export interface Program {
  readonly version: string;
  /** The file that was started; workers and the demo's other processes lie beside it. */
  readonly entryUrl: string;
}

/** @param entryUrl `import.meta.url` of the entry file. */
export function describeProgram(entryUrl: string): Program {
  return { version: readVersion(new URL('../package.json', entryUrl)), entryUrl };
}

function readVersion(manifest: URL): string {
  try {
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : '0.0.0';
  } catch {
    // A program copied out of its package still runs.
    return '0.0.0';
  }
}
