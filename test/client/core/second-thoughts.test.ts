/** What happens when something else comes in between: changes of mind, records from elsewhere, things turned away. */

import { expect } from 'chai';
import { changeContact } from '../../../client/core/contacts.ts';
import { earlyTable, streamsTable } from '../../../client/core/tables/talk.ts';
import { Transaction } from '../../../client/core/transaction.ts';
import { contentHash, encodeContent } from '../../../client/wire/content.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { relayError } from '../../../relay/protocol/errors.ts';
import { CAPABILITY_END } from '../../../relay/protocol/operations.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { forge, honestContent, requestBody } from '../../support/forgery.ts';
import { OtherDevice } from '../../support/other-device.ts';
import { refusalOf } from '../../support/refusal.ts';

before(async () => {
  await ready();
});

const DAY_MS = 86_400_000;

function friends(seed: string): { world: World; alice: Actor; bob: Actor } {
  const world = new World(seed);
  const alice = world.join('alice');
  const bob = world.join('bob');
  acquaint(bob, alice);
  world.advance(120_000);
  return { world, alice, bob };
}

/** A text of bob with this counter. */
function arriveWith(
  alice: Actor,
  bob: Actor,
  counter: number,
  prevHash: Uint8Array = new Uint8Array(32).fill(7),
): Uint8Array {
  const encoded = encodeContent({ ...honestContent(bob, alice, `${counter}`), link: { counter, prevHash } });
  alice.world.relay.inject(
    alice.id,
    forge(bob, alice, () => encoded),
  );
  alice.world.settle();
  return contentHash(encoded);
}

describe('a content that waits for an earlier one', () => {
  it('is shown late when the stream went on without it, and wakes nobody for ever', async () => {
    const { world, alice, bob } = friends('overtaken');
    arriveWith(alice, bob, 3);
    alice.do({ type: 'block', who: 'bob' });
    alice.do({ type: 'unblock', who: 'bob' });
    arriveWith(alice, bob, 5);
    world.advance(11_000);
    expect(await alice.texts('bob')).to.deep.equal(['hello', '5', '3']);
    expect([...alice.view.list(earlyTable)]).to.deep.equal([]);
    expect(alice.wakeMs()).to.be.greaterThan(world.nowMs);
  });

  it('does not end the waiting of a younger one', async () => {
    const { world, alice, bob } = friends('younger');
    const third = arriveWith(alice, bob, 3);
    arriveWith(alice, bob, 4, third);
    world.advance(5_000);
    arriveWith(alice, bob, 7);
    world.advance(6_000);
    expect(await alice.texts('bob')).to.deep.equal(['hello', '3', '4']);
    world.advance(5_000);
    expect(await alice.texts('bob')).to.deep.equal(['hello', '3', '4', '7']);
  });

  it('is forgotten with the request that is rejected', async () => {
    const world = new World('rejected early');
    const alice = world.join('alice');
    const bob = world.join('bob');
    bob.send('alice', 'hello');
    const body = requestBody(bob, 'early');
    world.relay.inject(
      alice.id,
      forge(bob, alice, (honest) => ({
        ...honest,
        link: { counter: 3, prevHash: new Uint8Array(32).fill(7) },
        body,
      })),
    );
    world.settle();
    expect([...alice.view.list(earlyTable)]).to.have.length(1);
    alice.do({ type: 'requests.reject', who: 'bob' });
    world.advance(20_000);
    expect([...alice.view.list(earlyTable)]).to.deep.equal([]);
    expect(await alice.history('bob')).to.deep.equal([]);
  });
});

describe('blocking', () => {
  it('is undone at the relay, too, when it is taken back before the relay answered', async () => {
    const { world, alice, bob } = friends('quick');
    alice.begin({ type: 'block', who: 'bob' });
    alice.begin({ type: 'unblock', who: 'bob' });
    world.settle();
    expect([...world.relay.capabilities.values()].every(({ end }) => end === CAPABILITY_END.live)).to.equal(
      true,
    );
    bob.send('alice', 'still here');
    expect(await alice.texts('bob')).to.include('still here');
  });

  it('and removing of those who asked leave room for others who ask', async () => {
    const world = new World('room');
    const alice = world.join('alice');
    const bob = world.join('bob');
    bob.send('alice', 'hello');
    const tx = new Transaction(alice.view, { nowMs: world.nowMs, random: alice.random });
    changeContact(tx, bob.id, { removed: true });
    alice.view.commit(tx.finish());
    alice.do({ type: 'settings', acceptFrom: 'nobody' });
    bob.send('alice', 'again');
    expect(await alice.query({ type: 'requests' })).to.deep.equal([]);
    alice.do({ type: 'settings', acceptFrom: 'ask' });
    bob.send('alice', 'and again');
    expect((await alice.query({ type: 'requests' })).map(({ name }) => name)).to.deep.equal(['bob']);
  });
});

describe('a reset that is learnt while a message is under way', () => {
  it('holds the message and says why', async () => {
    const { world, alice, bob } = friends('under way');
    world.relay.intercept = (operation) => {
      if (operation === 'deliver') throw relayError('busy');
      return undefined;
    };
    const { id } = alice.send('bob', 'secret');
    new OtherDevice(bob, 'reset');
    // Bob's old device says that there is a newer record.
    world.relay.inject(
      alice.id,
      forge(bob, alice, (honest) => ({
        ...honest,
        recordSequence: 1,
        link: {
          counter: 2,
          prevHash: [...alice.view.list(streamsTable)].map(([, row]) => row.lastHash)[0] as Uint8Array,
        },
      })),
    );
    world.settle();
    world.relay.intercept = undefined;
    world.advance(60_000);
    const line = await alice.query({ type: 'message', id });
    expect([line.state, line.stateReason]).to.deep.equal(['held', 'identity-changed']);
    expect(
      world.relay.byName('bob').deliveries.some(({ devices }) => devices.some(({ device }) => device === 2)),
    ).to.equal(false);
    alice.do({ type: 'trust', who: 'bob' });
    expect((await alice.query({ type: 'message', id })).state).to.equal('sent');
  });

  it('of a verified contact is not passed by a distrust in between', () => {
    const { world, alice, bob } = friends('distrust');
    alice.do({ type: 'verify', who: 'bob', confirmed: true });
    new OtherDevice(bob, 'reset');
    alice.send('bob', 'secret');
    world.settle();
    alice.do({ type: 'distrust', who: 'bob' });
    expect(refusalOf(() => alice.do({ type: 'trust', who: 'bob' }))).to.equal('identity-changed');
  });
});

describe('a relay that takes no capability where none was given', () => {
  it('does not keep the client going in circles', async () => {
    const world = new World('circles');
    world.join('alice');
    const bob = world.join('bob');
    let asked = 0;
    world.relay.intercept = (operation) => {
      if (operation !== 'deliver') return undefined;
      asked++;
      throw relayError('capability-unknown');
    };
    bob.send('alice', 'hello');
    world.advance(DAY_MS);
    expect(asked).to.be.lessThan(3);
  });
});

describe('an envelope that nobody could ever read', () => {
  it('is a line when its 30 days are over', async () => {
    const { world, alice, bob } = friends('parked');
    world.relay.intercept = (operation) => {
      if (operation === 'fetchRecords') throw relayError('busy');
      return undefined;
    };
    const honest = forge(bob, alice, (content) => content);
    const bytes = honest.bytes.slice();
    // The device of the header is that of nobody: type, account, device.
    bytes[17] = 9;
    world.relay.inject(alice.id, { ...honest, bytes });
    world.settle();
    expect((await alice.history('bob')).filter(({ kind }) => kind === 'unreadable')).to.deep.equal([]);
    world.advance(31 * DAY_MS);
    const unreadable = (await alice.history('bob')).filter(({ kind }) => kind === 'unreadable');
    expect(unreadable.map(({ reason }) => reason)).to.deep.equal(['unlisted-device']);
  });
});

describe('a page of history', () => {
  it('can begin before any line that is shown, a gap among them', async () => {
    const { world, alice, bob } = friends('pages');
    arriveWith(alice, bob, 3);
    world.advance(11_000);
    const gap = (await alice.history('bob')).find(({ kind }) => kind === 'gap');
    const page = await alice.query({ type: 'history', who: 'bob', before: gap?.id ?? '' });
    expect(page.map(({ text }) => text)).to.deep.equal(['hello']);
  });
});

describe('a local name', () => {
  it('is neither the own name nor an account id', () => {
    const { alice } = friends('names');
    const rename = (name: string) => refusalOf(() => alice.do({ type: 'contacts.rename', who: 'bob', name }));
    expect(rename('Alice')).to.equal('name-in-use');
    expect(rename('01234567-89ab-8def-8123-456789abcdef')).to.equal('bad-name');
    expect(rename('Robert')).to.equal('none');
  });
});
