/**
 * How the program speaks. Results go to stdout, everything else to stderr as `intechat: …`. Errors are lower
 * case without a full stop, then a hint that says what to type next. With `--json` stdout carries one object
 * (`{"ok":true,"result":…}` or `{"ok":false,"error":…}`) or a stream of them, and human text stays on stderr.
 *
 * This is the only file of the client that writes to the terminal, and it takes nothing but `SafeText`.
 */

import type { Writable } from 'node:stream';
import { ChatError, StoreError } from '../../crypto/errors.ts';
import { type SafeText, safe, safeJson, say } from './safe-text.ts';

export interface PrinterOptions {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly json: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export interface ErrorReport {
  readonly code: number;
  readonly name: string;
  readonly message: string;
  readonly hint?: string;
  readonly data?: unknown;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** For a terminal that does not say how large it is, or says zero. */
const SCREEN_PRESET: ScreenSize = { columns: 80, rows: 24 };

export class Printer {
  readonly json: boolean;
  readonly #options: PrinterOptions;
  #pending: Promise<void> = Promise.resolve();
  #streamed = false;

  constructor(options: PrinterOptions) {
    this.json = options.json;
    this.#options = options;
  }

  /** One line of the result, for people. Nothing is printed with `--json`. */
  line(text: SafeText): void {
    if (!this.json) this.#write(this.#options.stdout, text);
  }

  /** The result of a command, for scripts: printed only with `--json`. */
  result(value: unknown): void {
    if (this.json) this.#write(this.#options.stdout, safeJson({ ok: true, result: value }));
  }

  /** One object of a stream, with `--json` only. Every object has a `type`. */
  stream(value: { readonly type: string } & Readonly<Record<string, unknown>>): void {
    this.#streamed = true;
    if (this.json) this.#write(this.#options.stdout, safeJson(value));
  }

  /** What is meant as it stands, with or without `--json`: help, a completion script. */
  text(text: SafeText): void {
    this.#write(this.#options.stdout, text);
  }

  /** Of the terminal that stdout is, as it is now. */
  get screenSize(): ScreenSize {
    const { columns, rows } = this.#options.stdout as Partial<ScreenSize>;
    return { columns: columns || SCREEN_PRESET.columns, rows: rows || SCREEN_PRESET.rows };
  }

  /** @returns a function that ends the listening. */
  onResize(listener: () => void): () => void {
    const { stdout } = this.#options;
    stdout.on('resize', listener);
    return () => stdout.off('resize', listener);
  }

  /** Without a line end, for prompts of the line mode. */
  prompt(text: SafeText): void {
    this.#options.stdout.write(text);
  }

  /** A question of a command. It goes to stderr, so that a redirected stdout holds results only. */
  ask(text: SafeText): void {
    this.#options.stderr.write(text);
  }

  note(text: SafeText): void {
    if (this.#options.quiet !== true) this.#write(this.#options.stderr, (say`intechat: ` + text) as SafeText);
  }

  detail(text: SafeText): void {
    if (this.#options.verbose === true) this.note(text);
  }

  hint(text: SafeText): void {
    if (this.#options.quiet !== true)
      this.#write(this.#options.stderr, `intechat: hint: ${text}` as SafeText);
  }

  warning(text: SafeText): void {
    this.#write(this.#options.stderr, `intechat: warning: ${text}` as SafeText);
  }

  /** Says what went wrong in both voices. The texts of errors are ours, but pass the sanitiser all the same. */
  failure(error: unknown, exitCode: number, data?: unknown): void {
    this.failureObject(error, exitCode, data);
    const { name, message, hints } = wordsOf(error);
    this.#write(this.#options.stderr, `intechat: error: ${safe(message)}` as SafeText);
    this.detail(say`code ${name}; see docs/errors.md`);
    for (const hint of hints) this.#write(this.#options.stderr, `intechat: hint: ${safe(hint)}` as SafeText);
  }

  /** The same for scripts alone: who was interrupted knows it. */
  failureObject(error: unknown, exitCode: number, data?: unknown): void {
    if (!this.json) return;
    const { name, message, hints } = wordsOf(error);
    const report: ErrorReport = {
      code: exitCode,
      name,
      message,
      ...(hints[0] === undefined ? {} : { hint: hints[0] }),
      ...(data === undefined ? {} : { data }),
    };
    const type = this.#streamed ? { type: 'error' } : {};
    this.#write(this.#options.stdout, safeJson({ ...type, ok: false, error: report }));
  }

  /**
   * Resolves when the operating system has taken everything printed on stdout so far.
   * @throws StoreError `output-closed` when the reader went away, `output-failed`.
   */
  async flushed(): Promise<void> {
    try {
      await this.#pending;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EPIPE') {
        throw new StoreError('output-closed', 'the reader of stdout went away', { cause });
      }
      throw new StoreError('output-failed', 'stdout cannot be written', { cause });
    }
  }

  #write(stream: Writable, text: SafeText): void {
    const written = new Promise<void>((resolve, reject) => {
      stream.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
    });
    // Whoever needs to know awaits flushed(); a closed pipe must not become an unhandled rejection.
    written.catch(() => undefined);
    // Nobody is served by a command that fails because its hints cannot be read.
    if (stream !== this.#options.stdout) return;
    this.#pending = this.#pending.then(() => written);
    this.#pending.catch(() => undefined);
  }
}

function wordsOf(error: unknown): {
  readonly name: string;
  readonly message: string;
  readonly hints: readonly string[];
} {
  if (error instanceof ChatError) return { name: error.code, message: error.message, hints: error.hints };
  return { name: 'bug', message: 'internal error; please report it with what you did', hints: [] };
}
