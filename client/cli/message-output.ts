/** Messages going out one by one. */

import type { MessageView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { jsonRecord } from './json-view.ts';
import { dayHeading, type MessageStyle, messageLines } from './message-lines.ts';

export class MessageOutput {
  readonly #call: Call;
  readonly #style: MessageStyle;
  #last: MessageView | undefined;

  constructor(call: Call, style: MessageStyle) {
    this.#call = call;
    this.#style = style;
  }

  /** As part of a stream: for people and for scripts. */
  stream(message: MessageView): void {
    this.#call.printer.stream({ ...jsonRecord(message), type: 'message' });
    this.lines(message);
  }

  /** For people only; scripts get the whole list in one object. */
  lines(message: MessageView): void {
    const { printer } = this.#call;
    const heading = dayHeading(message, this.#last, this.#style);
    if (heading !== undefined) printer.line(heading);
    for (const line of messageLines(message, this.#style)) printer.line(line);
    this.#last = message;
  }
}
