/** First contact: what a stranger may do, what the sender's client allows, and every way to become contacts. */

import { expect } from 'chai';
import { countersOf } from '../../../client/core/state.ts';
import { deviceKey } from '../../../client/core/tables/define.ts';
import { preKeysTable } from '../../../client/core/tables/own.ts';
import { contactsTable, heldTable, peersTable, sessionsTable } from '../../../client/core/tables/people.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { type Actor, World } from '../../support/account-world.ts';
import { forge, requestBody } from '../../support/forgery.ts';
import { refusalOf } from '../../support/refusal.ts';

const DAY_MS = 86_400_000;

before(async () => {
  await ready();
});

function three(seed: string): { world: World; alice: Actor; bob: Actor; carol: Actor } {
  const world = new World(seed);
  return { world, alice: world.join('alice'), bob: world.join('bob'), carol: world.join('carol') };
}

/** Everything of `from` at `at` that a request leaves behind when it is kept. */
function traces(at: Actor, from: Actor): readonly unknown[] {
  return [
    at.view.get(contactsTable, from.id),
    at.view.get(peersTable, from.id),
    at.view.get(heldTable, from.id),
    at.view.get(sessionsTable, deviceKey(from.id, 1)),
  ].filter((row) => row !== undefined);
}

describe('a request', () => {
  it('goes to the relay signed in and gets no receipt, whatever time passes', async () => {
    const { world, alice, bob } = three('request silence');
    const { id } = bob.send('alice', 'hello');
    world.advance(DAY_MS);
    expect(await bob.query({ type: 'message', id })).to.include({ state: 'sent' });
    expect(world.relay.byName('bob').deliveries).to.deep.equal([]);
    expect(world.relay.byName('alice').deliveries.map(({ capability }) => capability)).to.deep.equal([
      undefined,
    ]);
    expect(alice.events.filter(({ type }) => type === 'message')).to.deep.equal([]);
  });

  it('shows the number that both sides can compare', async () => {
    const { alice, bob } = three('request number');
    bob.send('alice', 'hello');
    const [request] = await alice.query({ type: 'requests' });
    const { number } = await bob.query({ type: 'fingerprint', who: 'alice' });
    expect(request?.numberStart).to.equal(number?.slice(0, 5));
    const mine = await alice.query({ type: 'fingerprint', who: 'bob' });
    expect(mine.number).to.equal(number);
  });

  it('is followed by four more at most, which the sender is told', async () => {
    const { alice, bob } = three('request count');
    for (let i = 1; i <= 5; i++) bob.send('alice', `message ${i}`);
    expect(refusalOf(() => bob.send('alice', 'message 6'))).to.equal('request-limit');
    const [request] = await alice.query({ type: 'requests' });
    expect(request).to.include({ messages: 5, text: 'message 1' });
    expect(await bob.texts('alice')).to.have.length(5);
  });

  it('holds 8 KiB of text in 30 days, and has room again after them', async () => {
    const { world, bob } = three('request size');
    bob.send('alice', 'x'.repeat(8_000));
    expect(refusalOf(() => bob.send('alice', 'y'.repeat(193)))).to.equal('request-limit');
    bob.send('alice', 'y'.repeat(192));
    world.advance(31 * DAY_MS);
    const { id } = bob.send('alice', 'z'.repeat(8_000));
    expect(await bob.query({ type: 'message', id })).to.include({ state: 'sent' });
  });

  it('beyond the limit is dropped by the receiver whose sender does not hold to it', async () => {
    const { world, alice, bob } = three('request flood');
    for (let counter = 1; counter <= 7; counter++) {
      const envelope = forge(bob, alice, (content) => ({
        ...content,
        link: { counter, prevHash: new Uint8Array(32).fill(counter === 1 ? 0 : 1) },
        body: requestBody(bob, `flood ${counter}`),
      }));
      world.relay.inject(alice.id, envelope);
    }
    world.settle();
    const [request] = await alice.query({ type: 'requests' });
    expect(request?.messages).to.equal(5);
    expect(countersOf(alice.view).dropped).to.equal(2);
    alice.do({ type: 'requests.accept', who: 'bob' });
    const texts = await alice.texts('bob');
    expect(texts).to.deep.equal(['flood 1', 'flood 2', 'flood 3', 'flood 4', 'flood 5']);
  });

  it('with more text than allowed is dropped as well', async () => {
    const { world, alice, bob } = three('request bytes');
    for (let counter = 1; counter <= 2; counter++) {
      const envelope = forge(bob, alice, (content) => ({
        ...content,
        link: { counter, prevHash: new Uint8Array(32).fill(counter === 1 ? 0 : 1) },
        body: requestBody(bob, 'x'.repeat(5_000)),
      }));
      world.relay.inject(alice.id, envelope);
    }
    world.settle();
    const [request] = await alice.query({ type: 'requests' });
    expect(request?.messages).to.equal(1);
  });

  it('with the records of another account leaves nothing behind', async () => {
    const { world, alice, bob, carol } = three('request of another');
    const envelope = forge(bob, alice, (content) => ({ ...content, body: requestBody(carol, 'i am carol') }));
    const keysBefore = alice.view.keysOf(preKeysTable.name).length;
    world.relay.inject(alice.id, envelope);
    world.settle();
    expect(await alice.query({ type: 'requests' })).to.deep.equal([]);
    expect(traces(alice, bob)).to.deep.equal([]);
    expect(traces(alice, carol)).to.deep.equal([]);
    expect(alice.view.keysOf(preKeysTable.name)).to.have.length(keysBefore);
    expect(alice.mailbox()).to.deep.equal([]);
  });

  it('from a device that its records do not list leaves nothing behind', async () => {
    const { world, alice, bob, carol } = three('request of a foreign device');
    // carol's session, dressed up as bob's.
    const envelope = forge(carol, alice, (content) => ({
      ...content,
      sender: { account: bob.id, device: 1 },
      conversation: content.conversation,
      body: requestBody(bob, 'i am bob'),
    }));
    const bytes = envelope.bytes.slice();
    bytes.set(bob.id, 1);
    world.relay.inject(alice.id, { ...envelope, bytes });
    world.settle();
    expect(await alice.query({ type: 'requests' })).to.deep.equal([]);
    expect(traces(alice, bob)).to.deep.equal([]);
  });

  it('that is none leaves nothing behind', async () => {
    const { world, alice, bob } = three('no request');
    world.relay.inject(
      alice.id,
      forge(bob, alice, (content) => content),
    );
    world.settle();
    expect(traces(alice, bob)).to.deep.equal([]);
    expect(countersOf(alice.view).dropped).to.equal(1);
  });

  it('is not kept when a hundred others wait', async () => {
    const { world, alice, bob } = three('request crowd');
    bob.send('alice', 'in time');
    const row = alice.view.get(contactsTable, bob.id);
    if (row === undefined) throw new Error('no request');
    const writes = Array.from({ length: 99 }, (_, i) => {
      const key = new Uint8Array(16).fill(i + 1);
      return { kind: 'put' as const, table: contactsTable, key, row };
    });
    alice.view.commit({ writes, spent: [] });
    const dave = world.join('dave');
    dave.send('alice', 'too late');
    expect(traces(alice, dave)).to.deep.equal([]);
    expect(alice.mailbox()).to.deep.equal([]);
  });
});

describe('the answer to a request', () => {
  it('can be a rejection, which looks like waiting and takes the text away', async () => {
    const { world, alice, bob } = three('rejection');
    const { id } = bob.send('alice', 'let me in');
    alice.do({ type: 'requests.reject', who: 'bob' });
    bob.send('alice', 'please');
    world.advance(DAY_MS);
    expect(await alice.query({ type: 'requests' })).to.deep.equal([]);
    expect(await alice.history('bob')).to.deep.equal([]);
    expect(await bob.query({ type: 'message', id })).to.include({ state: 'sent' });
    expect(world.relay.byName('bob').deliveries).to.deep.equal([]);
  });

  it('can be a change of mind: writing to somebody rejected accepts', async () => {
    const { alice, bob } = three('change of mind');
    bob.send('alice', 'let me in');
    alice.do({ type: 'requests.reject', who: 'bob' });
    bob.send('alice', 'please');
    alice.send('bob', 'well then');
    bob.send('alice', 'thank you');
    expect(await bob.texts('alice')).to.deep.equal(['let me in', 'please', 'well then', 'thank you']);
    expect(await alice.texts('bob')).to.deep.equal(['well then', 'thank you']);
    expect((await alice.history('bob')).map(({ kind }) => kind)).to.deep.equal(['text', 'text']);
  });

  it('can be a text: writing to a requester accepts', async () => {
    const { alice, bob } = three('text as answer');
    bob.send('alice', 'hello');
    expect(alice.send('bob', 'hello yourself')).to.include({
      awaitingAcceptance: false,
      firstContact: false,
    });
    expect(await bob.query({ type: 'contact', who: 'alice' })).to.include({ state: 'accepted' });
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'hello yourself']);
  });

  it('is given by a request that crosses it', async () => {
    const { world, alice, bob } = three('crossing');
    alice.goOffline();
    bob.send('alice', 'from bob');
    bob.goOffline();
    // alice looks bob up and writes before she reads his request.
    alice.goOnline();
    alice.begin({ type: 'send', to: 'bob', text: 'from alice' });
    world.settle();
    bob.goOnline();
    world.settle();
    for (const [me, other] of [
      [alice, 'bob'],
      [bob, 'alice'],
    ] as const) {
      expect(await me.query({ type: 'contact', who: other })).to.include({ state: 'accepted' });
      expect(await me.texts(other)).to.have.members(['from alice', 'from bob']);
      expect(await me.query({ type: 'requests' })).to.deep.equal([]);
    }
    alice.send('bob', 'and so we talk');
    bob.send('alice', 'indeed');
    expect((await alice.texts('bob')).slice(2)).to.deep.equal(['and so we talk', 'indeed']);
    expect((await bob.texts('alice')).slice(2)).to.deep.equal(['and so we talk', 'indeed']);
  });

  it('is not needed when the account takes everyone', async () => {
    const { alice, bob } = three('everyone');
    alice.do({ type: 'settings', acceptFrom: 'everyone' });
    bob.send('alice', 'hello');
    expect(await bob.query({ type: 'contact', who: 'alice' })).to.include({ state: 'accepted' });
    expect(await alice.texts('bob')).to.deep.equal(['hello']);
  });

  it('is not even thought of when the account takes nobody', async () => {
    const { alice, bob } = three('nobody');
    alice.do({ type: 'settings', acceptFrom: 'nobody' });
    const { id } = bob.send('alice', 'hello');
    expect(traces(alice, bob)).to.deep.equal([]);
    expect(await bob.query({ type: 'message', id })).to.include({ state: 'sent' });
    expect(alice.mailbox()).to.deep.equal([]);
    expect((await alice.query({ type: 'status' })).acceptFrom).to.equal('nobody');
  });

  it('reveals what was said and earns it receipts', async () => {
    const { world, alice, bob } = three('reveal');
    const first = bob.send('alice', 'one').id;
    const second = bob.send('alice', 'two').id;
    expect((await alice.query({ type: 'receive', cursor: 'c' })).messages).to.deep.equal([]);
    alice.do({ type: 'requests.accept', who: 'bob' });
    const { messages } = await alice.query({ type: 'receive', cursor: 'c' });
    expect(messages.map(({ text }) => text)).to.deep.equal(['one', 'two']);
    expect((await alice.query({ type: 'chats' }))[0]).to.include({ unread: 2 });
    world.advance(91_000);
    for (const id of [first, second]) {
      expect(await bob.query({ type: 'message', id })).to.include({ state: 'delivered' });
    }
  });

  it('cannot be given to somebody who did not ask', () => {
    const { alice, bob } = three('no such request');
    expect(refusalOf(() => alice.do({ type: 'requests.accept', who: 'bob' }))).to.equal('not-found');
    bob.send('alice', 'hello');
    alice.do({ type: 'requests.accept', who: 'bob' });
    expect(refusalOf(() => alice.do({ type: 'requests.accept', who: 'bob' }))).to.equal('not-found');
  });

  it('cannot be forged by somebody who was not asked', async () => {
    const { world, alice, bob } = three('forged accept');
    bob.send('alice', 'hello');
    const envelope = forge(bob, alice, ({ link: _, ...content }) => ({
      ...content,
      body: { kind: 'accept', capability: new Uint8Array(32).fill(7), records: [] },
    }));
    world.relay.inject(alice.id, envelope);
    world.settle();
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ state: 'incoming' });
  });
});
