/** Long lines cut to the width of a terminal, so that no text reaches the beginning of a line by itself. */

import stringWidth from 'string-width';
import { layout, type SafeText } from './safe-text.ts';

/** Narrower than this nothing can be read, so nothing is cut. */
const WIDTH_MIN = 16;
/** Intl.Segmenter takes quadratic time on a long string, so it sees windows of this size. */
const WINDOW = 256;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** At spaces where there is one in the second half of a line. */
export function wrap(text: SafeText, width: number): readonly SafeText[] {
  if (width < WIDTH_MIN || stringWidth(text) <= width) return [text];
  const lines: SafeText[] = [];
  let line = '';
  let used = 0;
  const push = (cut: string): void => {
    lines.push(layout(text, () => cut));
  };
  for (const grapheme of graphemesOf(text)) {
    const size = stringWidth(grapheme);
    if (used + size > width) {
      const space = line.lastIndexOf(' ');
      const at = space > line.length / 2 && grapheme !== ' ' ? space + 1 : line.length;
      push(line.slice(0, at).trimEnd());
      line = line.slice(at);
      used = stringWidth(line);
      if (grapheme === ' ' && line === '') continue;
    }
    line += grapheme;
    used += size;
  }
  if (line !== '' || lines.length === 0) push(line);
  return lines;
}

function* graphemesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += WINDOW) {
    for (const { segment } of graphemes.segment(text.slice(at, at + WINDOW))) yield segment;
  }
}
