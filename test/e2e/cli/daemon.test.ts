import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Actor, actorOf, befriendActors, linesOf, registerActor } from '../../support/actors.ts';
import { clientHomes } from '../../support/client-process.ts';
import { ensureDist, repositoryRoot } from '../../support/dist.ts';
import { type RelayProcess, relayProcesses } from '../../support/relay-process.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

describe('daemon', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();
  const startRelay = relayProcesses();
  let directory: string;
  let relay: RelayProcess;
  let alice: Actor;
  let bob: Actor;

  before(async () => {
    directory = await temporaryDirectory();
    relay = await startRelay(join(directory, 'relay'));
    const passphraseFile = join(directory, 'secret');
    await writeFile(passphraseFile, 'correct horse battery staple\n', { mode: 0o600 });
    [alice, bob] = await Promise.all([
      registerActor(await newHome(join(directory, 'a')), 'alice', relay.uri, { passphraseFile }),
      registerActor(await newHome(join(directory, 'b')), 'bob', relay.uri),
    ]);
    await befriendActors(alice, bob);
  });

  it('is not running until it is started', async () => {
    for (const what of ['status', 'stop']) {
      expect(await alice.fails(['daemon', what])).to.include({ status: 8, name: 'daemon-not-running' });
    }
  });

  describe('while it runs', () => {
    /** Without the passphrase: only the daemon has it. */
    let quiet: Actor;
    let daemon: Awaited<ReturnType<Actor['daemon']>>;

    before(async () => {
      daemon = await alice.daemon();
      quiet = actorOf(alice.home, 'alice');
    });

    after(() => daemon.kill('SIGKILL'));

    it('says where it is to be found, with mode 0600', async () => {
      const [ready] = linesOf(daemon.stdout()) as readonly Record<string, unknown>[];
      expect(ready).to.include({ type: 'ready', name: 'alice', pid: daemon.child.pid });
      const { path } = alice.home.socketOf('alice');
      expect(ready?.['socket']).to.equal(path);
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
    });

    it('spares every other command the passphrase', async () => {
      expect((await quiet.send('bob', 'through the daemon')).state).to.equal('sent');
      expect(await quiet.ok(['whoami'])).to.include({ name: 'alice' });
      expect(await quiet.ok(['daemon', 'status'])).to.include({ running: true, pid: daemon.child.pid });
      expect(await quiet.ok(['status'])).to.include({
        link: 'online',
        openIn: `daemon (process ${daemon.child.pid})`,
      });
    });

    it('passes errors on with their exit codes', async () => {
      expect(await quiet.fails(['history', 'nobody-here'])).to.include({ status: 8, name: 'not-found' });
      expect(await quiet.fails(['verify', 'bob', '--number', '1'.repeat(60)])).to.include({ status: 10 });
      expect(await quiet.fails(['trust', 'bob', '--key', '0'.repeat(64)])).to.include({ status: 10 });
    });

    it('is one per account', async () => {
      expect(await quiet.fails(['daemon'])).to.include({ status: 9, name: 'store-in-use' });
    });

    it('answers a login with what it is: signed in', async () => {
      expect(await quiet.ok(['login', 'alice'])).to.include({ name: 'alice' });
    });

    it('is refused by a newer program, which says so and exits 9', async () => {
      const newer = join(directory, 'newer');
      await mkdir(newer);
      await cp(await ensureDist(), join(newer, 'dist'), { recursive: true });
      await symlink(join(repositoryRoot, 'node_modules'), join(newer, 'node_modules'));
      const manifest = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')) as object;
      await writeFile(join(newer, 'package.json'), JSON.stringify({ ...manifest, version: '99.0.0' }));
      const { directory: HOME } = alice.home;
      const program = join(newer, 'dist', 'intechat.js');
      const child = spawn(process.execPath, [program, 'send', 'bob', '-m', 'from the future', '--json'], {
        env: { HOME, XDG_RUNTIME_DIR: join(HOME, 'run') },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      const [status] = await once(child, 'close');
      expect(status).to.equal(9);
      const { error } = JSON.parse(stdout) as {
        readonly error: { readonly name: string; readonly message: string };
      };
      expect(error.name).to.equal('daemon-too-old');
      expect(error.message).to.include('99.0.0');
    });

    it('ends when asked, and leaves no socket behind', async () => {
      await quiet.ok(['daemon', 'stop']);
      expect((await daemon.ended).status).to.equal(0);
      expect(await stat(alice.home.socketOf('alice').path).catch(() => undefined)).to.equal(undefined);
      expect(await quiet.fails(['whoami'])).to.include({ status: 9, name: 'passphrase-missing' });
    });
  });

  it("that was killed is in nobody's way", async () => {
    const daemon = await bob.daemon();
    await daemon.kill('SIGKILL');
    expect((await stat(bob.home.socketOf('bob').path)).isSocket()).to.equal(true);
    expect((await bob.send('alice', 'still here')).state).to.equal('sent');
    expect(await bob.fails(['daemon', 'stop'])).to.include({ name: 'daemon-not-running' });
  });

  it('ends on a signal with the exit code of that signal', async () => {
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const daemon = await bob.daemon();
      expect((await daemon.kill(signal)).status).to.equal(status);
    }
  });

  it('started many times at once is one, and the others say so', async () => {
    const started = await Promise.all(Array.from({ length: 4 }, () => bob.home.start(['daemon', '--json'])));
    const refused = await Promise.all(
      started.map(async (each) => {
        const winner = each.printed((stdout) => stdout.includes('"ready"')).then(() => undefined);
        return Promise.race([winner, each.ended.then(({ status }) => status)]).catch(() =>
          each.ended.then(({ status }) => status),
        );
      }),
    );
    expect(refused.filter((status) => status === undefined)).to.have.length(1);
    expect(refused.filter((status) => status === 9)).to.have.length(3);
    await bob.ok(['daemon', 'stop']);
    await Promise.all(started.map(({ ended }) => ended));
  });

  it('sends what waits as soon as the relay is back, while nobody asks', async () => {
    const daemon = await bob.daemon();
    const { port } = relay;
    await relay.signal('SIGTERM');
    const queued = await bob.send('alice', 'later', '--wait', 'queued');
    relay = await startRelay(join(directory, 'relay'), [], { port });
    const following = await bob.home.start([
      'send',
      'alice',
      '-m',
      'later',
      '--id',
      queued.id,
      '--timeout',
      '30',
    ]);
    expect((await following.ended).stdout).to.equal('sent\n');
    await daemon.kill('SIGTERM');
    const received = await alice.receive('-t', '0');
    expect(received.filter(({ text }) => text === 'later')).to.have.length(1);
  });
});
