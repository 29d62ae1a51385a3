/** Where this program lies, and which version it is. */

import { readFileSync } from 'node:fs';

export interface Program {
  readonly version: string;
  /** Built beside the program; a bundle's shared chunks lie elsewhere, so only the entry file knows. */
  readonly passwordWorkerUrl: URL;
}

/** @param entryUrl `import.meta.url` of the program's entry file. */
export function describeProgram(entryUrl: string): Program {
  return {
    version: readVersion(new URL('../package.json', entryUrl)),
    passwordWorkerUrl: new URL('./password-worker.js', entryUrl),
  };
}

function readVersion(manifest: URL): string {
  try {
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    // A program copied out of its package still runs.
    return 'unknown';
  }
}
