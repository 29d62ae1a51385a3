/** The line being typed: pure, and by graphemes, so that the cursor never stands inside a character. */

import { assertNever } from '../../crypto/errors.ts';
import { splitGraphemes } from './graphemes.ts';

export interface EditorState {
  readonly graphemes: readonly string[];
  /** Graphemes left of the cursor. */
  readonly cursor: number;
  /** What was cut last, for `yank`. */
  readonly cut: string;
  /** Oldest first; in memory only. */
  readonly history: readonly string[];
  /** Where in the history the user is; undefined: in the line of their own. */
  readonly historyAt: number | undefined;
  /** The line of their own while they look at older ones. */
  readonly draft: string;
}

export type Edit =
  | 'left'
  | 'right'
  | 'word-left'
  | 'word-right'
  | 'start'
  | 'end'
  | 'delete-left'
  | 'delete-right'
  | 'cut-word-left'
  | 'cut-word-right'
  | 'cut-to-start'
  | 'cut-to-end'
  | 'yank'
  | 'older'
  | 'newer';

/** A message may have 64 KiB; what is longer is better sent as a file. */
export const LINE_MAX_CODE_UNITS = 65_536;
export const INPUT_HISTORY_MAX = 500;

export const emptyEditor: EditorState = {
  graphemes: [],
  cursor: 0,
  cut: '',
  history: [],
  historyAt: undefined,
  draft: '',
};

export function textOf({ graphemes }: EditorState): string {
  return graphemes.join('');
}

/** Text before the cursor: what completion looks at. */
export function textBefore({ graphemes, cursor }: EditorState): string {
  return graphemes.slice(0, cursor).join('');
}

/** The same state when the line would become too long: the caller says so. */
export function insert(state: EditorState, text: string): EditorState {
  const { graphemes, cursor } = state;
  if (text === '') return state;
  if (graphemes.reduce((sum, { length }) => sum + length, text.length) > LINE_MAX_CODE_UNITS) return state;
  // A combining mark joins what stands before it, and a joiner what comes behind.
  const before = graphemes[cursor - 1] ?? '';
  const after = graphemes[cursor] ?? '';
  const start = Math.max(0, cursor - 1);
  const middle = splitGraphemes(before + text + after);
  const next = [...graphemes.slice(0, start), ...middle, ...graphemes.slice(cursor + 1)];
  const place = before.length + text.length;
  let length = 0;
  let passed = 0;
  while (passed < middle.length && length < place) length += middle[passed++]?.length ?? 0;
  return { ...state, graphemes: next, cursor: start + passed };
}

export function edit(state: EditorState, action: Edit): EditorState {
  const { graphemes, cursor } = state;
  const last = graphemes.length;
  switch (action) {
    case 'left':
      return { ...state, cursor: Math.max(0, cursor - 1) };
    case 'right':
      return { ...state, cursor: Math.min(last, cursor + 1) };
    case 'word-left':
      return { ...state, cursor: wordStart(graphemes, cursor) };
    case 'word-right':
      return { ...state, cursor: wordEnd(graphemes, cursor) };
    case 'start':
      return { ...state, cursor: 0 };
    case 'end':
      return { ...state, cursor: last };
    case 'delete-left':
      return remove(state, Math.max(0, cursor - 1), cursor);
    case 'delete-right':
      return remove(state, cursor, Math.min(last, cursor + 1));
    case 'cut-word-left':
      return cut(state, wordStart(graphemes, cursor), cursor);
    case 'cut-word-right':
      return cut(state, cursor, wordEnd(graphemes, cursor));
    case 'cut-to-start':
      return cut(state, 0, cursor);
    case 'cut-to-end':
      return cut(state, cursor, last);
    case 'yank':
      return insert(state, state.cut);
    case 'older':
      return browse(state, (state.historyAt ?? state.history.length) - 1);
    case 'newer':
      return browse(state, (state.historyAt ?? state.history.length) + 1);
    default:
      return assertNever(action);
  }
}

export function withText(state: EditorState, text: string): EditorState {
  const graphemes = splitGraphemes(text);
  return { ...state, graphemes, cursor: graphemes.length };
}

/** An empty line; the history and what was cut stay. */
export function cleared(state: EditorState): EditorState {
  return { ...state, graphemes: [], cursor: 0, historyAt: undefined, draft: '' };
}

/** An address with its capability opens a conversation: it is not kept where a look over the shoulder finds it. */
export function holdsSecret(line: string): boolean {
  return /ic:\/\/\S*#/i.test(line);
}

export function remember(state: EditorState, line: string): EditorState {
  if (line.trim() === '' || holdsSecret(line) || state.history.at(-1) === line) return state;
  return { ...state, history: [...state.history, line].slice(-INPUT_HISTORY_MAX) };
}

function browse(state: EditorState, at: number): EditorState {
  const { history, historyAt } = state;
  if (at < 0 || at > history.length || at === historyAt) return state;
  const draft = historyAt === undefined ? textOf(state) : state.draft;
  if (at === history.length) {
    return historyAt === undefined ? state : { ...withText(state, draft), historyAt: undefined, draft: '' };
  }
  return { ...withText(state, history[at] ?? ''), historyAt: at, draft };
}

function remove(state: EditorState, from: number, to: number): EditorState {
  if (from === to) return state;
  // What stood apart may become one character now.
  const left = state.graphemes.slice(0, from);
  const right = state.graphemes.slice(to);
  const joint = splitGraphemes((left.at(-1) ?? '') + (right[0] ?? ''));
  const graphemes = [...left.slice(0, -1), ...joint, ...right.slice(1)];
  return { ...state, graphemes, cursor: Math.min(from, graphemes.length) };
}

function cut(state: EditorState, from: number, to: number): EditorState {
  if (from === to) return state;
  return { ...remove(state, from, to), cut: state.graphemes.slice(from, to).join('') };
}

function isSpace(grapheme: string | undefined): boolean {
  return grapheme !== undefined && /^\s$/u.test(grapheme);
}

function wordStart(graphemes: readonly string[], from: number): number {
  let at = from;
  while (at > 0 && isSpace(graphemes[at - 1])) at--;
  while (at > 0 && !isSpace(graphemes[at - 1])) at--;
  return at;
}

function wordEnd(graphemes: readonly string[], from: number): number {
  let at = from;
  while (at < graphemes.length && isSpace(graphemes[at])) at++;
  while (at < graphemes.length && !isSpace(graphemes[at])) at++;
  return at;
}
