/** Starts the writing process and listens to what it acknowledges. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./level-child.ts', import.meta.url));

export interface WritingProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly acked: number[];
  /** The next line that is not about an acknowledgement. */
  line(): Promise<string>;
  untilAcked(count: number): Promise<void>;
  readonly exited: Promise<void>;
}

export interface WritingOptions {
  readonly start?: number;
  readonly size?: number;
  /** Largest file that the process may write, in KiB. */
  readonly fileLimitKiB?: number;
}

export function startWriting(directory: string, options: WritingOptions = {}): WritingProcess {
  const { start = 0, size = 200, fileLimitKiB } = options;
  const command = [process.execPath, '--import', 'tsx', program, directory, `${start}`, `${size}`];
  const child =
    fileLimitKiB === undefined
      ? spawn(command[0] as string, command.slice(1))
      : spawn('bash', ['-c', `ulimit -S -f ${fileLimitKiB}; exec "$@"`, 'bash', ...command]);
  const acked: number[] = [];
  const lines: string[] = [];
  const errors: string[] = [];
  const waiters: (() => void)[] = [];
  let ended = false;
  const wake = (): void => {
    for (const waiter of waiters.splice(0)) waiter();
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const number = /^acked (\d+)$/.exec(line)?.[1];
    if (number === undefined) lines.push(line);
    else acked.push(Number(number));
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const exited = new Promise<void>((resolve) =>
    child.on('close', () => {
      ended = true;
      wake();
      resolve();
    }),
  );
  const until = async (met: () => boolean): Promise<void> => {
    while (!met()) {
      if (ended) throw new Error(`the writing process ended early: ${errors.join('')}`);
      await new Promise<void>((resolve) => waiters.push(resolve));
    }
  };
  return {
    child,
    acked,
    exited,
    line: async () => {
      await until(() => lines.length > 0);
      return lines.shift() as string;
    },
    untilAcked: (count) => until(() => acked.length >= count),
  };
}
