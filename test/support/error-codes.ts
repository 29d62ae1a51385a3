/** Every error that the sources can raise, found in their text. */

import { relayErrors } from '../../relay/protocol/errors.ts';
import { type Source, sourcesUnder } from './sources.ts';

export interface RaisedError {
  readonly code: string;
  readonly className: string;
  readonly path: string;
}

/** Each finds the code in the group of this name, and the class where the text has it. */
const RAISED: readonly RegExp[] = [
  // new UsageError('code', …); a RecordChainError begins with its reason instead
  /\bnew (?!RecordChain)(?<className>\w*Error)\(\s*'(?<code>[a-z][a-z0-9-]*)'/g,
  // the constructor of a class of its own
  /\bsuper\('(?<code>[a-z][a-z0-9-]*)'/g,
  // the readers of bytes, which have one place that throws
  /\bthis\.#error\('(?<code>[a-z][a-z0-9-]*)'/g,
  /\bnew LayoutReader\(\w+, '(?<code>[a-z][a-z0-9-]*)'\)/g,
  /\bconst BAD_\w+ = '(?<code>[a-z][a-z0-9-]*)'/g,
];

export function errorsIn({ path, text }: Source): readonly RaisedError[] {
  return RAISED.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ groups, index }) => ({
      code: groups?.['code'] ?? '',
      className: groups?.['className'] ?? parentClass(text.slice(0, index)) ?? 'CodecError',
      path,
    })),
  );
}

/** Of the class that was begun last. */
function parentClass(before: string): string | undefined {
  return [...before.matchAll(/\bextends (\w+Error)\b/g)].at(-1)?.[1];
}

export function raisedErrors(): readonly RaisedError[] {
  return [
    ...Object.keys(relayErrors).map((code) => ({
      code,
      className: 'RelayError',
      path: 'relay/protocol/errors.ts',
    })),
    ...sourcesUnder('crypto', 'relay', 'client').flatMap(errorsIn),
  ];
}

/** In alphabetical order. */
export function raisedCodes(): readonly string[] {
  return [...new Set(raisedErrors().map(({ code }) => code))].sort();
}
