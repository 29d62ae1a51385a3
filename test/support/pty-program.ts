/** A program at a real terminal: a pty whose output is read by a terminal emulator, as a person would see it. */

import { createRequire } from 'node:module';
import type { IPty } from '@lydell/node-pty';
import type { Terminal as HeadlessTerminal } from '@xterm/headless';

const require = createRequire(import.meta.url);
const { spawn } = require('@lydell/node-pty') as typeof import('@lydell/node-pty');
const { Terminal } = require('@xterm/headless') as typeof import('@xterm/headless');

export interface PtyOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

const WAIT_MS = 20_000;
/** After the end of a program its last output is read within this. */
const QUIET_MS = 50;

export class PtyProgram {
  /** Everything that was written to the terminal, control sequences and all. */
  raw = '';
  readonly ended: Promise<{ readonly status: number; readonly signal: number | undefined }>;
  readonly #pty: IPty;
  readonly #terminal: HeadlessTerminal;
  #written: Promise<void> = Promise.resolve();
  #wakes: (() => void)[] = [];
  #over = false;

  constructor(args: readonly string[], { cwd, env, columns = 80, rows = 24 }: PtyOptions) {
    this.#terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 5_000 });
    this.#pty = spawn(process.execPath, [...args], {
      cols: columns,
      rows,
      cwd,
      env: { ...env },
      name: 'xterm-256color',
    });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#written = this.#written.then(() => new Promise((resolve) => this.#terminal.write(data, resolve)));
      void this.#written.then(() => this.#notify());
    });
    // The emulator answers questions of the program, as terminals do.
    this.#terminal.onData((data) => this.#pty.write(data));
    this.ended = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        void this.#drained().then(() => {
          this.#over = true;
          this.#notify();
          resolve({ status: exitCode, signal });
        });
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#over) this.#pty.kill(signal);
  }

  /** All rows with the scroll-back, without the empty ones at the end. */
  rows(): readonly string[] {
    const { active } = this.#terminal.buffer;
    const rows: string[] = [];
    for (let at = 0; at < active.length; at++) rows.push(active.getLine(at)?.translateToString(true) ?? '');
    while (rows.at(-1) === '') rows.pop();
    return rows;
  }

  text(): string {
    return this.rows().join('\n');
  }

  /** The row the cursor stands in, up to the cursor. */
  typed(): string {
    const { active } = this.#terminal.buffer;
    return active.getLine(active.baseY + active.cursorY)?.translateToString(false, 0, active.cursorX) ?? '';
  }

  get bracketedPaste(): boolean {
    return this.#terminal.modes.bracketedPasteMode;
  }

  /** Waits until the screen is as wanted; throws with what it shows when it does not become so. */
  async until(what: string | RegExp | (() => boolean)): Promise<void> {
    const isSo = (): boolean => {
      if (typeof what === 'function') return what();
      return typeof what === 'string' ? this.text().includes(what) : what.test(this.text());
    };
    const timer = setTimeout(() => this.#notify(), WAIT_MS);
    const endMs = Date.now() + WAIT_MS;
    try {
      while (!isSo()) {
        if (this.#over || Date.now() >= endMs) throw new Error(`not seen: ${what}\n${this.text()}`);
        await new Promise<void>((resolve) => this.#wakes.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The exit is told before the last output was read: waits until nothing more comes and all of it is shown. */
  async #drained(): Promise<void> {
    for (let seen = -1; seen !== this.raw.length; ) {
      seen = this.raw.length;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      await this.#written;
    }
  }

  #notify(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}

/** The programs of one suite; none of them outlives it. */
export function ptyPrograms(): (args: readonly string[], options: PtyOptions) => PtyProgram {
  const started: PtyProgram[] = [];
  after(async () => {
    for (const program of started) program.kill('SIGKILL');
    await Promise.all(started.map(({ ended }) => ended));
  });
  return (args, options) => {
    const program = new PtyProgram(args, options);
    started.push(program);
    return program;
  };
}
