import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Actor, befriendActors, registerActor } from '../../support/actors.ts';
import { clientHomes } from '../../support/client-process.ts';
import { reservePort } from '../../support/ports.ts';
import { type RelayProcess, relayProcesses } from '../../support/relay-process.ts';
import { temporaryDirectories } from '../../support/temporary-directory.ts';

describe('send', function () {
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
    const home = async (name: string) => newHome(join(directory, name));
    [alice, bob, carol] = await Promise.all([
      registerActor(await home('a'), 'alice', relay.uri),
      registerActor(await home('b'), 'bob', relay.uri),
      registerActor(await home('c'), 'carol', relay.uri),
    ]);
    await befriendActors(alice, bob);
    await befriendActors(alice, carol);
  });

  const texts = async (): Promise<readonly string[]> =>
    (await bob.receive('-t', '0')).map(({ text }) => text);
  const plain = (...args: string[]) => alice.home.run(['send', ...args]);

  it('takes any word after -m for the text, and stdin where there is none', async () => {
    await bob.receive('-t', '0');
    const sent = ['-5 degrees', '--help', '--', 'ends with a line end', 'über\nzwei Zeilen'];
    for (const text of sent.slice(0, 3)) await alice.send('bob', text);
    await alice.ok(['send', 'bob'], { input: `${sent[3]}\n` });
    const dashed = await alice.home.run(['send', '-m', '-', '--', 'bob'], { input: `${sent[4]}` });
    expect(dashed.status).to.equal(0);
    expect(await texts()).to.deep.equal(sent);
  });

  it('says what became of the message, on one line', async () => {
    const { status, stdout, stderr } = await plain('bob', '-m', 'to look at');
    expect([status, stdout, stderr]).to.deep.equal([0, 'sent\n', '']);
    const both = await plain('bob', 'carol', '-m', 'to both');
    expect([both.status, both.stdout]).to.deep.equal([0, 'bob: sent\ncarol: sent\n']);
  });

  for (const [what, args, input, name] of [
    ['an empty text', ['-m', ''], undefined, 'empty-message'],
    ['empty stdin', [], '', 'empty-message'],
    ['a text that is only a line end', ['-m', '\n'], undefined, 'empty-message'],
    ['65,537 bytes', [], 'x'.repeat(65_537), 'text-too-long'],
    ['an id that is none', ['-m', 'x', '--id', 'seven'], undefined, 'bad-id'],
  ] as const) {
    it(`refuses ${what} with exit 64`, async () => {
      const error = await alice.fails(['send', 'bob', ...args], input === undefined ? {} : { input });
      expect(error).to.include({ status: 64, name });
    });
  }

  it('carries a text of exactly 65,536 bytes', async () => {
    await bob.receive('-t', '0');
    const text = 'ü'.repeat(32_768);
    await alice.ok(['send', 'bob'], { input: text });
    expect(await texts()).to.deep.equal([text]);
  });

  it('is the same message under the same id, and refuses another text under it', async () => {
    await bob.receive('-t', '0');
    const id = randomUUID();
    const first = await alice.send('bob', 'once', '--id', id);
    const second = await alice.send('bob', 'once', '--id', id.toUpperCase());
    expect(first.id).to.equal(second.id);
    expect(first.id).to.equal(id.replaceAll('-', ''));
    const other = await alice.fails(['send', 'bob', '-m', 'twice', '--id', id]);
    expect(other).to.include({ status: 1, name: 'id-in-use' });
    expect(await texts()).to.deep.equal(['once']);
  });

  it('waits for the receipt when asked, and exits 75 when none comes', async () => {
    const daemon = await bob.daemon();
    const arrived = await alice.send('bob', 'are you there?', '--wait', 'delivered');
    expect(arrived.state).to.equal('delivered');
    await daemon.kill('SIGTERM');
    const error = await alice.fails(['send', 'bob', '-m', 'now?', '--wait', 'delivered', '--timeout', '1']);
    expect(error).to.include({ status: 75, name: 'not-delivered' });
    expect(error.data).to.deep.include({ state: 'sent' });
  });

  it('says who has not accepted yet, and hints at the safety number once', async () => {
    await registerActor(await newHome(join(directory, 'd')), 'dora', relay.uri);
    const first = await plain('dora', '-m', 'hello dora');
    expect([first.status, first.stdout]).to.deep.equal([0, 'sent; waiting for dora to accept\n']);
    expect(first.stderr).to.include(
      'first contact with dora; compare safety numbers any time with: intechat verify dora',
    );
    const second = await plain('dora', '-m', 'are you there?');
    expect(second.stdout).to.equal('sent; waiting for dora to accept\n');
    expect(second.stderr).to.equal('');
  });

  it('to several of whom one is unknown exits 7 and names both outcomes', async () => {
    const error = await alice.fails(['send', 'bob', 'nobody-at-all', '-m', 'half']);
    expect(error).to.include({ status: 7, name: 'partly-sent' });
    const { results } = error.data as { readonly results: readonly Record<string, unknown>[] };
    expect(results.map(({ to, ok, state }) => [to, ok, state])).to.deep.equal([
      ['bob', true, 'sent'],
      ['nobody-at-all', false, undefined],
    ]);
    expect((await alice.fails(['send', 'nobody-one', 'nobody-two', '-m', 'x'])).status).to.equal(8);
    expect((await alice.fails(['send', 'bob', 'carol', '-m', 'x', '--id', randomUUID()])).status).to.equal(
      64,
    );
  });

  it('refuses oneself and the blocked', async () => {
    expect(await alice.fails(['send', 'alice', '-m', 'x'])).to.include({ status: 64, name: 'own-name' });
    await alice.ok(['block', 'carol']);
    expect(await alice.fails(['send', 'carol', '-m', 'x'])).to.include({ status: 1, name: 'blocked' });
    await alice.ok(['unblock', 'carol']);
  });

  it('works from cron: no terminal, no stdin, no question, nothing in the environment', async () => {
    const { status, stdout, stderr } = await alice.home.run(['send', 'bob', '-m', 'from cron'], {
      env: { XDG_RUNTIME_DIR: '', LANG: '', TERM: '' },
    });
    expect([status, stdout, stderr]).to.deep.equal([0, 'sent\n', '']);
  });

  it('says that an account is signed out before it queues anything', async () => {
    await carol.ok(['logout']);
    expect(await carol.fails(['send', 'alice', '-m', 'x'])).to.include({ status: 9, name: 'signed-out' });
    expect(await carol.ok(['outbox'])).to.deep.equal([]);
    await carol.ok(['login', 'carol']);
    expect((await carol.send('alice', 'back again')).state).to.equal('sent');
  });

  describe('while the relay is away', () => {
    before(async () => {
      await bob.receive('-t', '0');
      await relay.signal('SIGTERM');
    });

    after(async () => {
      relay = await startRelay(join(directory, 'relay'), [], { port });
      await alice.receive('-t', '0');
      expect(await texts()).to.deep.equal(['kept for later', 'queued only']);
      expect(await alice.ok(['outbox'])).to.deep.equal([]);
    });

    it('keeps the message, exits 75 and says not to send it again', async () => {
      const error = await alice.fails(['send', 'bob', '-m', 'kept for later', '--timeout', '1']);
      expect(error).to.include({ status: 75, name: 'queued' });
      const { id, state } = error.data as { readonly id: string; readonly state: string };
      expect(state).to.equal('waiting');
      expect(error.stderr).to.equal(
        `intechat: error: queued as ${id}: relay not reachable; it goes out with the next command or the daemon; do not send it again\n`,
      );
    });

    it('with --no-queue takes it back and exits 3', async () => {
      const error = await alice.fails(['send', 'bob', '-m', 'taken back', '--no-queue', '--timeout', '0.5']);
      expect(error).to.include({ status: 3, name: 'not-sent' });
      expect(error.message).to.include('nothing is queued');
    });

    it('with --wait queued exits 0 at once', async () => {
      const { state } = await alice.send('bob', 'queued only', '--wait', 'queued');
      expect(state).to.equal('waiting');
    });

    it('lists what waits and can take it back', async () => {
      const { id } = await alice.send('bob', 'not this one', '--wait', 'queued');
      await alice.ok(['outbox', 'cancel', id]);
      const waiting = (await alice.ok(['outbox'])) as readonly { readonly text: string }[];
      expect(waiting.map(({ text }) => text)).to.deep.equal(['kept for later', 'queued only']);
      expect((await alice.fails(['outbox', 'cancel', randomUUID()])).name).to.equal('not-found');
    });

    it('cannot take back what is at the relay', async () => {
      const sent = (await alice.ok(['search', 'to look at'])) as readonly { readonly id: string }[];
      const error = await alice.fails(['outbox', 'cancel', sent[0]?.id ?? '']);
      expect(error).to.include({ status: 1, name: 'already-sent' });
    });

    it('has nothing to queue for somebody it never heard of: exit 3', async () => {
      const error = await alice.fails(['send', 'somebody-new', '-m', 'x', '--timeout', '1']);
      expect(error).to.include({ status: 3, name: 'relay-unreachable' });
    });

    it('when interrupted says under which id the message waits', async () => {
      const sending = await alice.home.start(['send', 'bob', '-m', 'interrupted', '--timeout', '60']);
      while (((await alice.ok(['outbox'])) as readonly unknown[]).length < 3) {
        // The command holds the store; asking it is how one sees that it has begun to wait.
      }
      const { status, stderr } = await sending.kill('SIGINT');
      expect(status).to.equal(130);
      const id = /queued as ([0-9a-f]{32})/.exec(stderr)?.[1] ?? '';
      await alice.ok(['outbox', 'cancel', id]);
    });
  });
});
