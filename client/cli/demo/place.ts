/** The throw-away directory of a demo: everything that it makes is in it, and nothing else is touched. */

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreError } from '../../../crypto/errors.ts';
import type { Program } from '../program.ts';

/** Short: the path of a local socket has to fit in 100 bytes. */
const PREFIX = 'ic-demo-';
/** What a program needs of the surroundings; settings of the user's own accounts stay out. */
const KEPT = /^(?:PATH|LANG|LANGUAGE|LC_.*|TZ|TERM|COLORTERM|NO_COLOR|SystemRoot|NODE_V8_COVERAGE)$/;

export class DemoPlace {
  readonly directory: string;
  readonly relayDirectory: string;
  /** Starts the chat as bob from anywhere. */
  readonly seatScript: string;
  #removed = false;

  /** @throws StoreError `demo-failed` */
  constructor() {
    this.directory = makeDirectory();
    this.relayDirectory = join(this.directory, 'relay');
    this.seatScript = join(this.directory, 'bob');
    for (const name of ['r', 'alice', 'bobs', 'home']) mkdirSync(join(this.directory, name), { mode: 0o700 });
  }

  dataDirectory(who: 'alice' | 'bob'): string {
    return join(this.directory, who === 'alice' ? 'alice' : 'bobs');
  }

  /** The surroundings of every program of the demo. */
  environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return {
      ...Object.fromEntries(Object.entries(env).filter(([name]) => KEPT.test(name))),
      ...this.#variables(),
    };
  }

  writeSeatScript({ entryUrl }: Program): void {
    const variables = Object.entries(this.#variables()).map(([name, value]) => `${name}=${quoted(value)}`);
    const words = [process.execPath, fileURLToPath(entryUrl), '-d', this.dataDirectory('bob'), '-a', 'bob'];
    const lines = [
      '#!/bin/sh',
      'unset INTECHAT_CONFIG INTECHAT_OUTPUT INTECHAT_TIMEOUT INTECHAT_PASSPHRASE_FILE',
      `${variables.join(' ')} exec ${words.map(quoted).join(' ')} "$@"`,
    ];
    writeFileSync(this.seatScript, `${lines.join('\n')}\n`, { mode: 0o700 });
  }

  /** Nobody finds it any more; what is open in it goes on. */
  hide(): void {
    if (this.#removed) return;
    try {
      renameSync(this.directory, this.#hidden);
    } catch {
      // It is removed all the same.
    }
  }

  remove(): void {
    this.#removed = true;
    for (const path of [this.directory, this.#hidden])
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }

  get #hidden(): string {
    return `${this.directory}.gone`;
  }

  #variables(): Record<string, string> {
    const home = join(this.directory, 'home');
    return {
      HOME: home,
      TMPDIR: this.directory,
      XDG_RUNTIME_DIR: join(this.directory, 'r'),
      XDG_DATA_HOME: home,
      XDG_CONFIG_HOME: home,
      XDG_STATE_HOME: home,
      XDG_CACHE_HOME: home,
    };
  }
}

export function isDemoPlace(directory: string): boolean {
  return basename(directory).startsWith(PREFIX);
}

function makeDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), PREFIX));
  } catch (cause) {
    throw new StoreError('demo-failed', `no throw-away directory can be made in ${tmpdir()}`, {
      hints: ['name another place: TMPDIR=/path intechat demo'],
      cause,
    });
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
