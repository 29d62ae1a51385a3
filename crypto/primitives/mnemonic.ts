/** 32 bytes as 24 words of the English BIP-39 list, with its 8-bit checksum. */

import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { fromUtf8, utf8 } from '../bytes.ts';
import { CodecError } from '../errors.ts';

export const MNEMONIC_WORDS = 24;
export const MNEMONIC_ENTROPY_BYTES = 32;
/** 24 words of at most 8 letters, with generous white space. */
const MAX_PHRASE_BYTES = 1024;

const known: ReadonlySet<string> = new Set(wordlist);

/**
 * @param entropy - 32 bytes.
 * @returns the 24 words, lower case, separated by one space, as UTF-8.
 * @throws CodecError `bad-length` for any other length.
 * @see BIP-39, "Generating the mnemonic"
 */
export function mnemonicFromEntropy(entropy: Uint8Array): Uint8Array {
  if (entropy.length !== MNEMONIC_ENTROPY_BYTES) {
    throw new CodecError('bad-length', `a mnemonic stands for ${MNEMONIC_ENTROPY_BYTES} bytes`);
  }
  return utf8(entropyToMnemonic(entropy, wordlist));
}

/**
 * @param phrase - UTF-8 text; case, line breaks, numbering such as `1.` and extra spaces are ignored.
 * @returns the 32 bytes.
 * @throws CodecError `recovery-words-count`, `recovery-words-unknown` (`offset` is the word's place, from 1),
 * `recovery-words-checksum`.
 * @see BIP-39
 */
export function entropyFromMnemonic(phrase: Uint8Array): Uint8Array {
  if (phrase.length > MAX_PHRASE_BYTES) throw wrongCount('more');
  const words = fromUtf8(phrase)
    .normalize('NFKD')
    .toLowerCase()
    .split(/[\s\d.,;:)]+/u)
    .filter((word) => word !== '');
  if (words.length !== MNEMONIC_WORDS) throw wrongCount(String(words.length));
  const unknown = words.findIndex((word) => !known.has(word));
  if (unknown >= 0) {
    throw new CodecError('recovery-words-unknown', `word ${unknown + 1} is not in the list of words`, {
      offset: unknown + 1,
    });
  }
  try {
    return mnemonicToEntropy(words.join(' '), wordlist);
  } catch {
    // The library's error is not passed on: its text may quote the words.
    throw new CodecError('recovery-words-checksum', 'these words do not belong together; one is wrong');
  }
}

function wrongCount(found: string): CodecError {
  return new CodecError('recovery-words-count', `${MNEMONIC_WORDS} words are needed, there are ${found}`);
}
