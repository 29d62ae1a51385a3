import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FingerprintView, RequestView } from '../../client/core/queries.ts';
import { type Actor, actorOf, registerActor } from '../support/actors.ts';
import { clientHomes, jsonOf } from '../support/client-process.ts';
import { reservePort } from '../support/ports.ts';
import { type RelayProcess, relayProcesses } from '../support/relay-process.ts';
import { temporaryDirectories } from '../support/temporary-directory.ts';

const DIGITS = 60;
const PRIVATE_FILE = 0o600;

/** One story in the order of its telling: each test goes on where the one before it ended. */
describe('two people and a relay', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();
  const startRelay = relayProcesses();
  let directory: string;
  let port: number;
  let relay: RelayProcess;
  let alice: Actor;
  let bob: Actor;
  let carol: Actor;

  before(async () => {
    directory = await temporaryDirectory();
    port = await reservePort();
    relay = await startRelay(join(directory, 'relay'), [], { port });
    const passphraseFile = await writePassphrase('carol.secret', 'correct horse battery staple\n');
    [alice, bob, carol] = await Promise.all([
      registerActor(await newHome(join(directory, 'a')), 'alice', relay.uri),
      registerActor(await newHome(join(directory, 'b')), 'bob', relay.uri),
      registerActor(await newHome(join(directory, 'c')), 'carol', relay.uri, { passphraseFile }),
    ]);
  });

  async function writePassphrase(name: string, text: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, text, { mode: PRIVATE_FILE });
    return path;
  }

  async function restartRelay(): Promise<void> {
    expect(await relay.signal('SIGTERM')).to.equal(0);
    relay = await startRelay(join(directory, 'relay'), [], { port });
  }

  it('leave the recovery words in a file for their owner alone', async () => {
    const path = join(alice.home.directory, 'alice.words');
    expect((await stat(path)).mode & 0o777).to.equal(PRIVATE_FILE);
    expect((await readFile(path, 'utf8')).trim().split(' ')).to.have.length(24);
    const again = await alice.fails(['recovery', 'show']);
    expect(again.status).to.equal(64);
  });

  it('find nobody under a name that nobody has, and say so with exit 8', async () => {
    const error = await alice.fails(['send', 'nobody-of-this-name', '-m', 'hello']);
    expect(error).to.include({ status: 8, name: 'not-found' });
    expect(await alice.ok(['outbox'])).to.deep.equal([]);
  });

  it('begin with a request that waits for its acceptance', async () => {
    expect(await alice.send('bob', 'hello bob, it is alice')).to.include({
      state: 'sent',
      awaitingAcceptance: true,
    });
    const requests = (await bob.ok(['requests'])) as readonly RequestView[];
    expect(requests.map(({ name, text }) => ({ name, text }))).to.deep.equal([
      { name: 'alice', text: 'hello bob, it is alice' },
    ]);
    // Nothing of a stranger is shown as a message before the answer.
    expect(await bob.receive('-t', '0')).to.deep.equal([]);
  });

  it('talk both ways once the request was accepted', async () => {
    expect(await bob.ok(['requests', 'accept', 'alice'])).to.deep.equal({ name: 'alice' });
    await bob.send('alice', 'hello alice');
    await bob.send('alice', 'how are you?');
    expect((await alice.receive('-t', '0')).map(({ text }) => text)).to.deep.equal([
      'hello alice',
      'how are you?',
    ]);
    expect(await alice.send('bob', 'fine\nand you?')).to.include({
      state: 'sent',
      awaitingAcceptance: false,
    });
    expect((await bob.receive('-t', '0')).map(({ text }) => text)).to.deep.equal([
      'hello bob, it is alice',
      'fine\nand you?',
    ]);
    expect(await bob.receive('-t', '0')).to.deep.equal([]);
  });

  it('hear that a message was delivered', async () => {
    const [sent] = await Promise.all([
      alice.send('bob', 'did you get this?', '--wait', 'delivered', '--timeout', '30'),
      // It ends with the message, not with the time.
      bob.receive('-t', '120', '-n', '1'),
    ]);
    expect(sent.state).to.equal('delivered');
    const states = (await alice.history('bob')).map(({ direction, state }) => `${direction} ${state}`);
    expect(states).to.deep.equal([
      'out delivered',
      'in undefined',
      'in undefined',
      'out delivered',
      'out delivered',
    ]);
  });

  it('keep the same history on both sides, with the relay restarted and without it', async () => {
    const told = [
      'alice: hello bob, it is alice',
      'bob: hello alice',
      'bob: how are you?',
      'alice: fine\nand you?',
      'alice: did you get this?',
    ];
    await restartRelay();
    await alice.send('bob', 'the relay was away for a moment');
    await bob.receive('-t', '0');
    expect(await relay.signal('SIGTERM')).to.equal(0);
    const all = [...told, 'alice: the relay was away for a moment'];
    expect(await alice.texts('bob')).to.deep.equal(all);
    expect(await bob.texts('alice')).to.deep.equal(all);
    expect(await bob.ok(['search', 'AWAY for'])).to.have.length(1);
    relay = await startRelay(join(directory, 'relay'), [], { port });
  });

  it('see the same safety number, and a wrong one marks nothing and exits 10', async () => {
    const [ofAlice, ofBob] = (await Promise.all([
      alice.ok(['fingerprint', 'bob']),
      bob.ok(['fingerprint', 'alice']),
    ])) as [FingerprintView, FingerprintView];
    expect(ofAlice.number)
      .to.match(new RegExp(`^\\d{${DIGITS}}$`))
      .and.equal(ofBob.number);
    const number = ofAlice.number ?? '';
    const wrong = `${number.slice(0, -1)}${(Number(number.at(-1)) + 1) % 10}`;
    expect(await alice.fails(['verify', 'bob', '--number', wrong])).to.include({
      status: 10,
      name: 'mismatch',
    });
    expect((await alice.ok(['fingerprint', 'bob'])) as FingerprintView).to.include({ trust: 'unverified' });
    expect((await alice.fails(['verify', 'bob'])).status).to.equal(64);
    // As it is read aloud: in groups.
    const groups = number.match(/\d{5}/g)?.join(' ') ?? '';
    await Promise.all([
      alice.ok(['verify', 'bob', '--number', groups]),
      bob.ok(['verify', 'alice', '--number', number]),
    ]);
    for (const view of await Promise.all([
      alice.ok(['fingerprint', 'bob']),
      bob.ok(['fingerprint', 'alice']),
    ])) {
      expect(view).to.include({ trust: 'verified' });
    }
  });

  it('are opened by the right passphrase only', async () => {
    const withFile = (passphraseFile: string) => actorOf(carol.home, 'carol', { passphraseFile });
    const wrong = withFile(await writePassphrase('wrong.secret', 'correct horse battery stable'));
    expect(await wrong.fails(['whoami'])).to.include({ status: 9, name: 'wrong-passphrase' });
    expect(await wrong.fails(['send', 'alice', '-m', 'no'])).to.include({ status: 9 });
    const none = actorOf(carol.home, 'carol');
    expect(await none.fails(['whoami'])).to.include({ status: 9, name: 'passphrase-missing' });
    const open = await writePassphrase('open.secret', 'correct horse battery staple');
    await chmod(open, 0o644);
    expect(await withFile(open).fails(['whoami'])).to.include({ name: 'unsafe-permissions' });
    const input = 'correct horse battery staple';
    expect(await none.ok(['whoami', '--passphrase-fd', '0'], { input })).to.include({ name: 'carol' });
    expect(await carol.ok(['whoami'])).to.include({ name: 'carol' });
    // What comes out of a pipe comes once, and registering opens the store twice.
    const words = join(carol.home.directory, 'dora.words');
    const pipe = ['--passphrase-fd', '0', '--recovery-file', words, '-r', relay.uri, '--json'];
    const registered = jsonOf(await carol.home.run(['register', 'dora', ...pipe], { input }));
    expect(registered.result).to.include({ name: 'dora', recoveryConfirmed: true });
  });

  it('write from cron: no terminal, no session, a bare environment', async () => {
    const env = { XDG_RUNTIME_DIR: undefined, LANG: undefined, TZ: undefined };
    const result = await alice.home.run(['send', 'bob'], { input: 'backup done\n', env });
    expect(result).to.include({ status: 0, stdout: 'sent\n', stderr: '' });
    expect((await bob.receive('-t', '0')).map(({ text }) => text)).to.deep.equal(['backup done']);
  });

  it('answer every question in JSON', async () => {
    const commands = [
      ['whoami'],
      ['status'],
      ['account', 'list'],
      ['account', 'show', 'alice'],
      ['contacts'],
      ['requests'],
      ['chats'],
      ['outbox'],
      ['identities', 'bob'],
      ['address'],
    ];
    await Promise.all(
      commands.map(async (args) => {
        const result = await alice.home.run([...args, '--json']);
        expect(result, args.join(' ')).to.include({ status: 0 });
        expect(result.stdout.trim().split('\n'), args.join(' ')).to.have.length(1);
        expect(jsonOf(result).ok, args.join(' ')).to.equal(true);
      }),
    );
    for (const args of [
      ['send', 'bob', '-m', ''],
      ['history', 'stranger'],
      ['daemon', 'status'],
      ['frobnicate'],
    ]) {
      const result = await alice.home.run([...args, '--json']);
      expect(jsonOf(result).error?.code, args.join(' ')).to.equal(result.status);
    }
  });

  it('sign out and in again, and have lost nothing', async () => {
    await alice.ok(['logout']);
    expect(await alice.fails(['send', 'bob', '-m', 'signed out'])).to.include({
      status: 9,
      name: 'signed-out',
    });
    await bob.send('alice', 'where are you?');
    await alice.ok(['login', 'alice']);
    expect((await alice.receive('-t', '0')).at(-1)?.text).to.equal('where are you?');
    const nobody = await (await newHome(join(directory, 'd'))).run([
      'login',
      'alice',
      '--json',
      '-r',
      relay.uri,
    ]);
    expect(jsonOf(nobody).error).to.include({ code: 8, name: 'no-keys-here' });
  });

  it('are told when there is no account or the address is no relay', async () => {
    const home = join(directory, 'e');
    await mkdir(home);
    const empty = await newHome(home);
    expect(jsonOf(await empty.run(['whoami', '--json'])).error).to.include({ code: 8, name: 'no-account' });
    const dead = `ic://${relay.fingerprint}@127.0.0.1:${await reservePort()}`;
    const refused = await empty.run(['register', 'dora', '--key-file', '-r', dead, '--json']);
    expect(jsonOf(refused).error).to.include({ code: 3, name: 'relay-unreachable' });
    const otherKey = `ic://${'0'.repeat(64)}@127.0.0.1:${port}`;
    const wrong = await empty.run(['register', 'dora', '--key-file', '-r', otherKey, '--json']);
    expect(jsonOf(wrong).error).to.include({ code: 3, name: 'wrong-relay' });
    expect(jsonOf(await empty.run(['account', 'list', '--json'])).result).to.deep.equal([]);
  });
});
