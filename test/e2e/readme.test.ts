/**
 * Every command of the README is run as it stands, in a copy of the tree, by a shell that has nothing but
 * the two programs; what the README shows below a command must come out of it.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { reservePort } from '../support/ports.ts';
import { root } from '../support/sources.ts';
import { temporaryDirectories } from '../support/temporary-directory.ts';

const run = promisify(execFile);
const temporaryDirectory = temporaryDirectories();
const COMMAND_LIMIT_MS = 50_000;
/** Run by whoever runs this test: a clean install inside the tests would take their modules away. */
const CLEAN_INSTALL = /^npm ci && /;
const WHOLE_SUITE = 'npm cit';
const BACKGROUND = / &$/;
/** The parts of an output that differ from run to run, in the words of the README. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  [/ic:\/\/(?:[0-9a-f]{64}|FINGERPRINT)@127\.0\.0\.1:\d+/g, 'ADDRESS'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d/g, 'TIME'],
  [/\b\d{5}\b/g, 'GROUP'],
];

interface Step {
  readonly command: string;
  readonly shown: readonly string[];
}

async function readmeSteps(): Promise<readonly Step[]> {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  const fences = Array.from(text.matchAll(/```console\n(.*?)```/gs), (match) => match[1] ?? '');
  const steps: { command: string; shown: string[] }[] = [];
  for (const line of fences.flatMap((fence) => fence.trimEnd().split('\n'))) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), shown: [] });
    else steps.at(-1)?.shown.push(line);
  }
  return steps;
}

function comparable(text: string): string {
  return CHANGING.reduce((out, [pattern, word]) => out.replaceAll(pattern, word), text.trimEnd());
}

describe('the README', () => {
  let steps: readonly Step[];
  let tree: string;
  let env: NodeJS.ProcessEnv;
  let relay: ChildProcess | undefined;

  before(async () => {
    steps = await readmeSteps();
    const folder = await temporaryDirectory();
    tree = join(folder, 'intechat');
    await mkdir(tree);
    for (const part of [
      'package.json',
      'tsconfig.json',
      'crypto',
      'relay',
      'client',
      'docs',
      'README.md',
      'LICENSE',
    ]) {
      await cp(join(root, part), join(tree, part), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
    const prefix = join(folder, 'prefix');
    env = {
      PATH: `${join(prefix, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      npm_config_prefix: prefix,
      npm_config_offline: 'true',
      INTECHAT_RELAY_PORT: String(await reservePort()),
    };
  });

  after(async () => {
    if (relay !== undefined) {
      const ended = new Promise((resolve) => relay?.once('close', resolve));
      relay.kill('SIGTERM');
      await ended;
    }
  });

  /** Until the background command has printed its line. */
  async function background(command: string): Promise<string> {
    const child = spawn('bash', ['-c', `exec ${command.replace(BACKGROUND, '')}`], { cwd: tree, env });
    relay = child;
    let out = '';
    for await (const chunk of child.stdout) {
      out += String(chunk);
      if (out.includes('\n')) break;
    }
    return out;
  }

  it('installs, starts and talks as it says, command by command', async () => {
    // Installing comes further down on the page than the session that needs it.
    const ordered = [...steps].sort(
      (a, b) => Number(CLEAN_INSTALL.test(b.command)) - Number(CLEAN_INSTALL.test(a.command)),
    );
    let address = '';
    for (const { command, shown } of ordered) {
      if (command === WHOLE_SUITE) continue;
      const line = command
        .replace(CLEAN_INSTALL, '')
        .replace(/ic:\/\/FINGERPRINT@127\.0\.0\.1:7443/g, address);
      const stdout = BACKGROUND.test(line)
        ? await background(line)
        : (await run('bash', ['-c', line], { cwd: tree, env, timeout: COMMAND_LIMIT_MS })).stdout;
      address = stdout.match(/ic:\/\/\S+/)?.[0] ?? address;
      if (shown.length > 0) expect(comparable(stdout), command).to.equal(comparable(shown.join('\n')));
    }
  });

  it('names the clean install and the test command that CI runs', async () => {
    expect(steps.map(({ command }) => command)).to.include.members([WHOLE_SUITE, 'npm ci && npm start']);
    expect(await readFile(join(root, '.ci/run'), 'utf8')).to.match(/^npm cit\b/m);
  });
});
