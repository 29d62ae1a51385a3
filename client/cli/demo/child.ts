/** Another program of the demo, which says on stdout what happens to it, one JSON object per line. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ChatError } from '../../../crypto/errors.ts';

export interface Said {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface ChildParams {
  /** What it is called when it fails. */
  readonly name: string;
  readonly programUrl: URL;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** A program that is asked to end gets so long. */
const STOP_MAX_MS = 1_500;
const STDERR_MAX = 2_000;

export class DemoChild {
  readonly ended: Promise<void>;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #said: Said[] = [];
  #listeners: (() => void)[] = [];
  #stderr = '';
  #over = false;

  constructor({ name, programUrl, args, env }: ChildParams) {
    this.#name = name;
    // A process group of its own: Ctrl-C is for the demo, and the demo ends its programs in order.
    this.#child = spawn(process.execPath, [fileURLToPath(programUrl), ...args], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_MAX);
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#over = true;
        this.#notify();
        resolve();
      };
      this.#child.on('close', end).on('error', end);
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#hear(line));
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  tell(message: Said): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** Calls back for everything of this type, from now on. */
  on(type: string, listener: (said: Said) => void): void {
    let seen = this.#said.length;
    const look = (): void => {
      for (; seen < this.#said.length; seen++) {
        const said = this.#said[seen];
        if (said?.type === type) listener(said);
      }
      if (!this.#over) this.#listeners.push(look);
    };
    this.#listeners.push(look);
  }

  /**
   * What it said or says of this type.
   * @throws ChatError `demo-failed` when it ends before.
   */
  async until(type: string, fits: (said: Said) => boolean = () => true): Promise<Said> {
    for (;;) {
      const found = this.#said.find((said) => said.type === type && fits(said));
      if (found !== undefined) return found;
      if (this.#over) throw this.#failure();
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(): Promise<void> {
    if (this.#over) return;
    this.tell({ type: 'stop' });
    this.#child.stdin?.end();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), STOP_MAX_MS);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    if (!this.#over) this.#child.kill('SIGKILL');
  }

  #hear(line: string): void {
    try {
      this.#said.push(JSON.parse(line) as Said);
    } catch {
      // A line that is no JSON is for people.
      return;
    }
    this.#notify();
  }

  #notify(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  #failure(): ChatError {
    const last = this.#stderr.trim().split('\n').at(-1) ?? '';
    const why = last === '' ? '' : `: ${last}`;
    return new ChatError('demo-failed', `${this.#name} ended too early${why}`);
  }
}
