/** The command line in this process: real accounts, real sockets, streams that the test holds. */

import { PassThrough } from 'node:stream';
import { Interruption } from '../../client/cli/interruption.ts';
import { runCli } from '../../client/cli/run-cli.ts';

export interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** What stands on stdin. */
  readonly input?: string;
  /** With what reading stdin fails. */
  readonly inputError?: Error;
  readonly env?: NodeJS.ProcessEnv;
  /** At a terminal: each question that fits is answered once, in this order. */
  readonly answers?: readonly (readonly [question: string | RegExp, answer: string])[];
  readonly interruption?: Interruption;
  /** Sees everything on stdout as it comes. */
  readonly onStdout?: (stdout: string) => void;
}

export type Cli = (args: readonly string[], options?: CliOptions) => Promise<CliResult>;

/** The programs of one person, with a home in `directory`. */
export function cliIn(directory: string): Cli {
  const home = { HOME: directory, XDG_RUNTIME_DIR: directory, TZ: 'UTC' };
  return async (args, options = {}) => {
    const {
      input = '',
      inputError,
      env = {},
      answers,
      interruption = new Interruption(),
      onStdout,
    } = options;
    const isTTY = answers !== undefined;
    const stdin = Object.assign(new PassThrough(), { isTTY, isRaw: false, setRawMode: () => undefined });
    stdin.on('error', () => {});
    const [stdout, stderr] = [stream(isTTY), stream(isTTY)];
    const [printed, said] = [collect(stdout, onStdout), collect(stderr, () => answerNext())];
    const open = [...(answers ?? [])];
    let asked = 0;
    const answerNext = (): void => {
      const [question, answer] = open[0] ?? [];
      const text = said().slice(asked);
      const isAsked = typeof question === 'string' ? text.includes(question) : question?.test(text);
      if (isAsked !== true) return;
      asked = said().length;
      open.shift();
      stdin.write(`${answer}\r`);
    };
    if (inputError !== undefined) stdin.destroy(inputError);
    else if (!isTTY) stdin.end(input);
    const status = await runCli(args, {
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: stderr as unknown as NodeJS.WriteStream,
      env: { ...home, ...env },
      program: { version: '0.0.0', entryUrl: import.meta.url },
      interruption,
    });
    return { status, stdout: printed(), stderr: said() };
  };
}

function stream(isTTY: boolean): PassThrough {
  return Object.assign(new PassThrough(), isTTY ? { isTTY, columns: 80 } : {});
}

function collect(from: PassThrough, onText: (text: string) => void = () => {}): () => string {
  let text = '';
  from.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    onText(text);
  });
  return () => text;
}
