/** What the user sees as one character, and how many cells of a terminal it takes. */

import stringWidth from 'string-width';
import { type SafeText, safe } from '../cli/safe-text.ts';

/** Intl.Segmenter takes quadratic time on a long string, so it sees windows of this size. */
const SEGMENT_WINDOW = 256;
const ASCII = /^[\x20-\x7e]*$/;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A grapheme longer than the window comes in pieces: nobody types one. */
export function splitGraphemes(text: string): readonly string[] {
  if (ASCII.test(text)) return text.split('');
  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    const isLast = at + SEGMENT_WINDOW >= text.length;
    const whole = text.slice(at, at + SEGMENT_WINDOW);
    const window = isLast ? whole : whole.replace(/[\ud800-\udbff]$/, '');
    const parts = Array.from(segmenter.segment(window), ({ segment }) => segment);
    // The last one may go on behind the window: it is looked at again from its own start.
    if (!isLast && parts.length > 1) parts.pop();
    for (const part of parts) {
      found.push(part);
      at += part.length;
    }
  }
  return found;
}

/** Cells that raw text takes once it is made safe to print. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(safe(text));
}

export function widthOfSafe(text: SafeText): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}
