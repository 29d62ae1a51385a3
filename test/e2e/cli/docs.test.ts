/** docs/cli.md as one session: every example is typed into a shell, and what is shown below it must come out. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { consoleStepsOf } from '../../support/console-steps.ts';
import { ensureDist } from '../../support/dist.ts';
import { readDocument } from '../../support/documents.ts';
import { reservePort } from '../../support/ports.ts';
import { type RelayProcess, relayProcesses } from '../../support/relay-process.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

const ADDRESS = 'ic://FINGERPRINT@127.0.0.1:7443';
const DEFAULT_PORT = '7443';

describe('the examples of docs/cli.md', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  const startRelay = relayProcesses();
  const background: ChildProcess[] = [];
  let directory: string;
  let env: NodeJS.ProcessEnv;
  let port: number;
  let relay: RelayProcess;
  let isUp = false;

  before(async () => {
    directory = await temporaryDirectory();
    port = await reservePort();
    const dist = await ensureDist();
    const bin = join(directory, 'bin');
    await mkdir(bin);
    for (const name of ['intechat', 'intechat-relay']) {
      const path = join(bin, name);
      await writeFile(path, `#!/bin/sh\nexec "${process.execPath}" "${join(dist, `${name}.js`)}" "$@"\n`);
      await chmod(path, 0o755);
    }
    const home = join(directory, 'home');
    const run = join(directory, 'run');
    for (const path of [home, run]) await mkdir(path, { mode: 0o700 });
    env = { PATH: `${bin}:${process.env['PATH']}`, HOME: home, XDG_RUNTIME_DIR: run, TZ: 'UTC' };
  });

  after(() => {
    for (const { pid, exitCode } of background) {
      if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
    }
  });

  async function relayIs(wanted: boolean): Promise<void> {
    if (wanted === isUp) return;
    if (wanted) relay = await startRelay(join(directory, 'relay'), [], { port });
    else await relay.signal('SIGTERM');
    isUp = wanted;
  }

  function start(command: string): ChildProcess {
    const typed = command.replaceAll(ADDRESS, relay.uri);
    // A group of its own, so that everything the shell started can be ended with it.
    return spawn('sh', ['-c', typed], {
      cwd: env['HOME'],
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  }

  async function type(
    command: string,
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
    const child = start(command);
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const [status] = (await once(child, 'close')) as [number];
    return {
      status,
      stdout: stdout().replaceAll(relay.uri, ADDRESS).replaceAll(String(port), DEFAULT_PORT),
      stderr: stderr(),
    };
  }

  for (const { command, shown, exit, relay: wanted, background: stays } of consoleStepsOf(
    readDocument('docs/cli.md'),
  )) {
    it(`$ ${command}`, async () => {
      await relayIs(wanted);
      if (stays) {
        const child = start(command);
        background.push(child);
        if (command.includes('daemon')) {
          const said = collect(child.stderr);
          while (!said().includes('is ready')) await once(child.stderr ?? child, 'data');
        }
        return;
      }
      const { status, stdout, stderr } = await type(command);
      expect(status, stdout + stderr).to.equal(exit);
      if (shown.length > 0) expect(stdout.trimEnd().split('\n')).to.deep.equal(shown);
    });
  }
});

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
