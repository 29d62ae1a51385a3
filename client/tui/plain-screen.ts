/**
 * Lines in, lines out: for pipes, `expect`, slow connections and screen readers. No control sequence is ever
 * written; the prompt is a line of its own when it changes.
 */

import { StringDecoder } from 'node:string_decoder';
import { layout, type SafeText, say } from '../cli/safe-text.ts';
import type { Printer } from '../cli/voice.ts';
import { LINE_MAX_CODE_UNITS } from './line-editor.ts';
import type { Screen, ScreenHandlers, ScreenKind } from './screen.ts';
import type { Row } from './view.ts';

export interface PlainScreenParams {
  readonly printer: Printer;
  readonly stdin: NodeJS.ReadStream;
}

export class PlainScreen implements Screen {
  readonly kind: ScreenKind;
  readonly #params: PlainScreenParams;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  /** The line is too long: everything up to its end is dropped. */
  #dropping = false;
  #prompt = '';
  #detach: () => void = () => {};

  constructor(params: PlainScreenParams) {
    this.#params = params;
    this.kind = params.stdin.isTTY === true ? 'plain-terminal' : 'pipe';
  }

  start(handlers: ScreenHandlers): void {
    const { stdin } = this.#params;
    let ended = false;
    const onData = (chunk: Buffer | string): void => this.#take(this.#decode(chunk), handlers);
    const onEnd = (): void => {
      if (ended) return;
      ended = true;
      const rest = this.#rest;
      this.#rest = '';
      if (rest !== '') this.#line(rest, handlers);
      handlers.end();
    };
    stdin.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
    stdin.resume();
    this.#detach = () => {
      stdin.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      stdin.pause();
    };
  }

  show(rows: readonly Row[]): void {
    for (const { text } of rows) this.#params.printer.text(text);
  }

  prompt(text: SafeText): void {
    const line = layout(text, (each) => each.trimEnd());
    if (line === this.#prompt) return;
    this.#prompt = line;
    this.#params.printer.text(line);
  }

  flow(open: boolean): void {
    if (open) this.#params.stdin.resume();
    else this.#params.stdin.pause();
  }

  stop(): void {
    this.#detach();
  }

  #decode(chunk: Buffer | string): string {
    return typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
  }

  #take(text: string, handlers: ScreenHandlers): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line, handlers);
    if (this.#rest.length > LINE_MAX_CODE_UNITS) {
      this.#rest = '';
      if (!this.#dropping) handlers.refuse(say`the line is too long and was not sent; send it as a file`);
      this.#dropping = true;
    }
  }

  #line(line: string, handlers: ScreenHandlers): void {
    if (this.#dropping || line.length > LINE_MAX_CODE_UNITS) {
      if (!this.#dropping) handlers.refuse(say`the line is too long and was not sent; send it as a file`);
      this.#dropping = false;
      return;
    }
    handlers.line(line.replace(/\r$/, ''));
  }
}
