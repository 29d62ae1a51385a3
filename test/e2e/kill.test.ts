import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { type Actor, befriendActors, registerActor } from '../support/actors.ts';
import { clientHomes } from '../support/client-process.ts';
import { reservePort } from '../support/ports.ts';
import { type RelayProcess, relayProcesses } from '../support/relay-process.ts';
import { expectSameStory, GENEROUS } from '../support/same-story.ts';
import { seededNumber, testSeed } from '../support/seeded-moments.ts';
import { startTalking, type Talker } from '../support/talker.ts';
import { temporaryDirectories } from '../support/temporary-directory.ts';

/** More of them are for a machine that has the time. */
const ROUNDS = Number(process.env['INTECHAT_KILL_ROUNDS'] ?? 5);
const ROUND_MAX_MS = 12_000;
const WAIT_MS = 20_000;
const seed = testSeed();

/** When to kill: after so many more acknowledged texts, and a little later. */
function momentOf(label: string): { readonly texts: number; readonly laterMs: number } {
  return {
    texts: seededNumber(seed, `${label} texts`, 1, 8),
    laterMs: seededNumber(seed, `${label} later`, 0, 60),
  };
}

function printed(label: string): string {
  const moments = Array.from({ length: ROUNDS }, (_, round) => momentOf(`${label} ${round}`));
  return moments.map(({ texts, laterMs }) => `${texts}+${laterMs}ms`).join(' ');
}

describe(`kill -9 (INTECHAT_TEST_SEED=${seed})`, function () {
  this.timeout(ROUNDS * ROUND_MAX_MS);
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

  const startBoth = async (story: string): Promise<[Talker, Talker]> => {
    const both = await Promise.all([startTalking(alice, 'bob', story), startTalking(bob, 'alice', story)]);
    talkers = both;
    return both;
  };
  afterEach(() => Promise.all(talkers.map((talker) => talker.close())));

  async function wait(talker: Talker, label: string): Promise<void> {
    const { texts, laterMs } = momentOf(label);
    await talker.more(texts);
    await pause(laterMs);
  }

  it(`of the relay loses nothing that it took, ${ROUNDS} times (${printed('relay')})`, async () => {
    const both = await startBoth('relay killed');
    for (let round = 0; round < ROUNDS; round++) {
      await wait(both[round % 2] ?? both[0], `relay ${round}`);
      expect(await relay.signal('SIGKILL')).to.equal('SIGKILL');
      await start();
      await Promise.all(both.map((talker) => talker.nudge()));
    }
    await Promise.all(both.map((talker) => talker.more(1)));
    await expectSameStory(both, WAIT_MS);
  });

  for (const victim of [0, 1] as const) {
    const name = ['alice', 'bob'][victim] ?? '';
    it(`of ${name} loses nothing and repeats nothing, ${ROUNDS} times (${printed(name)})`, async () => {
      const both = await startBoth(`${name} killed`);
      for (let round = 0; round < ROUNDS; round++) {
        // Alternately while it sends and while it receives.
        await wait(both[(victim + round) % 2] ?? both[0], `${name} ${round}`);
        await both[victim].restart('SIGKILL');
      }
      await Promise.all(both.map((talker) => talker.more(1)));
      await expectSameStory(both, WAIT_MS);
    });
  }

  it('of a send at any moment is repaired by the same send with the same id', async () => {
    const texts: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const text = `once ${seed} ${round}`;
      const args = ['send', 'bob', '-m', text, '--id', randomUUID()];
      const victim = await alice.home.start(args);
      // From the start of the program to after its end.
      await pause(seededNumber(seed, `send ${round}`, 100, 500));
      await victim.kill('SIGKILL');
      await alice.ok(args);
      texts.push(text);
    }
    const received = (await bob.receive('-t', '0')).map(({ text }) => text);
    expect(received.filter((text) => text.startsWith('once '))).to.deep.equal(texts);
    const own = (await alice.texts('bob')).filter((text) => text.startsWith('alice: once '));
    expect(own).to.deep.equal(texts.map((text) => `alice: ${text}`));
  });
});
