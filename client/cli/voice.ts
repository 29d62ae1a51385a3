/**
 * How the program speaks. Results go to stdout, everything else to stderr as `intechat: …`. Errors are lower
 * case without a full stop, then a hint that says what to type next. With `--json` stdout carries one object
 * (`{"ok":true,"result":…}` or `{"ok":false,"error":…}`) or a stream of them, and human text stays on stderr.
 *
 * This is the only file of the client that writes to the terminal, and it takes nothing but `SafeText`.
 */

import type { Writable } from 'node:stream';
import { ChatError } from '../../crypto/errors.ts';
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

export class Printer {
  readonly json: boolean;
  readonly #options: PrinterOptions;
  #pending: Promise<void> = Promise.resolve();

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
    if (this.json) this.#write(this.#options.stdout, safeJson(value));
  }

  /** Without a line end, for prompts of the line mode. */
  prompt(text: SafeText): void {
    this.#options.stdout.write(text);
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
    const known = error instanceof ChatError ? error : undefined;
    const message = known?.message ?? 'internal error; please report it with what you did';
    const hints = known?.hints ?? [];
    if (this.json) {
      const report: ErrorReport = {
        code: exitCode,
        name: known?.code ?? 'bug',
        message,
        ...(hints[0] === undefined ? {} : { hint: hints[0] }),
        ...(data === undefined ? {} : { data }),
      };
      this.#write(this.#options.stdout, safeJson({ ok: false, error: report }));
    }
    this.#write(this.#options.stderr, `intechat: error: ${safe(message)}` as SafeText);
    for (const hint of hints) this.#write(this.#options.stderr, `intechat: hint: ${safe(hint)}` as SafeText);
  }

  /** Resolves when the operating system has taken everything printed so far. */
  flushed(): Promise<void> {
    return this.#pending;
  }

  #write(stream: Writable, text: SafeText): void {
    const written = new Promise<void>((resolve, reject) => {
      stream.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
    });
    const before = this.#pending;
    this.#pending = before.then(() => written);
    // Whoever needs to know awaits flushed(); a closed pipe must not become an unhandled rejection.
    this.#pending.catch(() => undefined);
  }
}
