import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Actor, befriendActors, linesOf, registerActor } from '../../support/actors.ts';
import { clientHomes } from '../../support/client-process.ts';
import { ensureDist } from '../../support/dist.ts';
import { reservePort } from '../../support/ports.ts';
import { type RelayProcess, relayProcesses } from '../../support/relay-process.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

describe('receive', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();
  const startRelay = relayProcesses();
  let directory: string;
  let port: number;
  let relay: RelayProcess;
  let alice: Actor;
  let bob: Actor;

  before(async () => {
    directory = await temporaryDirectory();
    port = await reservePort();
    relay = await startRelay(join(directory, 'relay'), [], { port });
    [alice, bob] = await Promise.all([
      registerActor(await newHome(join(directory, 'a')), 'alice', relay.uri),
      registerActor(await newHome(join(directory, 'b')), 'bob', relay.uri),
    ]);
    await befriendActors(alice, bob);
    await bob.receive('-t', '0');
  });

  const say = (...texts: string[]): Promise<void> =>
    texts.reduce(async (before, text) => {
      await before;
      await alice.send('bob', text);
    }, Promise.resolve());
  const texts = async (...flags: string[]): Promise<readonly string[]> =>
    (await bob.receive(...flags)).map(({ text }) => text);

  it('prints nothing and exits 0 when nothing is new', async () => {
    const { status, stdout, stderr } = await bob.home.run(['receive', '-t', '0']);
    expect([status, stdout, stderr]).to.deep.equal([0, '', '']);
  });

  it('prints each message once, oldest first, with its time', async () => {
    await say('one', 'two\n12:00  carol> forged', 'three');
    const { stdout } = await bob.home.run(['receive', '-t', '0', '--utc']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).to.have.length(4);
    expect(lines[0]).to.match(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z {2}alice> one$/);
    expect(lines[2]).to.match(/^ +\| 12:00 {2}carol> forged$/);
    expect(await texts('-t', '0')).to.deep.equal([]);
  });

  it('gives every cursor its own position, and prints no more than asked', async () => {
    await say('four', 'five');
    expect(await texts('-t', '0', '-n', '1')).to.deep.equal(['four']);
    expect(await texts('-t', '0')).to.deep.equal(['five']);
    const other = await texts('-t', '0', '--cursor', 'bot');
    expect(other.slice(-2)).to.deep.equal(['four', 'five']);
    expect(await texts('-t', '0', '--cursor', 'bot')).to.deep.equal([]);
  });

  it('marks nothing as read', async () => {
    const chats = (await bob.ok(['chats', '--unread'])) as readonly { readonly unread: number }[];
    expect(chats[0]?.unread).to.be.greaterThan(0);
    await bob.ok(['read', 'alice']);
    expect(await bob.ok(['chats', '--unread'])).to.deep.equal([]);
  });

  it('waits for what comes within the time, and says it with type and both forms of time', async () => {
    const waiting = await bob.home.start(['receive', '-t', '30', '-n', '1', '--json']);
    await say('while you wait');
    const { status, stdout } = await waiting.ended;
    expect(status).to.equal(0);
    const [line] = linesOf(stdout) as readonly Record<string, unknown>[];
    expect(line).to.include({ type: 'message', text: 'while you wait', from: 'alice', direction: 'in' });
    expect(Date.parse(String(line?.['sentAt']))).to.equal(line?.['sentMs']);
  });

  it('shows again what a reader that went away did not take', async () => {
    await say('for a reader', 'who leaves');
    const reading = await bob.home.start(['receive', '--follow']);
    reading.child.stdout?.destroy();
    const { status, stderr } = await reading.ended;
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(await texts('-t', '0')).to.deep.equal(['for a reader', 'who leaves']);
  });

  it('shows again what a full disk did not take, and exits 3', async () => {
    await say('onto a full disk');
    const full = await open('/dev/full', 'w');
    const { directory: HOME } = bob.home;
    const child = spawn(process.execPath, [join(await ensureDist(), 'intechat.js'), 'receive', '-t', '0'], {
      env: { HOME, XDG_RUNTIME_DIR: join(HOME, 'run') },
      stdio: ['ignore', full.fd, 'pipe'],
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const [status] = await once(child, 'close');
    await full.close();
    expect(status).to.equal(3);
    expect(stderr).to.include('stdout cannot be written');
    expect(await texts('-t', '0')).to.deep.equal(['onto a full disk']);
  });

  it('with --follow goes on through a restart of the relay until it is interrupted', async () => {
    const following = await bob.home.start(['receive', '--follow', '--json']);
    await say('before the restart');
    await following.printed((stdout) => stdout.includes('before the restart'));
    await relay.signal('SIGTERM');
    relay = await startRelay(join(directory, 'relay'), [], { port });
    await say('after the restart');
    await following.printed((stdout) => stdout.includes('after the restart'));
    const { status, stderr } = await following.kill('SIGINT');
    expect([status, stderr]).to.deep.equal([130, '']);
    expect(await texts('-t', '0')).to.deep.equal([]);
  });

  it('shares the account with commands that come meanwhile, and outlives the one it came through', async () => {
    const first = await bob.home.start(['history', 'alice', '--follow', '--json']);
    await first.printed((stdout) => stdout.includes('after the restart'));
    const second = await bob.home.start(['receive', '--follow', '--json']);
    await say('through the first');
    await second.printed((stdout) => stdout.includes('through the first'));
    await first.printed((stdout) => stdout.includes('through the first'));
    await first.kill('SIGTERM');
    await say('by itself');
    await second.printed((stdout) => stdout.includes('by itself'));
    const { status } = await second.kill('SIGTERM');
    expect(status).to.equal(143);
  });

  it('without the relay prints what is here and exits 3', async () => {
    await say('here already');
    await bob.ok(['history', 'alice']);
    expect(await texts('-t', '0', '--cursor', 'third')).to.include('here already');
    await relay.signal('SIGTERM');
    const { status, stdout, stderr } = await bob.home.run(['receive', '-t', '0', '--cursor', 'fourth']);
    expect(status).to.equal(3);
    expect(stdout).to.include('here already');
    expect(stderr).to.include('relay not reachable');
    expect((await bob.home.run(['history', 'alice'])).status).to.equal(0);
    relay = await startRelay(join(directory, 'relay'), [], { port });
  });

  it('refuses what is no number and no name of a cursor', async () => {
    for (const flags of [
      ['-t', 'soon'],
      ['-n', '0'],
      ['--cursor', ''],
      ['--cursor', 'x'.repeat(65)],
    ]) {
      expect((await bob.home.run(['receive', '-t', '0', ...flags])).status, flags.join(' ')).to.equal(64);
    }
  });

  it('ends quietly when it is read only in part', async () => {
    const all = await bob.home.start(['history', 'alice', '-n', '100']);
    await once(all.child.stdout ?? all.child, 'data');
    all.child.stdout?.destroy();
    const { status, stderr } = await all.ended;
    expect([status, stderr]).to.deep.equal([0, '']);
  });
});
