/** The prompt and the line being typed as rows of a screen. Pure. */

import { joinSafe, type SafeText, safe, say } from '../cli/safe-text.ts';
import { splitGraphemes, widthOf, widthOfSafe } from './graphemes.ts';

export interface InputRows {
  readonly rows: readonly SafeText[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

export interface InputLayout {
  readonly prompt: SafeText;
  readonly graphemes: readonly string[];
  /** Graphemes left of the cursor. */
  readonly cursor: number;
  readonly columns: number;
  readonly rowsMax: number;
}

interface Row {
  readonly graphemes: readonly string[];
  readonly width: number;
}

/** A longer prompt would leave no room to type. */
const PROMPT_SHARE = 0.6;
const COLUMNS_MIN = 8;

/** One cell of every row stays free for the cursor; of a long line the part around the cursor is shown. */
export function layoutInput({ prompt, graphemes, cursor, columns, rowsMax }: InputLayout): InputRows {
  const width = Math.max(COLUMNS_MIN, columns) - 1;
  const shown = cutPrompt(prompt, Math.floor(width * PROMPT_SHARE));
  const promptWidth = widthOfSafe(shown);
  const rows: { graphemes: string[]; width: number }[] = [{ graphemes: [], width: promptWidth }];
  let cursorRow = 0;
  let cursorColumn = promptWidth;
  graphemes.forEach((grapheme, index) => {
    const cells = widthOf(grapheme);
    let row = rows.at(-1);
    if (row === undefined || row.width + cells > width) {
      row = { graphemes: [], width: 0 };
      rows.push(row);
    }
    row.graphemes.push(grapheme);
    row.width += cells;
    if (index === cursor - 1) {
      cursorRow = rows.length - 1;
      cursorColumn = row.width;
    }
  });
  const first = Math.max(0, Math.min(cursorRow - Math.floor(rowsMax / 2), rows.length - rowsMax));
  const texts = rows.map((row, at) => rowText(row, at === 0 ? shown : say``));
  return {
    rows: texts.slice(first, first + Math.max(1, rowsMax)),
    cursorRow: cursorRow - first,
    cursorColumn: Math.min(cursorColumn, width),
  };
}

/** The whole row at once: right-to-left text isolated letter by letter would run the wrong way. */
function rowText({ graphemes }: Row, before: SafeText): SafeText {
  return joinSafe([before, safe(graphemes.join(''))]);
}

function cutPrompt(prompt: SafeText, widthMax: number): SafeText {
  if (widthOfSafe(prompt) <= widthMax) return prompt;
  const end = say`…> `;
  let out = '';
  let width = widthOfSafe(end);
  for (const grapheme of splitGraphemes(prompt)) {
    width += widthOfSafe(grapheme as SafeText);
    if (width > widthMax) break;
    out += grapheme;
  }
  return joinSafe([out as SafeText, end]);
}
