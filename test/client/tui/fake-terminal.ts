/** Streams that look like a terminal, read by a terminal emulator. */

import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { Printer } from '../../../client/cli/voice.ts';

const require = createRequire(import.meta.url);
const { Terminal } = require('@xterm/headless') as typeof import('@xterm/headless');

/** Keys of somebody at a terminal. */
export class FakeInput extends PassThrough {
  readonly isTTY: boolean;
  isRaw = false;
  /** A terminal that went away. */
  isGone = false;

  constructor(isTTY = true) {
    super();
    this.isTTY = isTTY;
  }

  setRawMode(isRaw: boolean): this {
    if (this.isGone) throw new Error('EIO');
    this.isRaw = isRaw;
    return this;
  }

  get stream(): NodeJS.ReadStream {
    return this as unknown as NodeJS.ReadStream;
  }
}

export class FakeTerminal {
  readonly input: FakeInput;
  readonly printer: Printer;
  raw = '';
  readonly #emulator;
  readonly #output: PassThrough & { columns: number; rows: number };

  constructor({ columns = 40, rows = 10, isTTY = true } = {}) {
    this.input = new FakeInput(isTTY);
    this.#emulator = new Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#output = Object.assign(new PassThrough(), { columns, rows });
    this.#output.setEncoding('utf8');
    this.#output.on('data', (data: string) => {
      this.raw += data;
      this.#emulator.write(data);
    });
    this.printer = new Printer({ stdout: this.#output, stderr: new PassThrough(), json: false });
  }

  type(text: string): void {
    this.input.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#emulator.resize(columns, rows);
    Object.assign(this.#output, { columns, rows });
    this.#output.emit('resize');
  }

  /** The rows as they are seen once everything was written. */
  async rows(): Promise<readonly string[]> {
    await settled();
    await new Promise<void>((resolve) => this.#emulator.write('', resolve));
    const { active } = this.#emulator.buffer;
    const rows: string[] = [];
    for (let at = 0; at < active.length; at++)
      rows.push(active.getLine(at)?.translateToString().trimEnd() ?? '');
    while (rows.at(-1) === '') rows.pop();
    return rows;
  }

  /** Column of the cursor in its row. */
  async cursor(): Promise<number> {
    await this.rows();
    return this.#emulator.buffer.active.cursorX;
  }
}

/** Lets the streams pass on what they hold. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
}
