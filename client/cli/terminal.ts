/** Questions to whoever sits at the terminal. Without a terminal nothing is ever asked. */

import { closeSync, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { BugError, UsageError } from '../../crypto/errors.ts';
import { Secret } from '../../crypto/secret.ts';
import type { Interruption } from './interruption.ts';
import { KeyReader } from './key-reader.ts';
import { phrase, type SafeText, say } from './safe-text.ts';
import type { Printer } from './voice.ts';

export interface TerminalParams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly columns: number;
  readonly printer: Printer;
  readonly interruption: Interruption;
}

const CONTROLLING_TERMINAL = '/dev/tty';

export class Terminal {
  readonly columns: number;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly #params: TerminalParams;
  #keys: KeyReader | undefined;
  #opened: ReadStream | undefined;

  constructor(params: TerminalParams) {
    this.#params = params;
    this.columns = params.columns;
    this.stdinIsTerminal = params.stdin.isTTY === true;
    this.stdoutIsTerminal = params.stdoutIsTerminal;
  }

  /** For the interactive chat, which reads the keys itself once nothing else is asked. */
  get stdin(): NodeJS.ReadStream {
    return this.#params.stdin;
  }

  /** Somebody can be asked: keys can be read and the question is seen. */
  get canAsk(): boolean {
    if (!this.#params.stderrIsTerminal) return false;
    return this.stdinIsTerminal || this.#controllingTerminal() !== undefined;
  }

  /** Both ends are a terminal: this is where the interactive chat runs. */
  get isInteractive(): boolean {
    return this.stdinIsTerminal && this.stdoutIsTerminal;
  }

  /** One line as typed, without its end; undefined at the end of input. */
  async ask(question: SafeText): Promise<string | undefined> {
    const bytes = await this.#readLine(question, true);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  /** One line that is not shown while it is typed. */
  async askSecret(question: SafeText): Promise<Secret<'Passphrase'>> {
    const bytes = await this.#readLine(question, false);
    if (bytes === undefined) throw new UsageError('input-ended', 'the input ended before the answer');
    return new Secret('Passphrase', bytes);
  }

  /** Yes or no; no at the end of input and for an empty answer. */
  async confirm(question: SafeText): Promise<boolean> {
    const answer = await this.ask(phrase`${question} [y/N] `);
    return /^y(es)?$/i.test(answer?.trim() ?? '');
  }

  /** Gives the keys back, so that the process can end and another reader can have them. */
  release(): void {
    this.#keys?.release();
    this.#keys = undefined;
    this.#opened?.destroy();
    this.#opened = undefined;
  }

  async #readLine(question: SafeText, echo: boolean): Promise<Uint8Array | undefined> {
    const { interruption, printer } = this.#params;
    interruption.check();
    this.#keys ??= new KeyReader(this.#input());
    printer.ask(question);
    try {
      const line = await interruption.race(this.#keys.readLine(echo, () => interruption.interrupt('SIGINT')));
      if (!echo || line === undefined) printer.ask(say`\n`);
      return line;
    } catch (error) {
      this.release();
      printer.ask(say`\n`);
      throw error;
    }
  }

  #input(): NodeJS.ReadStream {
    if (this.stdinIsTerminal) return this.#params.stdin;
    const terminal = this.#controllingTerminal();
    if (terminal === undefined) throw new BugError('bug', 'a question without a terminal');
    return terminal;
  }

  /** The text of a message may come from a pipe while its sender still sits at a terminal. */
  #controllingTerminal(): ReadStream | undefined {
    if (this.#opened !== undefined) return this.#opened;
    try {
      const fd = openSync(CONTROLLING_TERMINAL, 'r+');
      try {
        this.#opened = new ReadStream(fd);
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    } catch {
      return undefined;
    }
    return this.#opened;
  }
}
