/** Names, contacts, look-ups, and what waits for the relay to say who somebody is. */

import { expect } from 'chai';
import { displayName, findPerson } from '../../../client/core/names.ts';
import { contactsTable, peersTable } from '../../../client/core/tables/people.ts';
import { pendingTable } from '../../../client/core/tables/runtime.ts';
import { Transaction } from '../../../client/core/transaction.ts';
import { type AccountId, formatAccountId } from '../../../crypto/account/account-id.ts';
import { toHex } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { relayError } from '../../../relay/protocol/errors.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { refusalOf } from '../../support/refusal.ts';

before(async () => {
  await ready();
});

function friends(seed: string): { world: World; alice: Actor; bob: Actor } {
  const world = new World(seed);
  const alice = world.join('alice');
  const bob = world.join('bob');
  acquaint(bob, alice);
  return { world, alice, bob };
}

describe('a look-up', () => {
  it('finds a name however it is spelled, once', () => {
    const world = new World('spelling');
    const alice = world.join('alice');
    world.join('bob');
    expect(alice.send('BOB', 'hello')).to.include({ name: 'bob' });
    expect(alice.send('Bob', 'again')).to.include({ name: 'bob', firstContact: false });
    expect(world.relay.log.filter(({ operation }) => operation === 'lookUp')).to.have.length(1);
  });

  it('is one for many commands, which all get their result', () => {
    const world = new World('parallel');
    const alice = world.join('alice');
    world.join('bob');
    const ids = [1, 2, 3].map((i) => alice.begin({ type: 'send', to: 'bob', text: `text ${i}` }));
    expect(world.relay.log.filter(({ operation }) => operation === 'lookUp')).to.deep.equal([]);
    world.settle();
    expect(world.relay.log.filter(({ operation }) => operation === 'lookUp')).to.have.length(1);
    expect(ids.map((id) => (alice.resultOf(id) as { firstContact: boolean }).firstContact)).to.deep.equal([
      true,
      false,
      false,
    ]);
  });

  it('of a name that nobody has fails with not-found and leaves nothing', async () => {
    const world = new World('nobody');
    const alice = world.join('alice');
    expect(refusalOf(() => alice.send('nobody-there', 'hello?'))).to.equal('not-found');
    expect(refusalOf(() => alice.send('x', 'hello?'))).to.equal('not-found');
    expect(refusalOf(() => alice.send('two words', 'hello?'))).to.equal('not-found');
    expect(await alice.query({ type: 'outbox' })).to.deep.equal([]);
    expect([...alice.view.list(contactsTable)]).to.deep.equal([]);
    expect([...alice.view.list(pendingTable)]).to.deep.equal([]);
  });

  it('of the own name is refused without asking', () => {
    const world = new World('self');
    const alice = world.join('alice');
    expect(refusalOf(() => alice.send('Alice', 'note to self'))).to.equal('own-name');
    expect(world.relay.log.filter(({ operation }) => operation === 'lookUp')).to.deep.equal([]);
  });

  it('that the relay answers with somebody else is refused', () => {
    const world = new World('wrong answer');
    const alice = world.join('alice');
    world.join('bob');
    const mallory = world.join('mallory');
    world.relay.intercept = (operation) => {
      if (operation !== 'lookUp') return undefined;
      return { records: world.relay.byName('mallory').records, account: mallory.id };
    };
    expect(refusalOf(() => alice.send('bob', 'secret'))).to.equal('bad-record-chain');
    expect(alice.view.get(peersTable, mallory.id)).to.equal(undefined);
  });

  it('waits ten seconds for a relay that is away, then says so and has done nothing', async () => {
    const world = new World('away');
    const alice = world.join('alice');
    world.join('bob');
    alice.goOffline();
    const id = alice.begin({ type: 'send', to: 'bob', text: 'hello' });
    world.advance(9_000);
    expect(alice.hasResult(id)).to.equal(false);
    world.advance(2_000);
    expect(refusalOf(() => alice.resultOf(id))).to.equal('relay-unreachable');
    alice.goOnline();
    world.settle();
    expect(await alice.query({ type: 'outbox' })).to.deep.equal([]);
  });

  it('goes on when the relay comes back in time', () => {
    const world = new World('back in time');
    const alice = world.join('alice');
    world.join('bob');
    alice.goOffline();
    const id = alice.begin({ type: 'send', to: 'bob', text: 'hello' });
    world.advance(3_000);
    alice.goOnline();
    world.settle();
    expect(alice.resultOf(id)).to.include({ name: 'bob' });
  });

  it('that is refused tells the reason of the relay', () => {
    const world = new World('limited');
    const alice = world.join('alice');
    world.join('bob');
    world.relay.intercept = (operation) => {
      if (operation === 'lookUp') throw relayError('rate-limited', { retryAfterMs: 1000 });
      return undefined;
    };
    expect(refusalOf(() => alice.send('bob', 'hello'))).to.equal('rate-limited');
  });

  it('does not find somebody who is not listed', () => {
    const world = new World('unlisted');
    const alice = world.join('alice');
    const bob = world.join('bob');
    bob.do({ type: 'address.listed', listed: false });
    expect(refusalOf(() => alice.send('bob', 'hello'))).to.equal('not-found');
    bob.do({ type: 'address.listed', listed: true });
    expect(alice.send('bob', 'hello')).to.include({ name: 'bob' });
  });
});

describe('a contact', () => {
  it('can be added without a word, and written to later', async () => {
    const { alice } = friends('added');
    const world = alice.world;
    const carol = world.join('carol');
    const added = alice.do({ type: 'contacts.add', address: 'carol', name: 'Cara' });
    expect(added).to.deep.equal({ name: 'Cara', account: formatAccountId(carol.id), linkChecked: false });
    expect(carol.mailbox()).to.deep.equal([]);
    expect(alice.send('Cara', 'hello')).to.include({ name: 'Cara', firstContact: true });
    expect((await carol.query({ type: 'requests' }))[0]).to.include({ name: 'alice' });
  });

  it('can be renamed and is found by its local name, its user name and its account id', async () => {
    const { alice, bob } = friends('renamed');
    alice.do({ type: 'contacts.rename', who: 'bob', name: 'Bobby Tables' });
    for (const who of ['bobby tables', 'bob', formatAccountId(bob.id)]) {
      expect(await alice.query({ type: 'contact', who }), who).to.include({
        name: 'Bobby Tables',
        username: 'bob',
      });
    }
    expect((await alice.history('bob'))[0]).to.include({ with: 'Bobby Tables', from: 'Bobby Tables' });
  });

  it('keeps its user name when a relay puts a second account of that name beside it', async () => {
    const { alice, bob } = friends('second bob');
    const id = bob.id.slice() as AccountId;
    id[15] = (id[15] as number) ^ 1;
    const contact = alice.view.get(contactsTable, bob.id);
    const peer = alice.view.get(peersTable, bob.id);
    if (contact === undefined || peer === undefined) throw new Error('bob is no contact');
    const tx = new Transaction(alice.view, { nowMs: alice.world.nowMs, random: alice.random });
    tx.put(contactsTable, id, { ...contact, accountId: id, addedMs: contact.addedMs + 1 });
    tx.put(peersTable, id, { ...peer, accountId: id });
    alice.view.commit(tx.finish());
    const other = `bob#${toHex(id).slice(0, 8)}`;
    expect(displayName(alice.view, bob.id)).to.equal('bob');
    expect(displayName(alice.view, id)).to.equal(other);
    expect(findPerson(alice.view, 'bob')).to.deep.equal(bob.id);
    expect(findPerson(alice.view, formatAccountId(id))).to.deep.equal(id);
  });

  it('cannot take the name of another one, nor one that could deceive', () => {
    const { world, alice } = friends('name rules');
    world.join('carol');
    alice.do({ type: 'contacts.add', address: 'carol' });
    expect(refusalOf(() => alice.do({ type: 'contacts.rename', who: 'bob', name: 'Carol' }))).to.equal(
      'name-in-use',
    );
    for (const name of ['', '   ', 'a\u0007b', 'a\u202eb', 'a#b', 'ic://x', 'x'.repeat(65)]) {
      expect(
        refusalOf(() => alice.do({ type: 'contacts.rename', who: 'bob', name })),
        JSON.stringify(name),
      ).to.equal('bad-name');
    }
    expect(refusalOf(() => alice.do({ type: 'contacts.rename', who: 'dave', name: 'D' }))).to.equal(
      'not-found',
    );
  });

  it('does not lend its local name to a stranger who registers it', async () => {
    const { world, alice } = friends('impostor');
    alice.do({ type: 'contacts.rename', who: 'bob', name: 'mum' });
    const impostor = world.join('mum');
    impostor.send('alice', 'send money');
    const [request] = await alice.query({ type: 'requests' });
    expect(request?.name).to.equal(`mum#${toHex(impostor.id).slice(0, 8)}`);
    expect(await alice.query({ type: 'contact', who: 'mum' })).to.include({ username: 'bob' });
    expect(alice.do({ type: 'requests.accept', who: request?.name ?? '' })).to.deep.equal({
      name: request?.name,
    });
  });

  it('can be muted, which changes nothing else', async () => {
    const { alice, bob } = friends('muted');
    alice.do({ type: 'mute', who: 'bob', muted: true });
    bob.send('alice', 'psst');
    expect((await alice.query({ type: 'chats' }))[0]).to.include({ muted: true, unread: 2 });
    alice.do({ type: 'mute', who: 'bob', muted: false });
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ muted: false });
  });

  it('that is removed leaves the history, and its waiting messages fail', async () => {
    const { world, alice, bob } = friends('removed');
    alice.goOffline();
    const { id } = alice.send('bob', 'never sent');
    alice.do({ type: 'contacts.remove', who: 'bob' });
    expect(await alice.query({ type: 'contacts' })).to.deep.equal([]);
    expect(await alice.query({ type: 'chats' })).to.deep.equal([]);
    expect(await alice.query({ type: 'message', id })).to.include({
      state: 'failed',
      stateReason: 'contact-removed',
    });
    alice.goOnline();
    expect(alice.do({ type: 'contacts.add', address: 'bob' })).to.include({ name: 'bob' });
    alice.send('bob', 'it is me again');
    world.advance(60_000);
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'it is me again']);
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ state: 'accepted' });
  });

  it('that is blocked can be blocked from the request on', async () => {
    const { world, alice } = friends('block request');
    const carol = world.join('carol');
    carol.send('alice', 'buy now');
    alice.do({ type: 'requests.reject', who: 'carol', block: true });
    carol.send('alice', 'buy later');
    expect(await alice.query({ type: 'requests' })).to.deep.equal([]);
    expect(await alice.query({ type: 'contact', who: 'carol' })).to.include({ blocked: true });
    expect(refusalOf(() => alice.do({ type: 'block', who: 'nobody' }))).to.equal('not-found');
  });

  it('that is blocked has what waits for it held, and unblocking releases it', async () => {
    const { world, alice, bob } = friends('held by block');
    alice.goOffline();
    const { id } = alice.send('bob', 'on second thought');
    alice.do({ type: 'block', who: 'bob' });
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'held', stateReason: 'blocked' });
    alice.goOnline();
    world.settle();
    expect(await bob.texts('alice')).to.deep.equal(['hello']);
    alice.do({ type: 'unblock', who: 'bob' });
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'on second thought']);
  });
});
