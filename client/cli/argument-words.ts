/**
 * Words of the command line that the parser must not interpret: the text after `-m`, whatever it begins with,
 * and everything after `--`. They travel through the parser as tokens that no argument can contain.
 */

import { UsageError } from '../../crypto/errors.ts';

export interface MaskedWords {
  readonly words: readonly string[];
  /** Puts the words back: into values, and into what the parser says about them. */
  restore(text: string): string;
}

const TEXT_FLAG = /^(?:-m|--message)$/;
const TEXT_FLAG_WITH_VALUE = /^(?:--message=|-m=|-m(?=[^=]))([\s\S]*)$/;
// A zero byte cannot stand in an argument.
const TOKEN = /\0(\d+)\0/g;

/** @throws UsageError `usage` when `-m` has no word after it or stands twice. */
export function maskWords(argv: readonly string[]): MaskedWords {
  const masked: string[] = [];
  const words: string[] = [];
  const mask = (word: string): string => `\0${masked.push(word) - 1}\0`;
  let texts = 0;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') {
      words.push(...argv.slice(at + 1).map(mask));
      break;
    }
    const joined = TEXT_FLAG_WITH_VALUE.exec(word)?.[1];
    const isText = joined !== undefined || TEXT_FLAG.test(word);
    if (!isText) {
      words.push(word);
      continue;
    }
    const text = joined ?? argv[++at];
    if (text === undefined) throw new UsageError('usage', '-m needs a text after it');
    if (++texts > 1) {
      throw new UsageError('usage', '-m is given twice', {
        hints: ['one message has one text; put it in quotes'],
      });
    }
    words.push(`--message=${mask(text)}`);
  }
  return {
    words,
    restore: (text) => text.replace(TOKEN, (_, index: string) => masked[Number(index)] ?? ''),
  };
}
