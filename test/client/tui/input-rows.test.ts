import { expect } from 'chai';
import { say } from '../../../client/cli/safe-text.ts';
import { splitGraphemes } from '../../../client/tui/graphemes.ts';
import { type InputRows, layoutInput } from '../../../client/tui/input-rows.ts';

function rowsOf(
  text: string,
  at: { cursor?: number; columns?: number; rowsMax?: number; prompt?: string } = {},
): InputRows {
  const { cursor = splitGraphemes(text).length, columns = 20, rowsMax = 10, prompt = 'bob> ' } = at;
  return layoutInput({ prompt: say`${prompt}`, graphemes: splitGraphemes(text), cursor, columns, rowsMax });
}

describe('the rows of the line being typed', () => {
  it('put the cursor behind what is typed', () => {
    expect(rowsOf('hello')).to.deep.equal({ rows: ['bob> hello'], cursorRow: 0, cursorColumn: 10 });
    expect(rowsOf('hello', { cursor: 0 }).cursorColumn).to.equal(5);
  });

  it('count cells, not characters', () => {
    expect(rowsOf('日本👩‍👩‍👧‍👦').cursorColumn).to.equal(5 + 2 + 2 + 2);
    expect(rowsOf('e\u0301').cursorColumn).to.equal(6);
    expect(rowsOf('\u202e').cursorColumn).to.equal(5 + '‹U+202E›'.length);
  });

  it('fold before the last column, and never inside a wide character', () => {
    const { rows, cursorRow, cursorColumn } = rowsOf(`${'x'.repeat(13)}日x`);
    expect(rows).to.deep.equal([`bob> ${'x'.repeat(13)}`, '日x']);
    expect([cursorRow, cursorColumn]).to.deep.equal([1, 3]);
  });

  it('show the part around the cursor when there is more than fits', () => {
    const text = Array.from({ length: 200 }, (_, i) => String(i % 10)).join('');
    const end = rowsOf(text, { rowsMax: 3 });
    expect(end.rows).to.have.length(3);
    expect(end.cursorRow).to.equal(2);
    const start = rowsOf(text, { rowsMax: 3, cursor: 0 });
    expect(start.rows[0]).to.match(/^bob> /);
    expect(start.cursorRow).to.equal(0);
    const middle = rowsOf(text, { rowsMax: 3, cursor: 100 });
    expect(middle.cursorRow).to.be.within(0, 2);
  });

  it('leave room to type beside a long name', () => {
    const { rows } = rowsOf('hi', { prompt: `${'n'.repeat(64)} (unverified)> ` });
    expect(rows).to.deep.equal([`${'n'.repeat(8)}…> hi`]);
  });

  it('isolate right-to-left text as a whole', () => {
    expect(rowsOf('שלום').rows).to.deep.equal(['bob> \u2068שלום\u2069']);
  });
});
