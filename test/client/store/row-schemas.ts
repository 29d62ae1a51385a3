/** The stored messages as their sources declare them: name, and number and name of each field. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/sources.ts';

const FILES = ['own.ts', 'people.ts', 'talk.ts', 'mail.ts', 'fields.ts'];
const MESSAGE = /message\('(\w+)', \{(.*?)\}\);/gs;
const FIELD = /(\w+): (required|optional|repeated)\((\d+),/g;
const MARKS: Readonly<Record<string, string>> = { required: '', optional: '?', repeated: '*' };

/** One line per message: `Name: 1 first, 2 second?, 3 third*`. */
export function rowSchemas(): readonly string[] {
  return FILES.flatMap((file) => {
    const source = readFileSync(join(root, 'client/core/tables', file), 'utf8');
    return [...source.matchAll(MESSAGE)].map(([, name, body]) => {
      const fields = [...(body ?? '').matchAll(FIELD)].map(
        ([, field, presence, number]) => `${number} ${field}${MARKS[presence ?? '']}`,
      );
      return `${name}: ${fields.join(', ')}`;
    });
  });
}
