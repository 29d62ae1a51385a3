/** Lines from a terminal: shown by the terminal itself, or unseen and kept as bytes that can be wiped. */

const ENTER = new Set([0x0a, 0x0d]);
const BACKSPACE = new Set([0x08, 0x7f]);
const CTRL_C = 0x03;
const CTRL_D = 0x04;
const CTRL_U = 0x15;
const ESCAPE = 0x1b;
/** Longer than any passphrase or answer. */
const LINE_MAX_BYTES = 8_192;

export class KeyReader {
  readonly #input: NodeJS.ReadStream;
  /** Typed ahead: somebody pasted more than one answer. */
  #rest: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(input: NodeJS.ReadStream) {
    this.#input = input;
  }

  /** @returns undefined at the end of input. */
  async readLine(echo: boolean, onInterrupt: () => void): Promise<Uint8Array | undefined> {
    const line = new UnseenLine();
    if (!echo) this.#input.setRawMode(true);
    try {
      for (;;) {
        const outcome = this.#take(line, echo, onInterrupt);
        if (outcome === 'line') return line.take();
        if (outcome === 'end' || this.#ended) return undefined;
        await this.#more();
      }
    } finally {
      line.wipe();
      if (!echo) this.#input.setRawMode(false);
    }
  }

  release(): void {
    this.#rest.fill(0);
    this.#rest = Buffer.alloc(0);
    this.#input.pause();
    if (this.#input.isRaw) this.#input.setRawMode(false);
  }

  #take(line: UnseenLine, echo: boolean, onInterrupt: () => void): 'line' | 'end' | 'more' {
    const bytes = this.#rest;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (ENTER.has(byte)) {
        this.#rest = bytes.subarray(at + 1);
        return 'line';
      }
      if (echo) {
        line.add(byte);
        continue;
      }
      if (byte === CTRL_C) onInterrupt();
      else if (byte === CTRL_D && line.isEmpty) return 'end';
      else if (byte === CTRL_U) line.wipe();
      else if (BACKSPACE.has(byte)) line.removeCharacter();
      else if (byte === ESCAPE) at = endOfSequence(bytes, at);
      else if (byte >= 0x20) line.add(byte);
      bytes[at] = 0;
    }
    this.#rest = Buffer.alloc(0);
    return 'more';
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#input.pause();
        this.#input.off('data', onData).off('end', onEnd).off('error', onEnd);
        resolve();
      };
      const onData = (chunk: Buffer | string): void => {
        this.#rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        done();
      };
      const onEnd = (): void => {
        this.#ended = true;
        done();
      };
      this.#input.on('data', onData).on('end', onEnd).on('error', onEnd);
      this.#input.resume();
    });
  }
}

/** The last byte of an arrow key or a paste mark, which are not part of what is typed. */
function endOfSequence(bytes: Buffer, start: number): number {
  const isControlSequence = bytes[start + 1] === 0x5b || bytes[start + 1] === 0x4f;
  if (!isControlSequence) return start;
  let at = start + 2;
  while (at < bytes.length - 1 && (bytes[at] as number) < 0x40) at++;
  return Math.min(at, bytes.length - 1);
}

class UnseenLine {
  #bytes = new Uint8Array(LINE_MAX_BYTES);
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** What is too long is cut; a passphrase of that length is refused later. */
  add(byte: number): void {
    if (this.#length < LINE_MAX_BYTES) this.#bytes[this.#length++] = byte;
  }

  removeCharacter(): void {
    while (this.#length > 0) {
      const byte = this.#bytes[--this.#length] as number;
      this.#bytes[this.#length] = 0;
      // The first byte of a character ends it; the others are 10xxxxxx.
      if ((byte & 0xc0) !== 0x80) return;
    }
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#length = 0;
  }
}
