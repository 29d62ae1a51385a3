/**
 * Messages as lines. A text of several lines gets a gutter, and what the program itself says stands behind
 * dashes at the place of the sender, so that no text can pass for another message.
 */

import stringWidth from 'string-width';
import type { MessageView } from '../core/queries.ts';
import { padded } from './columns.ts';
import { noticeWords, personName } from './message-words.ts';
import { joinSafe, layout, phrase, type SafeText, safe, say } from './safe-text.ts';
import { dayOf, formatTime, type TimeStyle } from './times.ts';
import { wrap } from './wrap.ts';

export interface MessageStyle extends TimeStyle {
  /** Lines of several conversations, so an own message says to whom it went; or only what came in. */
  readonly scope: 'conversation' | 'all' | 'incoming';
  readonly showIds: boolean;
  /** Of the terminal; undefined cuts nothing. */
  readonly columns?: number | undefined;
}

/** The longest state is `delivered`. */
const STATE_COLUMNS = 9;
const GUTTER = '| ';

export function messageLines(message: MessageView, style: MessageStyle): readonly SafeText[] {
  const head = headOf(message, style);
  const indent = ' '.repeat(Math.max(0, stringWidth(head) - GUTTER.length));
  const width = style.columns === undefined ? undefined : style.columns - stringWidth(head);
  const lines = bodyOf(message).flatMap((line) => (width === undefined ? [line] : wrap(line, width)));
  return lines.map((line, at) =>
    layout(line, (text) => (at === 0 ? head + text : `${indent}${GUTTER}${text}`).trimEnd()),
  );
}

/** A heading where the day changes, for eyes; scripts have the day in every line. */
export function dayHeading(
  message: MessageView,
  before: MessageView | undefined,
  style: TimeStyle,
): SafeText | undefined {
  if (!style.short) return undefined;
  const day = dayOf(message.sentMs, style.utc);
  if (before !== undefined && dayOf(before.sentMs, style.utc) === day) return undefined;
  return say`-- ${day} --`;
}

/** On one line, for lists. */
export function snippetOf(message: MessageView, maxGraphemes: number): SafeText {
  if (message.kind !== 'text') return phrase`-- ${noticeWords(message)} --`;
  const text = safe(message.text.replace(/\s+/g, ' '), { maxGraphemes });
  return message.direction === 'out' ? phrase`you: ${text}` : text;
}

function headOf(message: MessageView, style: MessageStyle): SafeText {
  const id = style.showIds ? say`${message.id}  ` : safe('');
  // The relay's stamp stands where the sender's clock is not to be believed.
  const time = say`${formatTime(message.sentMs, style)}${message.timeFromRelay ? '~' : ''}`;
  const state = padded(safe(message.direction === 'out' ? (message.state ?? '') : ''), STATE_COLUMNS);
  const states = style.scope === 'incoming' ? [] : [state];
  const late = message.late ? say`(late) ` : safe('');
  return joinSafe([id, joinSafe([time, ...states, senderOf(message, style)], '  '), late]);
}

function senderOf(message: MessageView, { scope }: MessageStyle): SafeText {
  if (message.kind !== 'text') return safe('-- ');
  const from = personName(message.from);
  const isAddressed = scope === 'all' && message.direction === 'out';
  return isAddressed ? phrase`${from} to ${personName(message.with)}> ` : phrase`${from}> `;
}

function bodyOf(message: MessageView): readonly SafeText[] {
  if (message.kind !== 'text') return [phrase`${noticeWords(message)} --`];
  return safe(message.text, { multiline: true }).split('\n') as SafeText[];
}
