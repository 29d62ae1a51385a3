/** What is seen of the items: rows for a screen or a pipe. Pure. */

import { assertNever } from '../../crypto/errors.ts';
import { noticeWords, personName, stateWords } from '../cli/message-words.ts';
import { joinSafe, phrase, type SafeText, safe, say } from '../cli/safe-text.ts';
import { dayOf, formatTime } from '../cli/times.ts';
import type { MessageView } from '../core/queries.ts';
import type { Item } from './item.ts';

export type Tone = 'plain' | 'quiet' | 'alarm';

export interface Row {
  readonly text: SafeText;
  /** Stands before what does not fit on one row of a screen. */
  readonly hang: SafeText;
  readonly tone: Tone;
}

export interface ViewState {
  readonly utc: boolean;
  /** The day of the last message: where it changes, it is said. */
  readonly day: string;
}

/** Before every line of a message but the first: nobody can write a line that looks like another's. */
export const GUTTER = say`      | `;
/** Before what the program itself says; a message begins with its time. */
const MARK = say`-- `;
const INDENT = say`   `;

export function render(
  state: ViewState,
  item: Item,
): { readonly state: ViewState; readonly rows: readonly Row[] } {
  switch (item.kind) {
    case 'message':
      return renderMessage(state, item);
    case 'note':
      return { state, rows: [noteRow(item.text)] };
    case 'lines':
      return { state, rows: item.lines.map((text) => ({ text, hang: INDENT, tone: 'plain' })) };
    case 'error': {
      const alarm: Row = { text: phrase`${MARK}error: ${item.text}`, hang: INDENT, tone: 'alarm' };
      return { state, rows: [alarm, ...item.hints.map((hint) => noteRow(phrase`hint: ${hint}`))] };
    }
    default:
      return assertNever(item);
  }
}

type MessageItem = Extract<Item, { kind: 'message' }>;

function renderMessage(state: ViewState, item: MessageItem): ReturnType<typeof render> {
  const { message } = item;
  const day = dayOf(message.sentMs, state.utc);
  const heading = day === state.day ? [] : [noteRow(say`${day}`)];
  return { state: { ...state, day }, rows: [...heading, ...messageRows(item, state.utc)] };
}

function messageRows({ message, past, recipient }: MessageItem, utc: boolean): readonly Row[] {
  if (message.kind !== 'text') {
    const tone: Tone = message.reason === 'identity-changed' ? 'alarm' : 'quiet';
    return [{ text: phrase`${MARK}${noticeWords(message)}`, hang: INDENT, tone }];
  }
  const marks = marksOf(message, past, recipient);
  const shown = marks.length === 0 ? say`` : phrase` (${joinSafe(marks, ', ')})`;
  const time = say`${formatTime(message.sentMs, { utc, short: true })}`;
  const head = phrase`${time} ${personName(message.from)}${shown}> `;
  const body = safe(message.text, { multiline: true }).split('\n') as SafeText[];
  return body.map((line, at) => ({
    text: at === 0 ? joinSafe([head, line]) : joinSafe([GUTTER, line]),
    hang: GUTTER,
    tone: 'plain',
  }));
}

/** What is special about a message stands before its text, where the text cannot put it. */
function marksOf(message: MessageView, past: boolean, recipient: boolean): readonly SafeText[] {
  const marks: SafeText[] = [];
  if (message.direction === 'out') {
    if (recipient) marks.push(phrase`to ${personName(message.with)}`);
    if (past && message.state !== undefined) marks.push(stateWords(message.state, message.stateReason));
    return marks;
  }
  if (message.trust === 'key changed') marks.push(say`key changed`);
  if (message.late) marks.push(say`late`);
  if (message.timeFromRelay) marks.push(say`time by the relay`);
  return marks;
}

function noteRow(text: SafeText): Row {
  return { text: joinSafe([MARK, text]), hang: INDENT, tone: 'quiet' };
}
