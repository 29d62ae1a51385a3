/** People at their machines: the built `intechat` in processes of its own, each person in a home of their own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type SocketPlace, socketPlace } from '../../client/api/socket-path.ts';
import { type Paths, resolvePaths } from '../../client/engine/paths.ts';
import { ensureDist } from './dist.ts';

export interface ClientResult {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What stands on stdin; otherwise there is nothing, as under cron. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface ClientProcess {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with everything once the process has ended. */
  readonly ended: Promise<ClientResult>;
  kill(signal: NodeJS.Signals): Promise<ClientResult>;
  /** Resolves when stdout holds what fits; throws when the process ends before. */
  printed(fits: (stdout: string) => boolean): Promise<void>;
}

export interface ClientHome {
  readonly directory: string;
  readonly paths: Paths;
  start(args: readonly string[], options?: RunOptions): Promise<ClientProcess>;
  run(args: readonly string[], options?: RunOptions): Promise<ClientResult>;
  /** Where an open account of this home is served. */
  socketOf(account: string): SocketPlace;
  /** Stdout and stderr of everything that ran here, in the order of its start. */
  readonly output: readonly ClientProcess[];
}

/** Homes for one suite; no process outlives it. */
export function clientHomes(): (directory: string) => Promise<ClientHome> {
  const started: ClientProcess[] = [];
  after(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all(started.map(({ ended }) => ended));
  });
  return (directory) => makeClientHome(directory, (process) => started.push(process));
}

/** For programs that are no test suites; whoever calls this ends what it starts. */
export async function makeClientHome(
  directory: string,
  onStart: (process: ClientProcess) => void = () => {},
): Promise<ClientHome> {
  const runtime = join(directory, 'run');
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  // Only what a program needs: settings of the person who runs the tests must not leak in.
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    XDG_RUNTIME_DIR: runtime,
    TMPDIR: directory,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
  };
  const paths = resolvePaths(env);
  const output: ClientProcess[] = [];
  const start: ClientHome['start'] = async (args, options = {}) => {
    const program = join(await ensureDist(), 'intechat.js');
    const child = spawn(process.execPath, [program, ...args], {
      cwd: directory,
      env: { ...env, ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      // A session of its own: no terminal to ask at, even when the tests have one.
      detached: true,
    });
    child.stdin?.end(options.input);
    const started = clientProcess(child);
    output.push(started);
    onStart(started);
    return started;
  };
  return {
    directory,
    paths,
    output,
    start,
    run: async (args, options) => (await start(args, options)).ended,
    socketOf: (account) => socketPlace({ ...paths, account }),
  };
}

function clientProcess(child: ChildProcess): ClientProcess {
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const ended = (async (): Promise<ClientResult> => {
    const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { status, signal, stdout: stdout(), stderr: stderr() };
  })();
  return {
    child,
    stdout,
    stderr,
    ended,
    kill(signal) {
      child.kill(signal);
      return ended;
    },
    async printed(fits) {
      while (!fits(stdout())) {
        const isOver = await Promise.race([
          once(child.stdout ?? child, 'data').then(() => false),
          ended.then(() => true),
        ]);
        if (isOver && !fits(stdout())) throw new Error(`it ended before it printed that: ${stderr()}`);
      }
    },
  };
}

/** The one object of `--json`. */
export function jsonOf({ stdout, stderr }: ClientResult): JsonAnswer {
  try {
    return JSON.parse(stdout) as JsonAnswer;
  } catch (cause) {
    throw new Error(`no JSON on stdout: ${JSON.stringify(stdout)}, stderr: ${stderr}`, { cause });
  }
}

/** What `--json` prints, as far as tests look at it. */
export interface JsonAnswer {
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly name: string;
    readonly message: string;
    readonly hint?: string;
    readonly data?: unknown;
  };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
