/** The peer driver as a child process, for tests: requests in, answers in the order of the requests out. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export type Answer = Readonly<Record<string, unknown>> & { readonly id: unknown; readonly ok: boolean };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export class DriverProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #lines: string[] = [];
  readonly #exited: Promise<number | null>;
  #rest = '';
  #nextId = 1;
  stderr = '';

  constructor(
    command = process.execPath,
    args: readonly string[] = ['--import', 'tsx', 'test/peer/main.ts'],
  ) {
    this.#child = spawn(command, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    this.#child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', resolve);
    });
  }

  /** Writes raw bytes, which need not be a line. */
  write(text: string | Uint8Array): void {
    this.#child.stdin.write(text);
  }

  /** The next line that nobody has taken yet. */
  nextLine(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  async ask(op: string, fields: object = {}): Promise<Answer> {
    const id = this.#nextId++;
    this.write(`${JSON.stringify({ id, op, ...fields })}\n`);
    const answer = JSON.parse(await this.nextLine()) as Answer;
    if (answer.id !== id) throw new Error(`answer ${String(answer.id)} to request ${id}`);
    return answer;
  }

  /** Asks and expects success. */
  async do(op: string, fields: object = {}): Promise<Answer> {
    const answer = await this.ask(op, fields);
    if (!answer.ok) throw new Error(`${op}: ${String(answer['error'])}`);
    return answer;
  }

  /** Asks and returns the error code, or `none`. */
  async refusal(op: string, fields: object = {}): Promise<string> {
    const answer = await this.ask(op, fields);
    return answer.ok ? 'none' : String(answer['error']);
  }

  /** Ends stdin and waits for the process. */
  end(): Promise<number | null> {
    this.#child.stdin.end();
    return this.#exited;
  }

  /** Lines that were written and that no request asked for. */
  get unread(): readonly string[] {
    return this.#rest === '' ? this.#lines : [...this.#lines, this.#rest];
  }

  #take(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#lines.push(line);
      else waiting(line);
    }
  }
}
