/**
 * A terminal that is drawn on: the line being typed stays whole at the bottom, whatever arrives above it.
 * Only this file writes control sequences. Whatever happens they are taken back when the process ends.
 */

import { StringDecoder } from 'node:string_decoder';
import { joinSafe, layout, type SafeText, safe, say } from '../cli/safe-text.ts';
import type { Printer } from '../cli/voice.ts';
import { wrap } from '../cli/wrap.ts';
import { complete } from './complete.ts';
import { widthOfSafe } from './graphemes.ts';
import { type InputRows, layoutInput } from './input-rows.ts';
import { decodeKeys, flushKeys, type Key, type KeyState, noKeys } from './keys.ts';
import {
  cleared,
  type EditorState,
  edit,
  emptyEditor,
  insert,
  remember,
  textBefore,
  textOf,
  withText,
} from './line-editor.ts';
import type { Screen, ScreenHandlers } from './screen.ts';
import type { Row, Tone } from './view.ts';

export interface DrawnScreenParams {
  readonly printer: Printer;
  readonly stdin: NodeJS.ReadStream;
  readonly color: boolean;
}

/** A key's sequence arrives at once; an Escape that stands alone this long was meant alone. */
const ESCAPE_WAIT_MS = 50;
/** Enough for the process to be stopped before this time goes on. */
const RESUME_AFTER_MS = 100;

const PASTE_ON = '\x1b[?2004h';
const PASTE_OFF = '\x1b[?2004l';
/** Without it a width that the terminal sees differently damages one row; with it, everything below. */
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';
const ERASE_BELOW = '\r\x1b[J';
const COLORS: Readonly<Record<Tone, string>> = { plain: '', quiet: '\x1b[2m', alarm: '\x1b[31m' };
const COLOR_OFF = '\x1b[0m';

export class DrawnScreen implements Screen {
  readonly kind = 'drawn';
  readonly #params: DrawnScreenParams;
  readonly #decoder = new StringDecoder('utf8');
  readonly #restore = (): void => this.#giveBack();
  #handlers: ScreenHandlers | undefined;
  #editor: EditorState = emptyEditor;
  #keys: KeyState = noKeys;
  #escapeTimer: NodeJS.Timeout | undefined;
  #resumeTimer: NodeJS.Timeout | undefined;
  #prompt: SafeText = say``;
  /** What stands on the screen below the lines, and how wide the screen was then. */
  #drawn: (InputRows & { readonly columns: number }) | undefined;
  #detach: () => void = () => {};
  #listed = '';

  constructor(params: DrawnScreenParams) {
    this.#params = params;
  }

  start(handlers: ScreenHandlers): void {
    this.#handlers = handlers;
    const { stdin, printer } = this.#params;
    const onData = (chunk: Buffer | string): void =>
      this.#take(typeof chunk === 'string' ? chunk : this.#decoder.write(chunk));
    const onEnd = (): void => handlers.end();
    stdin.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
    const endResize = printer.onResize(() => this.#redraw());
    const onContinue = (): void => this.#takeTerminal();
    process.on('SIGCONT', onContinue).once('exit', this.#restore);
    this.#detach = () => {
      stdin.off('data', onData).off('end', onEnd).off('close', onEnd);
      endResize();
      process.off('SIGCONT', onContinue).off('exit', this.#restore);
      stdin.pause();
    };
    stdin.resume();
    this.#takeTerminal();
  }

  show(rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const { columns } = this.#params.printer.screenSize;
    const shown = rows.flatMap((row) => this.#rowsOf(row, columns));
    this.#write(
      `${this.#erased()}${WRAP_OFF}${shown.map((row) => `${row}\r\n`).join('')}${WRAP_ON}${this.#draw()}`,
    );
  }

  prompt(text: SafeText): void {
    if (text === this.#prompt) return;
    this.#prompt = text;
    this.#redraw();
  }

  flow(): void {
    // Nobody types faster than lines are taken.
  }

  stop(): void {
    if (this.#handlers === undefined) return;
    clearTimeout(this.#escapeTimer);
    clearTimeout(this.#resumeTimer);
    this.#write(this.#erased());
    this.#giveBack();
    this.#detach();
    this.#handlers = undefined;
  }

  #takeTerminal(): void {
    this.#params.stdin.setRawMode(true);
    this.#drawn = undefined;
    this.#write(`${PASTE_ON}${this.#draw()}`);
  }

  #giveBack(): void {
    this.#write(`${PASTE_OFF}${WRAP_ON}`);
    try {
      this.#params.stdin.setRawMode(false);
    } catch {
      // The terminal is gone; there is nothing to give back.
    }
  }

  #take(text: string): void {
    clearTimeout(this.#escapeTimer);
    const { state, keys } = decodeKeys(this.#keys, text);
    this.#keys = state;
    if (state.pending !== '') {
      this.#escapeTimer = setTimeout(() => {
        this.#keys = flushKeys(this.#keys);
      }, ESCAPE_WAIT_MS);
    }
    for (const key of keys) this.#press(key);
    this.#redraw();
  }

  #press(key: Key): void {
    const handlers = this.#handlers;
    if (handlers === undefined) return;
    if (key.kind !== 'tab') this.#listed = '';
    switch (key.kind) {
      case 'text':
        this.#insert(key.text, handlers);
        return;
      case 'paste':
        this.#paste(key, handlers);
        return;
      case 'edit':
        this.#editor = edit(this.#editor, key.edit);
        return;
      case 'enter':
        this.#enter(handlers);
        return;
      case 'tab':
        this.#complete(handlers);
        return;
      case 'interrupt': {
        const wasEmpty = textOf(this.#editor) === '';
        this.#editor = cleared(this.#editor);
        handlers.interrupt(wasEmpty);
        return;
      }
      case 'end':
        if (textOf(this.#editor) === '') handlers.end();
        else this.#editor = edit(this.#editor, 'delete-right');
        return;
      case 'redraw':
        this.#drawn = undefined;
        this.#write('\x1b[2J\x1b[H');
        return;
      case 'suspend':
        this.#suspend();
        return;
    }
  }

  #insert(text: string, handlers: ScreenHandlers): void {
    const next = insert(this.#editor, text);
    if (next === this.#editor && text !== '')
      handlers.refuse(say`the line is full; send a longer text as a file`);
    this.#editor = next;
  }

  #paste({ text, cut }: Extract<Key, { kind: 'paste' }>, handlers: ScreenHandlers): void {
    if (cut) {
      handlers.refuse(say`what was pasted is too long and was dropped; send it as a file`);
      return;
    }
    const clean = text.replace(/\r\n?/g, '\n').replace(/\n+$/, '');
    if (!clean.includes('\n')) {
      this.#insert(clean, handlers);
      return;
    }
    const before = textBefore(this.#editor);
    const after = textOf(this.#editor).slice(before.length);
    this.#editor = cleared(this.#editor);
    handlers.paste(before + clean + after);
  }

  #enter(handlers: ScreenHandlers): void {
    const line = textOf(this.#editor);
    this.#editor = remember(cleared(this.#editor), line);
    if (line.trim() !== '' && !handlers.comesBack(line)) {
      this.#write(this.#erased());
      const typed = joinSafe([this.#prompt, safe(line)]);
      this.show([{ text: typed, hang: say`   `, tone: 'plain' }]);
    }
    handlers.line(line);
  }

  #complete(handlers: ScreenHandlers): void {
    const before = textBefore(this.#editor);
    const after = textOf(this.#editor).slice(before.length);
    const completed = complete(before, handlers.names());
    if (completed.before !== before) {
      const { cursor } = withText(this.#editor, completed.before);
      this.#editor = { ...withText(this.#editor, completed.before + after), cursor };
      return;
    }
    const list = completed.candidates.join('  ');
    if (list === '' || list === this.#listed) return;
    this.#listed = list;
    this.show([{ text: say`${list}`, hang: say``, tone: 'quiet' }]);
  }

  #suspend(): void {
    this.#write(this.#erased());
    this.#giveBack();
    process.kill(process.pid, 'SIGTSTP');
    // Where no shell could continue it, the process is not stopped either.
    this.#resumeTimer = setTimeout(() => this.#takeTerminal(), RESUME_AFTER_MS);
  }

  #redraw(): void {
    if (this.#handlers !== undefined) this.#write(`${this.#erased()}${this.#draw()}`);
  }

  #rowsOf({ text, hang, tone }: Row, columns: number): readonly string[] {
    const color = this.#params.color ? COLORS[tone] : '';
    const paint = (row: string): string => (color === '' ? row : `${color}${row}${COLOR_OFF}`);
    if (widthOfSafe(text) <= columns) return [paint(text)];
    const [first = text, ...rest] = wrap(text, columns - widthOfSafe(hang));
    return [paint(first), ...rest.map((row) => paint(joinSafe([hang, row])))];
  }

  /** Takes the prompt and the line off the screen. A narrower window has folded their rows meanwhile. */
  #erased(): string {
    const drawn = this.#drawn;
    this.#drawn = undefined;
    if (drawn === undefined) return '';
    const { columns } = this.#params.printer.screenSize;
    const folded = drawn.rows
      .slice(0, drawn.cursorRow)
      .reduce((sum, row) => sum + Math.max(1, Math.ceil(widthOfSafe(row) / columns)), 0);
    const up =
      (columns < drawn.columns ? folded : drawn.cursorRow) + Math.floor(drawn.cursorColumn / columns);
    return `${up > 0 ? `\x1b[${up}A` : ''}${ERASE_BELOW}`;
  }

  #draw(): string {
    const { columns, rows: height } = this.#params.printer.screenSize;
    const { graphemes, cursor } = this.#editor;
    const rowsMax = Math.max(1, height - 1);
    const input = layoutInput({ prompt: this.#prompt, graphemes, cursor, columns, rowsMax });
    this.#drawn = { ...input, columns };
    const up = input.rows.length - 1 - input.cursorRow;
    const right = input.cursorColumn;
    return [
      WRAP_OFF,
      input.rows.join('\r\n'),
      WRAP_ON,
      up > 0 ? `\x1b[${up}A` : '',
      '\r',
      right > 0 ? `\x1b[${right}C` : '',
    ].join('');
  }

  #write(output: string): void {
    // Everything from outside in it is safe already; what is added are our own sequences.
    if (output !== '') this.#params.printer.prompt(layout(say``, () => output));
  }
}
