/**
 * The only way for text from outside to reach a terminal. What could steer the terminal, hide, or pretend to
 * be something else becomes a visible mark such as `‹U+202E›`; nothing is silently removed. A type, not good
 * will, keeps other text away: the printer takes `SafeText`, and only this file makes it.
 */

declare const safeText: unique symbol;
export type SafeText = string & { readonly [safeText]: true };

export interface SafeOptions {
  /** Keep line breaks: the caller splits at `\n` and gives every continuation line a gutter. */
  readonly multiline?: boolean;
  /** Cut after this many graphemes and say so. */
  readonly maxGraphemes?: number;
}

/** Vietnamese, Thai and Hebrew need up to three marks on a base; more only smears over the neighbours. */
const MAX_COMBINING_MARKS = 4;
/** A longer text is cut before anything looks at it: segmenting a megabyte would stall the screen. */
const MAX_CODE_UNITS = 262_144;

/** Intl.Segmenter takes quadratic time on a long string (measured on Node 20), so it sees windows of this size. */
const SEGMENT_WINDOW = 256;

const PLAIN = /^[\x20-\x7e]*$/;
const EMOJI = /^\p{RGI_Emoji}$/v;
/** Controls, formats (bidi, zero width, tags), surrogates, line separators, fillers, variation selectors. */
const DANGEROUS =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
const SPACE = /\p{Zs}/u;
const MARK = /\p{M}/u;
const JOINER = /^[\u200c\u200d]$/;
/** Scripts whose spelling needs ZWJ and ZWNJ between letters. */
const JOINING_SCRIPT =
  /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Mongolian}]/u;
/** Emoji presentation of one character, such as the heart: VS16 is not decoration there. */
const EMOJI_WITH_SELECTOR = /^\p{Emoji}\ufe0f\u20e3?$/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_DIRECTIONAL_ISOLATE = '\u2069';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Makes text from outside printable: on one line unless `multiline`. */
export function safe(input: string, options: SafeOptions = {}): SafeText {
  const cut = input.length > MAX_CODE_UNITS;
  const source = (cut ? input.slice(0, MAX_CODE_UNITS) : input).toWellFormed();
  if (!cut && PLAIN.test(source) && source.length <= (options.maxGraphemes ?? source.length)) {
    return source as SafeText;
  }
  let out = '';
  let count = 0;
  let shortened = cut;
  for (const { segment, continues } of segments(source)) {
    if (options.maxGraphemes !== undefined && count >= options.maxGraphemes) {
      shortened = true;
      break;
    }
    if (!continues) count++;
    out += safeGrapheme(segment, options.multiline === true, continues ? MAX_COMBINING_MARKS : 0);
  }
  if (shortened) out += '…';
  return (RIGHT_TO_LEFT.test(out) ? isolateLines(out) : out) as SafeText;
}

/** The program's own words with text from outside in between: ``say`hello ${name}` ``. */
export function say(strings: TemplateStringsArray, ...values: readonly (string | number)[]): SafeText {
  let out = strings[0] ?? '';
  values.forEach((value, index) => {
    out += safe(String(value)) + (strings[index + 1] ?? '');
  });
  return out as SafeText;
}

/** Like `say` around what is safe already: sanitised twice, right-to-left text would show its own isolates. */
export function phrase(strings: TemplateStringsArray, ...values: readonly (SafeText | number)[]): SafeText {
  let out = strings[0] ?? '';
  values.forEach((value, index) => {
    out += value + (strings[index + 1] ?? '');
  });
  return out as SafeText;
}

/** Joins what is safe already; the separator is the program's own. */
export function joinSafe(
  parts: readonly SafeText[],
  separator: ' ' | '  ' | '\n' | '' | ', ' = '',
): SafeText {
  return parts.join(separator) as SafeText;
}

/** Own layout (tables, colour) over safe text. The function must not add anything from outside. */
export function layout(text: SafeText, arrange: (text: string) => string): SafeText {
  return arrange(text) as SafeText;
}

/** JSON whose every character is printable: controls, formats and line separators stand as \u escapes. */
export function safeJson(value: unknown): SafeText {
  const text = JSON.stringify(value).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu,
    (character) => {
      let out = '';
      for (let i = 0; i < character.length; i++) {
        out += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
      }
      return out;
    },
  );
  return text as SafeText;
}

/** Graphemes in order; one longer than the window comes in pieces, the later ones marked as `continues`. */
function* segments(source: string): Generator<{ readonly segment: string; readonly continues: boolean }> {
  let continues = false;
  for (let at = 0; at < source.length; ) {
    const last = at + SEGMENT_WINDOW >= source.length;
    const window = source.slice(at, at + SEGMENT_WINDOW).replace(/[\ud800-\udbff]$/, '');
    const found = Array.from(graphemes.segment(window), ({ segment }) => segment);
    // The last one may go on behind the window: it is looked at again from its own start.
    if (!last && found.length > 1) found.pop();
    for (const segment of found) {
      yield { segment, continues };
      continues = false;
      at += segment.length;
    }
    continues = !last && found.length === 1;
  }
}

function safeGrapheme(grapheme: string, multiline: boolean, marksBefore: number): string {
  if (grapheme.length === 1 && grapheme >= ' ' && grapheme <= '~') return grapheme;
  if (EMOJI.test(grapheme) || EMOJI_WITH_SELECTOR.test(grapheme)) return grapheme;
  let out = '';
  let marks = marksBefore;
  let dropped = 0;
  for (const character of grapheme) {
    if (character === '\n' && multiline) out += '\n';
    else if (grapheme === '\r\n' && character === '\r' && multiline) out += '';
    else if (character === '\t' || SPACE.test(character)) out += ' ';
    else if (JOINER.test(character) && JOINING_SCRIPT.test(grapheme)) out += character;
    else if (DANGEROUS.test(character)) out += visible(character);
    else if (MARK.test(character) && ++marks > MAX_COMBINING_MARKS) dropped++;
    else out += character;
  }
  return dropped === 0 ? out : `${out}‹+${dropped} marks›`;
}

function visible(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  return `‹U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}›`;
}

/** Isolates each line, so that its direction cannot reorder what stands beside it. */
function isolateLines(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      RIGHT_TO_LEFT.test(line) ? `${FIRST_STRONG_ISOLATE}${line}${POP_DIRECTIONAL_ISOLATE}` : line,
    )
    .join('\n');
}
