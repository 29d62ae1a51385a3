/** Lists in columns, as wide as what stands in them. */

import stringWidth from 'string-width';
import { layout, type SafeText, safe } from './safe-text.ts';

/** A longer cell is cut, so that one row cannot push the others off the screen. */
const CELL_MAX_GRAPHEMES = 64;

/** One line per row. The last column is neither padded nor cut: it was made to fit by the caller. */
export function columns(rows: readonly (readonly SafeText[])[]): readonly SafeText[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) =>
    Math.max(0, ...rows.map((row) => stringWidth(row[at] ?? ''))),
  );
  return rows.map((row) => {
    const cells = row.map((cell, at) => (at === row.length - 1 ? cell : padded(cell, widths[at] ?? 0)));
    return layout(safe(''), () => cells.join('  ').trimEnd());
  });
}

/** Text from outside for one cell: on one line and of bounded length. */
export function cell(text: string, maxGraphemes: number = CELL_MAX_GRAPHEMES): SafeText {
  return safe(text, { maxGraphemes });
}

export function padded(text: SafeText, width: number): SafeText {
  return layout(text, (each) => each + ' '.repeat(Math.max(0, width - stringWidth(each))));
}
