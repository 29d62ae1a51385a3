import { expect } from 'chai';
import {
  type Edit,
  type EditorState,
  edit,
  emptyEditor,
  holdsSecret,
  INPUT_HISTORY_MAX,
  insert,
  LINE_MAX_CODE_UNITS,
  remember,
  textOf,
  withText,
} from '../../../client/tui/line-editor.ts';

const FAMILY = '👩‍👩‍👧‍👦';

function typed(text: string): EditorState {
  return insert(emptyEditor, text);
}

function edited(state: EditorState, ...edits: readonly Edit[]): EditorState {
  return edits.reduce(edit, state);
}

/** The text with the cursor in it. */
function shown({ graphemes, cursor }: EditorState): string {
  return `${graphemes.slice(0, cursor).join('')}|${graphemes.slice(cursor).join('')}`;
}

describe('the line editor', () => {
  it('inserts at the cursor', () => {
    expect(shown(insert(edited(typed('held'), 'left', 'left'), 'l'))).to.equal('hel|ld');
  });

  it('moves and deletes by what the user sees as one character', () => {
    const state = typed(`a${FAMILY}é`);
    expect(state.graphemes).to.have.length(3);
    expect(shown(edited(state, 'left', 'left'))).to.equal(`a|${FAMILY}é`);
    expect(textOf(edited(state, 'left', 'delete-left'))).to.equal('aé');
  });

  it('joins a mark that is typed alone to the character before it', () => {
    const state = insert(typed('xe'), '\u0301');
    expect(state.graphemes).to.deep.equal(['x', 'e\u0301']);
    expect(state.cursor).to.equal(2);
  });

  it('joins what stands together once something between was deleted', () => {
    const state = edited(typed('🇩x🇪'), 'left', 'delete-left');
    expect(state.graphemes).to.deep.equal(['🇩🇪']);
    expect(state.cursor).to.be.within(0, 1);
  });

  it('stays at the ends of the line', () => {
    expect(shown(edited(typed('ab'), 'right', 'right'))).to.equal('ab|');
    expect(shown(edited(typed('ab'), 'start', 'left', 'delete-left'))).to.equal('|ab');
    expect(shown(edited(typed('ab'), 'delete-right'))).to.equal('ab|');
  });

  it('moves by words', () => {
    const state = typed('one  two three');
    expect(shown(edited(state, 'word-left'))).to.equal('one  two |three');
    expect(shown(edited(state, 'word-left', 'word-left', 'word-left'))).to.equal('|one  two three');
    expect(shown(edited(state, 'start', 'word-right', 'word-right'))).to.equal('one  two| three');
  });

  it('cuts words and lines and gives back what was cut last', () => {
    const state = edited(typed('one two three'), 'cut-word-left');
    expect(shown(state)).to.equal('one two |');
    expect(shown(edited(state, 'start', 'yank'))).to.equal('three|one two ');
    expect(shown(edited(typed('one two'), 'word-left', 'cut-to-start', 'end', 'yank'))).to.equal('twoone |');
    expect(shown(edited(typed('one two'), 'word-left', 'cut-to-end'))).to.equal('one |');
    expect(shown(edited(typed('one two'), 'start', 'cut-word-right'))).to.equal('| two');
  });

  it('goes through older lines and back to the one being typed', () => {
    let state = remember(remember(emptyEditor, 'first'), 'second');
    state = withText(state, 'draft');
    expect(textOf(edited(state, 'older'))).to.equal('second');
    expect(textOf(edited(state, 'older', 'older', 'older'))).to.equal('first');
    expect(textOf(edited(state, 'older', 'older', 'newer', 'newer'))).to.equal('draft');
    expect(textOf(edited(state, 'newer'))).to.equal('draft');
  });

  it('remembers neither empty lines nor repeats nor lines with a capability in them', () => {
    const address = 'ic://00ff@localhost:7443/u/bob#s3cret.11111111-1111-8111-8111-111111111111';
    const state = ['hello', 'hello', '  ', `/open ${address}`, `see ${address.toUpperCase()}`].reduce(
      remember,
      emptyEditor,
    );
    expect(state.history).to.deep.equal(['hello']);
    expect(holdsSecret(`/msg ${address} hi`)).to.equal(true);
    expect(holdsSecret('ic://00ff@localhost:7443')).to.equal(false);
  });

  it('forgets the oldest lines', () => {
    let state = emptyEditor;
    for (let i = 0; i <= INPUT_HISTORY_MAX; i++) state = remember(state, `line ${i}`);
    expect(state.history).to.have.length(INPUT_HISTORY_MAX);
    expect(state.history[0]).to.equal('line 1');
  });

  it('takes no more than a message may hold', () => {
    const full = typed('x'.repeat(LINE_MAX_CODE_UNITS));
    expect(insert(full, 'y')).to.equal(full);
    expect(insert(edited(full, 'delete-left'), 'y').graphemes.at(-1)).to.equal('y');
  });
});
