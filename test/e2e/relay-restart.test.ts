import { join } from 'node:path';
import { expect } from 'chai';
import type { OutboxView } from '../../client/core/queries.ts';
import { type Actor, befriendActors, registerActor } from '../support/actors.ts';
import { clientHomes, jsonOf } from '../support/client-process.ts';
import { reservePort } from '../support/ports.ts';
import { type RelayProcess, relayProcesses } from '../support/relay-process.ts';
import { expectSameStory, GENEROUS } from '../support/same-story.ts';
import { startTalking, type Talker } from '../support/talker.ts';
import { temporaryDirectories } from '../support/temporary-directory.ts';

const WAIT_MS = 20_000;

describe('a relay that is restarted', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();
  const startRelay = relayProcesses();
  let directory: string;
  let port: number;
  let relay: RelayProcess;
  let alice: Actor;
  let bob: Actor;
  let talkers: readonly Talker[] = [];

  const start = async (): Promise<void> => {
    relay = await startRelay(join(directory, 'relay'), GENEROUS, { port });
  };

  before(async () => {
    directory = await temporaryDirectory();
    port = await reservePort();
    await start();
    [alice, bob] = await Promise.all([
      registerActor(await newHome(join(directory, 'a')), 'alice', relay.uri),
      registerActor(await newHome(join(directory, 'b')), 'bob', relay.uri),
    ]);
    await befriendActors(alice, bob);
  });

  afterEach(() => Promise.all(talkers.map((talker) => talker.close())));

  it('keeps what it took and gets what waited, in both directions, each text once and in order', async () => {
    talkers = await Promise.all([
      startTalking(alice, 'bob', 'restart'),
      startTalking(bob, 'alice', 'restart'),
    ]);
    for (let round = 0; round < 2; round++) {
      await Promise.all(talkers.map((talker) => talker.more(20)));
      expect(await relay.signal('SIGTERM')).to.equal(0);
      // Both go on talking to nobody for a while.
      await Promise.all(talkers.map((talker) => talker.moreSaid(12)));
      await start();
    }
    await Promise.all(talkers.map((talker) => talker.more(20)));
    await expectSameStory(talkers, WAIT_MS);
  });

  it('finds the texts of a client that wrote while it was away: exit 75, then out with the next command', async () => {
    expect(await relay.signal('SIGTERM')).to.equal(0);
    await bob.receive('-t', '0').catch(() => undefined);
    const texts = ['away one', 'away two', 'away three'];
    const ids: string[] = [];
    for (const text of texts) {
      const error = await alice.fails(['send', 'bob', '-m', text, '--timeout', '0.3']);
      const { id, state } = error.data as { readonly id: string; readonly state: string };
      expect(error).to.include({ status: 75, name: 'queued' });
      expect(state).to.equal('waiting');
      const words = `queued as ${id}: relay not reachable; it goes out with the next command or the daemon; do not send it again`;
      expect(error.message).to.equal(words);
      expect(error.stderr).to.contain(words);
      ids.push(id);
    }
    // A repeat under its id is the same message; one that must not wait is taken back.
    const [first = ''] = ids;
    const again = await alice.fails(['send', 'bob', '-m', 'away one', '--id', first, '--timeout', '0.2']);
    expect(again).to.include({ status: 75 });
    const notKept = await alice.fails(['send', 'bob', '-m', 'not kept', '--no-queue', '--timeout', '0.2']);
    expect(notKept).to.include({ status: 3, name: 'not-sent' });
    const queued = (await alice.ok(['outbox', 'list'])) as readonly OutboxView[];
    expect(queued.map(({ id, text }) => ({ id, text }))).to.deep.equal(
      texts.map((text, at) => ({ id: ids[at], text })),
    );
    const plain = await alice.home.run(['send', 'bob', '-m', 'away four', '--timeout', '0.2']);
    expect(plain).to.include({ status: 75, stdout: '' });
    await start();
    await alice.receive('-t', '0');
    expect((await bob.receive('-t', '0')).map(({ text }) => text).slice(-4)).to.deep.equal([
      ...texts,
      'away four',
    ]);
    expect(await alice.ok(['outbox'])).to.deep.equal([]);
  });

  it('gets a text that was taken back never', async () => {
    expect(await relay.signal('SIGTERM')).to.equal(0);
    const error = await alice.fails(['send', 'bob', '-m', 'never mind', '--timeout', '0.2']);
    const { id } = error.data as { readonly id: string };
    await alice.ok(['outbox', 'cancel', id]);
    await start();
    const result = await alice.home.run(['send', 'bob', '-m', 'instead of it', '--json']);
    expect(jsonOf(result).ok).to.equal(true);
    expect((await bob.receive('-t', '0')).map(({ text }) => text)).to.deep.equal(['instead of it']);
  });
});
