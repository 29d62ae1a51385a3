/** One shape: a step is a function of rows, input, clock and seed; a crash anywhere is a replay. */

import { expect } from 'chai';
import { step } from '../../../client/core/account.ts';
import type { Command } from '../../../client/core/commands.ts';
import { allLogs, allTables } from '../../../client/core/tables/index.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

before(async () => {
  await ready();
});

function story(seed: string): { world: World; alice: Actor; bob: Actor } {
  const world = new World(seed);
  const alice = world.join('alice');
  const bob = world.join('bob');
  acquaint(bob, alice);
  alice.send('bob', 'one');
  bob.send('alice', 'two', { promptReceipt: true });
  world.advance(120_000);
  alice.do({ type: 'block', who: 'bob' });
  alice.do({ type: 'unblock', who: 'bob' });
  bob.send('alice', 'three');
  return { world, alice, bob };
}

describe('the account machine', () => {
  it('does the same from the same seed, byte for byte', () => {
    const first = story('same');
    const second = story('same');
    expect(second.alice.view.dump()).to.deep.equal(first.alice.view.dump());
    expect(second.bob.view.dump()).to.deep.equal(first.bob.view.dump());
    expect(story('other').alice.view.dump()).not.to.deep.equal(first.alice.view.dump());
  });

  it('never changes a row in place', () => {
    const { alice, bob } = story('in place');
    const logs = new Set(allLogs.map(({ name }) => name));
    for (const { view } of [alice, bob]) {
      const stored = view.dump().filter((line) => !logs.has(line.slice(0, line.indexOf(' '))));
      expect(view.dumpLive()).to.deep.equal(stored);
    }
  });

  it('leaves no trace of a command that is refused', () => {
    const { alice, world } = story('refused');
    const before = [alice.view.dump(), alice.view.dumpLive()];
    const commands: Command[] = [
      { type: 'send', to: 'bob', text: '' },
      { type: 'send', to: 'bob', text: 'x', id: 'nonsense' },
      { type: 'requests.accept', who: 'bob' },
      { type: 'contacts.rename', who: 'bob', name: '' },
      { type: 'verify', who: 'bob', number: '123' },
      { type: 'trust', who: 'bob', key: 'ab'.repeat(32) },
      { type: 'outbox.retry', id: '0'.repeat(32) },
      { type: 'block', who: 'nobody' },
      { type: 'cursor.advance', cursor: '', position: 1 },
    ];
    for (const command of commands) {
      expect(
        refusalOf(() => alice.do(command)),
        command.type,
      ).not.to.equal('none');
      expect([alice.view.dump(), alice.view.dumpLive()], command.type).to.deep.equal(before);
    }
    world.settle();
  });

  it('changes nothing when a step is thrown away before its commit', () => {
    const { alice } = story('thrown away');
    const before = [alice.view.dump(), alice.view.dumpLive()];
    const env = { nowMs: alice.world.nowMs, random: new SeededRandom('elsewhere') };
    const command = { type: 'send', to: 'bob', text: 'never committed' } as const;
    step(alice.view, { kind: 'command', id: 'x', command }, env);
    step(alice.view, { kind: 'tick' }, { ...env, nowMs: env.nowMs + 10 * 86_400_000 });
    expect([alice.view.dump(), alice.view.dumpLive()]).to.deep.equal(before);
    alice.send('bob', 'committed');
    expect(alice.view.dump()).not.to.deep.equal(before[0]);
  });

  it('has distinct tables with distinct numbers', () => {
    const all = [...allTables, ...allLogs];
    expect(new Set(all.map(({ name }) => name)).size).to.equal(all.length);
    expect(new Set(all.map(({ number }) => number)).size).to.equal(all.length);
    for (const { volatile, resident } of allTables) if (volatile) expect(resident).to.equal(true);
  });

  it('reads every row back as it was written', () => {
    const { alice, bob } = story('round trip');
    for (const { view } of [alice, bob]) {
      const again = view.reopened();
      expect(again.dump()).to.deep.equal(view.dump());
      expect(again.dumpLive()).to.deep.equal(view.dumpLive());
    }
  });
});

/** Every n-th moment of the story; `INTECHAT_TEST_CRASH_STEP=1` crashes at each of them. */
const CRASH_STEP = Number(process.env['INTECHAT_TEST_CRASH_STEP'] ?? 2);

describe('a crash', () => {
  /** Counts down to a restart of the chosen account, at any of its inputs. */
  async function storyWithCrash(
    crashing: 'alice' | 'bob',
    at: number,
    answers: 'lost' | 'unsent',
  ): Promise<void> {
    const world = new World('crash');
    const alice = world.join('alice');
    const bob = world.join('bob');
    const actor = crashing === 'alice' ? alice : bob;
    let left = at;
    const maybeCrash = (): void => {
      if (left-- !== 0) return;
      if (answers === 'lost') actor.loseAnswers();
      actor.restart();
      actor.goOnline();
    };
    const run = (who: Actor, command: Command): void => {
      who.begin(command);
      for (let i = 0; i < 200; i++) {
        maybeCrash();
        const moved = [alice.work(), bob.work()];
        if (!moved.includes(true)) return;
      }
      throw new Error('no rest');
    };
    const id = (n: number): string => `${n}`.padStart(32, '0');
    run(bob, { type: 'send', to: 'alice', text: 'hello', id: id(1) });
    // A command whose look-up was lost with the process is repeated by whoever gave it; the id makes it one.
    run(bob, { type: 'send', to: 'alice', text: 'hello', id: id(1) });
    run(alice, { type: 'requests.accept', who: 'bob' });
    run(alice, { type: 'send', to: 'bob', text: 'one', id: id(2), promptReceipt: true });
    run(bob, { type: 'send', to: 'alice', text: 'two', id: id(3), promptReceipt: true });
    run(alice, { type: 'send', to: 'bob', text: 'three', id: id(4) });
    world.advance(180_000);
    for (const [me, other] of [
      [alice, 'bob'],
      [bob, 'alice'],
    ] as const) {
      const lines = await me.history(other);
      expect(
        lines.map(({ kind, text }) => `${kind} ${text}`),
        `${crashing} at ${at}, ${answers}`,
      ).to.have.members(['text hello', 'text one', 'text two', 'text three']);
      const states = lines.filter(({ direction }) => direction === 'out').map(({ state }) => state);
      expect(
        states.every((state) => state === 'delivered'),
        `${crashing} at ${at}, ${answers}: ${states}`,
      ).to.equal(true);
      expect(await me.query({ type: 'outbox' })).to.deep.equal([]);
    }
  }

  for (const crashing of ['alice', 'bob'] as const) {
    for (const answers of ['lost', 'unsent'] as const) {
      it(`of ${crashing} at any moment, with what was asked ${answers}, loses nothing and shows nothing twice`, async () => {
        // The two stories of each account begin at different moments: together they miss none.
        const first = (crashing === 'alice') === (answers === 'lost') ? 0 : 1 % CRASH_STEP;
        for (let at = first; at < 24; at += CRASH_STEP) await storyWithCrash(crashing, at, answers);
      }).timeout(60_000);
    }
  }
});
