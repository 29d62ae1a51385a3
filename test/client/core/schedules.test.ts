/** Three people, a random schedule of messages, broken links, lost answers, crashes and time, from one seed. */

import { expect } from 'chai';
import type { MessageView } from '../../../client/core/queries.ts';
import { RelayError } from '../../../crypto/errors.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

before(async () => {
  await ready();
});

const NAMES = ['alice', 'bob', 'carol'] as const;
const ACTIONS = 60;
/** More of them: `INTECHAT_TEST_SCHEDULES=100`. */
const SEEDS = Number(process.env['INTECHAT_TEST_SCHEDULES'] ?? 6);

/** Numbers below a bound, the same ones in every run of a label. */
function dice(label: string): (below: number) => number {
  let rolled = 0;
  return (below) =>
    (seededBytes(`${label}/${rolled++}`, 2).reduce((sum, byte) => sum * 256 + byte, 0) * below) >> 16;
}

function act(
  world: World,
  actors: readonly Actor[],
  roll: (below: number) => number,
  sent: Map<string, string[]>,
  n: number,
): void {
  const actor = actors[roll(actors.length)] as Actor;
  switch (roll(9)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const other = actors[roll(actors.length)] as Actor;
      if (other === actor) return;
      const text = `${actor.name} ${n}`;
      actor.begin({ type: 'send', to: other.name, text });
      const key = `${actor.name}>${other.name}`;
      sent.set(key, [...(sent.get(key) ?? []), text]);
      return;
    }
    case 4:
      if (actor.online) actor.goOffline();
      return;
    case 5:
      if (!actor.online) actor.goOnline();
      return;
    case 6:
      actor.loseAnswers();
      return;
    case 7:
      actor.restart();
      actor.goOnline();
      return;
    default:
      for (let i = roll(12); i > 0; i--) actor.work();
      if (roll(3) === 0) world.advance(1_000 * roll(60));
  }
}

/** Nothing, where the two never met. */
async function linesWith(actor: Actor, who: string): Promise<readonly MessageView[]> {
  return (await rejectionOf(actor.history(who))) === 'not-found' ? [] : actor.history(who);
}

async function checkEverythingArrived(
  actors: readonly Actor[],
  sent: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  for (const actor of actors) {
    expect(await actor.query({ type: 'outbox' }), `outbox of ${actor.name}`).to.deep.equal([]);
    for (const other of actors) {
      if (other === actor) continue;
      const lines = await linesWith(actor, other.name);
      expect(
        lines.filter(({ kind }) => kind !== 'text'),
        `${actor.name} about ${other.name}`,
      ).to.deep.equal([]);
      const received = lines.filter(({ direction }) => direction === 'in').map(({ text }) => text);
      expect(received.filter((text) => !text.startsWith('hello'))).to.deep.equal(
        sent.get(`${other.name}>${actor.name}`) ?? [],
      );
      const states = lines.filter(({ direction }) => direction === 'out').map(({ state }) => state);
      expect(
        states.filter((state) => state !== 'delivered'),
        `${actor.name} to ${other.name}`,
      ).to.deep.equal([]);
    }
  }
}

describe('a random schedule', () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    it(`loses nothing, shows nothing twice and keeps the order of every sender (seed ${seed})`, async () => {
      const world = new World(`schedule ${seed}`);
      const actors = NAMES.map((name) => world.join(name));
      const [alice, bob, carol] = actors as [Actor, Actor, Actor];
      acquaint(bob, alice);
      acquaint(carol, alice);
      acquaint(bob, carol);
      const roll = dice(`schedule ${seed}`);
      const sent = new Map<string, string[]>();
      for (let n = 0; n < ACTIONS; n++) act(world, actors, roll, sent, n);
      for (const actor of actors) if (!actor.online) actor.goOnline();
      world.advance(3_600_000);
      await checkEverythingArrived(actors, sent);
    });
  }
});

describe('a random schedule of strangers', () => {
  /** Accepts whoever asks, as a user would at some time. */
  async function acceptAll(actor: Actor): Promise<void> {
    for (const { name } of await actor.query({ type: 'requests' }))
      actor.begin({ type: 'requests.accept', who: name });
  }

  /** Texts count as sent once the command has its result; a look-up that died with the process sent nothing. */
  function trySend(
    actor: Actor,
    other: Actor,
    text: string,
    begun: { actor: Actor; id: string; key: string; text: string }[],
  ): void {
    try {
      const id = actor.begin({ type: 'send', to: other.name, text });
      begun.push({ actor, id, key: `${actor.name}>${other.name}`, text });
    } catch (error) {
      if (!(error instanceof RelayError) || error.code !== 'request-limit') throw error;
    }
  }

  for (let seed = 0; seed < SEEDS; seed++) {
    it(`makes contacts of all who accept each other, whatever crosses or breaks (seed ${seed})`, async () => {
      const world = new World(`strangers ${seed}`);
      const actors = NAMES.map((name) => world.join(name));
      const roll = dice(`strangers ${seed}`);
      const begun: { actor: Actor; id: string; key: string; text: string }[] = [];
      for (let n = 0; n < ACTIONS; n++) {
        const actor = actors[roll(3)] as Actor;
        const other = actors[roll(3)] as Actor;
        if (roll(3) === 0 && actor !== other) trySend(actor, other, `${actor.name} ${n}`, begun);
        else if (roll(8) === 0) await acceptAll(actor);
        else act(world, [actor], roll, new Map(), n);
      }
      for (const actor of actors) if (!actor.online) actor.goOnline();
      for (let round = 0; round < 3; round++) {
        world.advance(600_000);
        for (const actor of actors) await acceptAll(actor);
      }
      world.advance(3_600_000);
      const sent = new Map<string, string[]>();
      for (const { actor, id, key, text } of begun) {
        if (actor.hasResult(id) && refusalOf(() => actor.resultOf(id)) === 'none') {
          sent.set(key, [...(sent.get(key) ?? []), text]);
        }
      }
      await checkEverythingArrived(actors, sent);
    });
  }
});
