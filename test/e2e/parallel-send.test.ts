import { join } from 'node:path';
import { expect } from 'chai';
import { type Actor, befriendActors, registerActor } from '../support/actors.ts';
import { type ClientResult, clientHomes, jsonOf } from '../support/client-process.ts';
import { type RelayProcess, relayProcesses } from '../support/relay-process.ts';
import { temporaryDirectories } from '../support/temporary-directory.ts';

const PROCESSES = 50;
const CHAINS = 6;
const LINKS = 4;
/** What a user must never read. */
const LOCK_TALK = /lock|store-in-use|another program|LEVEL_|EAGAIN|ECONN|ENOENT/i;

describe('many programs on one store', function () {
  this.timeout(60_000);
  const temporaryDirectory = temporaryDirectories();
  const newHome = clientHomes();
  const startRelay = relayProcesses();
  let relay: RelayProcess;
  let alice: Actor;
  let bob: Actor;

  before(async () => {
    const directory = await temporaryDirectory();
    relay = await startRelay(join(directory, 'relay'));
    [alice, bob] = await Promise.all([
      registerActor(await newHome(join(directory, 'a')), 'alice', relay.uri),
      registerActor(await newHome(join(directory, 'b')), 'bob', relay.uri),
    ]);
    await befriendActors(alice, bob);
    await bob.receive('-t', '0');
  });

  const send = (text: string): Promise<ClientResult> =>
    // A busy machine starts fifty programs slowly.
    alice.home.run(['send', 'bob', '-m', text, '--json', '--timeout', '40']);

  function expectSent(results: readonly ClientResult[]): void {
    for (const result of results) {
      expect(result.stderr).to.not.match(LOCK_TALK);
      expect(result.status, result.stdout + result.stderr).to.equal(0);
      expect((jsonOf(result).result as { readonly state: string }).state).to.be.oneOf(['sent', 'delivered']);
    }
  }

  it(`lets ${PROCESSES} sends at once go out, each text exactly once`, async () => {
    const texts = Array.from({ length: PROCESSES }, (_, index) => `at once ${index}`);
    expectSent(await Promise.all(texts.map(send)));
    const received = await bob.receive('-t', '0');
    expect(received.map(({ text }) => text)).to.have.members(texts);
    const own = (await alice.history('bob')).filter(({ text }) => text.startsWith('at once'));
    // Both sides show one order.
    expect(own.map(({ text }) => text)).to.deep.equal(received.map(({ text }) => text));
    expect(await alice.ok(['outbox'])).to.deep.equal([]);
  });

  it(`keeps the order of each of ${CHAINS} scripts that send through a daemon`, async () => {
    const daemon = await alice.daemon();
    const script = async (chain: number): Promise<readonly ClientResult[]> => {
      const results: ClientResult[] = [];
      for (let link = 0; link < LINKS; link++) results.push(await send(`script ${chain} line ${link}`));
      return results;
    };
    const results = await Promise.all(Array.from({ length: CHAINS }, (_, chain) => script(chain)));
    expectSent(results.flat());
    const received = (await bob.receive('-t', '0')).map(({ text }) => text);
    expect(received).to.have.length(CHAINS * LINKS);
    for (let chain = 0; chain < CHAINS; chain++) {
      expect(received.filter((text) => text.startsWith(`script ${chain} `))).to.deep.equal(
        Array.from({ length: LINKS }, (_, link) => `script ${chain} line ${link}`),
      );
    }
    expect(await alice.ok(['daemon', 'status'])).to.include({ running: true, pid: daemon.child.pid });
    await alice.ok(['daemon', 'stop']);
    expect(await daemon.ended).to.include({ status: 0 });
  });

  it('goes on when the program that holds the store is killed under the others', async () => {
    const daemon = await alice.daemon();
    const texts = Array.from({ length: 2 * LINKS }, (_, index) => `orphan ${index}`);
    const results = texts.map(send);
    await Promise.race(results);
    await daemon.kill('SIGKILL');
    expectSent(await Promise.all(results));
    const received = (await bob.receive('-t', '0')).map(({ text }) => text);
    expect(received).to.have.members(texts);
    expect(await alice.ok(['outbox'])).to.deep.equal([]);
  });

  it('says who has the store when a second daemon is started', async () => {
    const daemon = await alice.daemon();
    const second = await alice.fails(['daemon']);
    expect(second).to.include({ status: 9, name: 'store-in-use' });
    expect(second.message).to.contain(String(daemon.child.pid));
    expect(await daemon.kill('SIGTERM')).to.include({ status: 143 });
  });
});
