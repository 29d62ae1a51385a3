/** A relay as its operator starts it: the built program in a process of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ensureDist } from './dist.ts';

export interface RelayProcess {
  readonly child: ChildProcess;
  readonly port: number;
  readonly uri: string;
  readonly fingerprint: string;
  /** Everything on stderr so far. */
  stderr(): string;
  /** @returns exit status, or the signal's name when one ended it. */
  signal(name: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly nodeArguments?: readonly string[];
  /** Of `startRelayProcess`; otherwise a free one. */
  readonly port?: number;
}

/** Only what a program needs: settings of the person who runs the tests must not leak in. */
function environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: '/nonexistent', ...extra };
}

async function start(args: readonly string[], options: ProgramOptions): Promise<ChildProcess> {
  const program = join(await ensureDist(), 'intechat-relay.js');
  return spawn(process.execPath, [...(options.nodeArguments ?? []), program, ...args], {
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the program to its end. */
export async function runRelayProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = await start(args, options);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout: stdout(), stderr: stderr() };
}

/** Starts a relay and waits until it listens. */
export async function startRelayProcess(
  dataDirectory: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
): Promise<RelayProcess> {
  const port = String(options.port ?? 0);
  const child = await start(['up', '--json', '--port', port, '--data', dataDirectory, ...args], options);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  while (!stdout().includes('\n')) {
    const ended = await Promise.race([
      once(child.stdout ?? child, 'data').then(() => false),
      once(child, 'close').then(() => true),
    ]);
    if (ended) throw new Error(`the relay did not start: ${stderr()}`);
  }
  const line = JSON.parse(stdout().split('\n')[0] ?? '') as {
    readonly port: number;
    readonly uri: string;
    readonly fingerprint: string;
  };
  return {
    child,
    ...line,
    stderr,
    signal: async (name) => {
      const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
      child.kill(name);
      const [status, signal] = await closed;
      return status ?? signal ?? 'SIGKILL';
    },
  };
}

/** The relays of one suite: whatever a test does, none of them outlives it. */
export function relayProcesses(): typeof startRelayProcess {
  const started: RelayProcess[] = [];
  after(() => {
    for (const { child } of started) if (child.exitCode === null) child.kill('SIGKILL');
  });
  return async (...args) => {
    const relay = await startRelayProcess(...args);
    started.push(relay);
    return relay;
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
