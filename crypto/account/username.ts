/**
 * User names: 3 to 32 of letters, digits, `.`, `_`, `-`; the first is a letter; all letters of one script.
 * Two names that fold to the same canonical form are the same name, and only the canonical form is stored,
 * signed or compared.
 */

import { utf8 } from '../bytes.ts';
import { UsageError } from '../errors.ts';
import { MAX_NAME_BYTES, MAX_NAME_CHARACTERS, MAX_NAME_INPUT, MIN_NAME_CHARACTERS } from './limits.ts';
import { RESERVED_NAMES } from './reserved-names.ts';

/**
 * The scripts in wide modern use (UAX #31, table 5). Historic ones are out: nobody could tell their
 * letters from a look-alike, and fonts often lack them.
 */
const SCRIPTS: readonly RegExp[] = [
  /^\p{Script=Latin}$/u,
  /^\p{Script=Greek}$/u,
  /^\p{Script=Cyrillic}$/u,
  /^\p{Script=Armenian}$/u,
  /^\p{Script=Hebrew}$/u,
  /^\p{Script=Arabic}$/u,
  /^\p{Script=Thaana}$/u,
  /^\p{Script=Devanagari}$/u,
  /^\p{Script=Bengali}$/u,
  /^\p{Script=Gurmukhi}$/u,
  /^\p{Script=Gujarati}$/u,
  /^\p{Script=Oriya}$/u,
  /^\p{Script=Tamil}$/u,
  /^\p{Script=Telugu}$/u,
  /^\p{Script=Kannada}$/u,
  /^\p{Script=Malayalam}$/u,
  /^\p{Script=Sinhala}$/u,
  /^\p{Script=Thai}$/u,
  /^\p{Script=Lao}$/u,
  /^\p{Script=Tibetan}$/u,
  /^\p{Script=Myanmar}$/u,
  /^\p{Script=Georgian}$/u,
  /^\p{Script=Hangul}$/u,
  /^\p{Script=Ethiopic}$/u,
  /^\p{Script=Khmer}$/u,
  /^\p{Script=Hiragana}$/u,
  /^\p{Script=Katakana}$/u,
  /^\p{Script=Bopomofo}$/u,
  /^\p{Script=Han}$/u,
];

/** Modifier letters are out: they imitate punctuation. So are the fillers of Hangul, which nobody can see. */
const LETTER = /^(?!\p{Default_Ignorable_Code_Point})[\p{Lu}\p{Ll}\p{Lt}\p{Lo}]$/u;
/** Letters by name only: clicks, saltillo and sinological dot look like `|`, `!`, `'` and a dot. */
const PUNCTUATION_LIKE = /^[\u01c0-\u01c3\ua78b\ua78c\ua78f]$/u;
/** Only these after NFKC: digits of other scripts imitate letters and other digits. */
const NEUTRAL = /^[0-9._-]$/;

/**
 * Folds a name to its canonical form without looking at reserved words; for look-ups and for names that
 * were accepted once.
 * @returns NFKC and case folded.
 * @throws UsageError `username-length`, `username-start`, `username-character`, `username-script`.
 */
export function foldName(name: string): string {
  if (name.length > MAX_NAME_INPUT) throw lengthError();
  const folded = foldOnce(foldOnce(name));
  const characters = [...folded];
  if (characters.length < MIN_NAME_CHARACTERS || characters.length > MAX_NAME_CHARACTERS) throw lengthError();
  let script: RegExp | undefined;
  for (const [index, character] of characters.entries()) {
    if (NEUTRAL.test(character)) {
      if (index === 0) throw new UsageError('username-start', 'a user name begins with a letter');
      continue;
    }
    const own = isLetter(character) ? SCRIPTS.find((each) => each.test(character)) : undefined;
    if (own === undefined) {
      throw new UsageError('username-character', 'a user name has letters, digits, ".", "_" and "-" only');
    }
    script ??= own;
    if (own !== script)
      throw new UsageError('username-script', 'all letters of a user name are of one script');
  }
  if (utf8(folded).length > MAX_NAME_BYTES) throw lengthError();
  // Foldings without a fixed point would let two spellings of one name pass for two names.
  if (foldOnce(folded) !== folded) {
    throw new UsageError('username-character', 'this user name has no stable canonical form');
  }
  return folded;
}

/**
 * The canonical form of a name that somebody wants to register.
 * @throws UsageError as `foldName`, and `username-reserved`.
 */
export function canonicalName(name: string): string {
  const folded = foldName(name);
  if (RESERVED_NAMES.has(folded)) {
    throw new UsageError('username-reserved', 'this name is a word of the program; choose another');
  }
  return folded;
}

/** Whether a name already is in canonical form (reserved or not: the list of reserved words may grow). */
export function isCanonicalName(name: string): boolean {
  try {
    return foldName(name) === name;
  } catch {
    return false;
  }
}

function isLetter(character: string): boolean {
  return LETTER.test(character) && !PUNCTUATION_LIKE.test(character);
}

/** Character by character: lower-casing a whole word would treat a final sigma unlike other sigmas. */
function foldOnce(name: string): string {
  let out = '';
  for (const character of name.normalize('NFKC')) out += character.toUpperCase().toLowerCase();
  return out.normalize('NFKC');
}

function lengthError(): UsageError {
  return new UsageError(
    'username-length',
    `a user name has ${MIN_NAME_CHARACTERS} to ${MAX_NAME_CHARACTERS} characters`,
  );
}
