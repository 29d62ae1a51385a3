import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { ensureDist } from '../support/dist.ts';
import { type PtyProgram, ptyPrograms } from '../support/pty-program.ts';
import { temporaryDirectories } from '../support/temporary-directory.ts';

const LINES_MAX = 25;
const COLUMNS_MAX = 80;
const POLL_MS = 50;
const POLLS_MAX = 200;
const END = '\x04';

interface Surroundings {
  readonly home: string;
  /** Where throw-away directories are made. */
  readonly temporary: string;
  readonly env: Readonly<Record<string, string>>;
}

describe('the demo', () => {
  const temporaryDirectory = temporaryDirectories();
  const startPty = ptyPrograms();
  const children: ChildProcess[] = [];
  let program: string;

  before(async () => {
    program = join(await ensureDist(), 'intechat.js');
  });

  after(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  async function surroundings(): Promise<Surroundings> {
    const directory = await temporaryDirectory();
    const [home, temporary] = [join(directory, 'home'), join(directory, 't')];
    for (const path of [home, temporary]) await mkdir(path);
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      TMPDIR: temporary,
      TZ: 'UTC',
      LANG: 'C.UTF-8',
      // An account of the user: the demo must not see it.
      INTECHAT_DATA_DIR: join(home, 'data'),
      INTECHAT_ACCOUNT: 'zoe',
    };
    return { home, temporary, env };
  }

  function start({ env, home }: Surroundings): ChildProcess {
    const child = spawn(process.execPath, [program, 'demo'], {
      cwd: home,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    children.push(child);
    return child;
  }

  /** Nothing that ran in these surroundings runs any more, and nothing is left in them. */
  async function expectNothingLeft({ temporary, home }: Surroundings): Promise<void> {
    for (let polls = 0; polls < POLLS_MAX; polls++) {
      if (running(temporary).length === 0 && (await readdir(temporary)).length === 0) break;
      await pause(POLL_MS);
    }
    expect(running(temporary)).to.deep.equal([]);
    expect(await readdir(temporary)).to.deep.equal([]);
    expect(await readdir(home)).to.deep.equal([]);
  }

  it('tells its story in 25 lines, leaves nothing behind and ends with 0', async () => {
    const around = await surroundings();
    const child = start(around);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const [status] = await once(child, 'close');
    const text = stdout();
    expect(status, stderr()).to.equal(0);
    // On a busy machine a step may say what it waits for.
    expect(stderr().replace(/^intechat: waiting: .*\n/gm, '')).to.equal('');
    expect(text.trimEnd().split('\n').length).to.be.at.most(LINES_MAX);
    expect(text).not.to.contain('\x1b');
    for (const line of text.split('\n')) expect(line.length, line).to.be.at.most(COLUMNS_MAX);
    expect(text.match(/^\d\d:\d\d (alice|bob)> .+ {2}(sent|delivered)/gm)).to.have.length(4);
    expect(text).to.match(/^safety numbers match: (\d{5} ?){4}$/m);
    expect(text).to.contain('what the relay has: 2 accounts, 2 key bundles, 0 readable bytes');
    expect(text).to.match(
      /alice wrote: +this one waits for you at the relay\n +the relay holds: [0-9a-f]{56}\n/,
    );
    const hex = /the relay holds: ([0-9a-f]{56})/.exec(text)?.[1] ?? '';
    expect(Buffer.from(hex, 'hex').toString('latin1')).not.to.contain('waits');
    for (const next of ['intechat-relay', 'register alice', 'send bob -m hello'])
      expect(text).to.contain(next);
    await expectNothingLeft(around);
  });

  it('says the same in one JSON object', async () => {
    const around = await surroundings();
    const { home, env } = around;
    const child = spawn(process.execPath, [program, 'demo', '--json'], { cwd: home, env: { ...env } });
    children.push(child);
    const stdout = collect(child.stdout);
    const [status] = await once(child, 'close');
    expect(status).to.equal(0);
    const { ok, result } = JSON.parse(stdout()) as {
      readonly ok: boolean;
      readonly result: { readonly safetyNumber: string; readonly relay: { readonly readableBytes: number } };
    };
    expect(ok).to.equal(true);
    expect(result.safetyNumber).to.match(/^\d{60}$/);
    expect(result.relay.readableBytes).to.equal(0);
    await expectNothingLeft(around);
  });

  it('tidies up after Ctrl-C at any time', async () => {
    for (const seen of ['What follows', 'hi bob', 'safety numbers']) {
      const around = await surroundings();
      const child = start(around);
      const stdout = collect(child.stdout);
      while (!stdout().includes(seen)) await once(child.stdout ?? child, 'data');
      child.kill('SIGINT');
      const [status] = await once(child, 'close');
      expect(status, seen).to.equal(130);
      expect(stdout(), seen).not.to.contain('For real');
      await expectNothingLeft(around);
    }
  });

  it('tidies up even when it is killed', async () => {
    const around = await surroundings();
    const child = start(around);
    const stdout = collect(child.stdout);
    while (!stdout().includes('bob sees her request')) await once(child.stdout ?? child, 'data');
    expect(running(around.temporary)).not.to.deep.equal([]);
    child.kill('SIGKILL');
    await once(child, 'close');
    await expectNothingLeft(around);
  });

  it('says what is wrong when a program cannot run', async () => {
    const around = await surroundings();
    const { home, env, temporary } = around;
    await writeFile(join(temporary, 'file'), '');
    const child = spawn(process.execPath, [program, 'demo'], {
      cwd: home,
      env: { ...env, TMPDIR: join(temporary, 'file') },
    });
    children.push(child);
    const stderr = collect(child.stderr);
    const [status] = await once(child, 'close');
    expect(status).to.equal(3);
    expect(stderr()).to.contain('intechat: error: ').and.not.to.contain('internal error');
  });

  describe('on a terminal', () => {
    async function startOnTerminal(around: Surroundings): Promise<PtyProgram> {
      const { home, env } = around;
      const demo = startPty([program, 'demo'], {
        cwd: home,
        env: { ...env, TERM: 'xterm-256color' },
        rows: 60,
      });
      await demo.until('Now you are alice');
      await demo.until(() => demo.typed() === 'bob (unverified)> ');
      return demo;
    }

    it('goes on: bob answers by himself', async () => {
      const around = await surroundings();
      const demo = await startOnTerminal(around);
      await demo.until(/bob> back again/);
      demo.type('are you there?\r');
      await demo.until(/\d\d:\d\d alice> are you there\?\n\d\d:\d\d bob> I am only a program/);
      expect(demo.text().match(/this one waits for you/g)).to.have.length(2);
      demo.type(END);
      expect((await demo.ended).status).to.equal(0);
      expect(demo.text()).to.contain('For real');
      await expectNothingLeft(around);
    });

    it('gives the seat of bob to whoever types the printed line, from anywhere and without a passphrase', async () => {
      const around = await surroundings();
      const demo = await startOnTerminal(around);
      await demo.until(/bob> back again/);
      const [, script = ''] = /^ {2}sh (\S+)$/m.exec(demo.text()) ?? [];
      expect(script.startsWith(around.temporary)).to.equal(true);
      const shell = [
        '-e',
        `require('node:child_process').spawnSync('sh', ['${script}'], { stdio: 'inherit' })`,
      ];
      const stranger = { PATH: around.env['PATH'] ?? '', TERM: 'xterm-256color', HOME: '/nonexistent' };
      const seat = startPty(shell, { cwd: '/', env: stranger, rows: 60 });
      await seat.until('(no chat)>');
      await demo.until("somebody sits on bob's seat now");
      seat.type('@alice a person speaks\r');
      await demo.until(/\d\d:\d\d bob> a person speaks/);
      demo.type('who are you?\r');
      await seat.until(/\d\d:\d\d alice> who are you\?/);
      seat.type('@alice not the program\r');
      await demo.until(/\d\d:\d\d bob> not the program/);
      expect(demo.text()).not.to.contain('I am only a program');
      demo.type('/quit\r');
      expect((await demo.ended).status).to.equal(0);
      await seat.ended;
      await expectNothingLeft(around);
    });

    it('ends everything on Ctrl-C twice', async () => {
      const around = await surroundings();
      const demo = await startOnTerminal(around);
      demo.type('\x03\x03');
      expect((await demo.ended).status).to.equal(130);
      await expectNothingLeft(around);
    });
  });
});

/** Command lines of programs that have to do with a directory. */
function running(directory: string): readonly string[] {
  const lines = execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(directory));
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
