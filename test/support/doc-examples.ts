/** The examples of the format documents: every fence of the form "```hex NAME" or "```uri NAME". */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../../crypto/bytes.ts';
import { root } from './sources.ts';

const FENCE = /^```(hex|uri) (\S+)\n([^`]*)^```$/gm;

export interface DocExamples {
  readonly text: string;
  readonly names: readonly string[];
  /** @throws when there is no such example, so that a renamed one cannot go untested. */
  hex(name: string): Uint8Array;
  uri(name: string): string;
}

export function readDocExamples(document: string): DocExamples {
  const text = readFileSync(join(root, 'docs', document), 'utf8');
  const fences = new Map(
    [...text.matchAll(FENCE)].map(([, kind, name, body]) => [`${kind} ${name}`, body ?? '']),
  );
  const find = (key: string): string => {
    const body = fences.get(key);
    if (body === undefined) throw new Error(`${document} has no example ${key}`);
    return body;
  };
  return {
    text,
    names: [...fences.keys()],
    hex: (name) => fromHex(find(`hex ${name}`).replaceAll(/\s/g, '')),
    uri: (name) => find(`uri ${name}`).trim(),
  };
}
