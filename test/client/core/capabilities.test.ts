/** Capabilities: the pool, who gets which, how they end, and reaching somebody by an address. */

import { expect } from 'chai';
import { type IssuedRow, issuedTable } from '../../../client/core/tables/own.ts';
import { contactsTable, heldTable } from '../../../client/core/tables/people.ts';
import { equalBytes, toHex } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { CAPABILITY_END, CAPABILITY_KIND, type DeliverRequest } from '../../../relay/protocol/operations.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { forge } from '../../support/forgery.ts';
import { refusalOf } from '../../support/refusal.ts';

before(async () => {
  await ready();
});

function friends(seed: string): { world: World; alice: Actor; bob: Actor } {
  const world = new World(seed);
  const alice = world.join('alice');
  const bob = world.join('bob');
  acquaint(bob, alice);
  world.advance(91_000);
  return { world, alice, bob };
}

function issued(actor: Actor): readonly IssuedRow[] {
  return [...actor.view.list(issuedTable)].map(([, row]) => row);
}

function free(actor: Actor): number {
  return issued(actor).filter(({ account, kind, atRelay }) => {
    return account === undefined && kind === CAPABILITY_KIND.contact && atRelay === 'live';
  }).length;
}

function givenTo(actor: Actor, other: Actor): readonly IssuedRow[] {
  return issued(actor).filter(({ account }) => account !== undefined && equalBytes(account, other.id));
}

describe('the pool of capabilities', () => {
  it('is registered with the account: 64 of them, one for the address', () => {
    const world = new World('pool');
    const alice = world.join('alice');
    expect(issued(alice)).to.have.length(64);
    expect(issued(alice).filter(({ kind }) => kind === CAPABILITY_KIND.address)).to.have.length(1);
    expect(free(alice)).to.equal(63);
    expect(
      [...world.relay.capabilities.values()].filter(({ end }) => end === CAPABILITY_END.live),
    ).to.have.length(64);
    expect(world.relay.log.filter(({ operation }) => operation === 'registerCapabilities')).to.deep.equal([]);
  });

  it('gives each contact one of its own, the same one for every message', () => {
    const { world, alice, bob } = friends('one each');
    const carol = world.join('carol');
    acquaint(carol, alice);
    alice.send('bob', 'one');
    alice.send('bob', 'two');
    expect(givenTo(alice, bob)).to.have.length(1);
    expect(givenTo(alice, carol)).to.have.length(1);
    expect(free(alice)).to.equal(61);
  });

  it('is filled up at a random time, not when one is taken', () => {
    const { world, alice } = friends('refill');
    const rows = [...alice.view.list(issuedTable)].filter(
      ([, { account, kind }]) => account === undefined && kind === 1,
    );
    const writes = rows.slice(0, 31).map(([key]) => ({ kind: 'delete' as const, table: issuedTable, key }));
    alice.view.commit({ writes, spent: [] });
    const carol = world.join('carol');
    acquaint(carol, alice);
    expect(free(alice)).to.equal(30);
    expect(world.relay.log.filter(({ operation }) => operation === 'registerCapabilities')).to.deep.equal([]);
    world.advance(6 * 3_600_000);
    expect(free(alice)).to.equal(64);
    expect(world.relay.log.filter(({ operation }) => operation === 'registerCapabilities')).to.have.length(1);
  });

  it('that is empty holds an acceptance back until there is one, and then it goes out', async () => {
    const { world, alice } = friends('empty');
    const rows = [...alice.view.list(issuedTable)].filter(
      ([, { account, kind }]) => account === undefined && kind === 1,
    );
    const writes = rows.map(([key]) => ({ kind: 'delete' as const, table: issuedTable, key }));
    alice.view.commit({ writes, spent: [] });
    const carol = world.join('carol');
    acquaint(carol, alice);
    world.advance(60_000);
    expect(await carol.query({ type: 'contact', who: 'alice' })).to.include({ state: 'accepted' });
    expect(free(alice)).to.equal(63);
  });
});

describe('a capability that ends', () => {
  it('by blocking is swallowed: the sender sees no difference, the content is gone', async () => {
    const { world, alice, bob } = friends('swallow');
    alice.do({ type: 'block', who: 'bob' });
    const [given] = givenTo(alice, bob);
    expect(given).to.include({ wanted: 'swallowed', atRelay: 'swallowed' });
    const { id } = bob.send('alice', 'are you angry?');
    expect(await bob.query({ type: 'message', id })).to.include({ state: 'sent' });
    expect(await alice.texts('bob')).to.deep.equal(['hello']);
    expect(refusalOf(() => alice.send('bob', 'yes'))).to.equal('blocked');
    alice.do({ type: 'unblock', who: 'bob' });
    expect(givenTo(alice, bob)[0]).to.include({ wanted: 'live', atRelay: 'live' });
    bob.send('alice', 'and now?');
    world.advance(60_000);
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'and now?']);
  });

  it('is told to the relay later when it is away', () => {
    const { world, alice, bob } = friends('swallow later');
    alice.goOffline();
    alice.do({ type: 'block', who: 'bob' });
    expect(givenTo(alice, bob)[0]).to.include({ wanted: 'swallowed', atRelay: 'live' });
    alice.restart();
    alice.goOnline();
    world.settle();
    expect(givenTo(alice, bob)[0]).to.include({ wanted: 'swallowed', atRelay: 'swallowed' });
  });

  it('makes the sender take a newer one that it holds', async () => {
    const { world, alice, bob } = friends('newer');
    const [old] = givenTo(bob, alice);
    // bob hands alice a second one and retires the first.
    const [spare] = [...bob.view.list(issuedTable)].filter(
      ([, { account, kind }]) => account === undefined && kind === 1,
    );
    if (spare === undefined || old === undefined) throw new Error('no capability');
    const replacement = forge(bob, alice, ({ link: _, ...content }) => ({
      ...content,
      body: { kind: 'capability', capability: spare[1].capability.expose() },
    }));
    world.relay.inject(alice.id, replacement);
    world.settle();
    expect(alice.view.get(heldTable, bob.id)?.entries).to.have.length(2);
    alice.send('bob', 'over the new one');
    expect(alice.view.get(heldTable, bob.id)?.entries).to.have.length(1);
    const last = world.relay.byName('bob').deliveries.at(-1);
    expect(toHex(last?.capability ?? new Uint8Array(0))).to.equal(toHex(spare[1].capability.expose()));
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'over the new one']);
  });

  it('makes the sender ask again when it holds no other, and the other side answers by itself', async () => {
    const { world, alice, bob } = friends('retired');
    for (const [hash, capability] of world.relay.capabilities) {
      const row = givenTo(alice, bob).find((each) => toHex(each.capability.expose()).length > 0);
      if (row !== undefined && hash === toHex(keyOf(alice, row))) capability.end = CAPABILITY_END.retired;
    }
    const before = world.relay.log.length;
    const { id } = bob.send('alice', 'does this arrive?');
    bob.send('alice', 'and this?');
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'does this arrive?', 'and this?']);
    expect(await bob.query({ type: 'message', id })).to.include({ state: 'sent' });
    const requests = world.relay.log
      .slice(before)
      .filter(({ operation, from }) => operation === 'deliver' && from !== undefined);
    expect(requests.length).to.be.within(1, 2);
    // Nobody had to accept anything, and no gap is shown.
    expect(await alice.query({ type: 'requests' })).to.deep.equal([]);
    expect((await alice.history('bob')).every(({ kind }) => kind === 'text')).to.equal(true);
  });

  it('of a contact that was removed makes a request of what comes next', async () => {
    const { world, alice, bob } = friends('removed');
    alice.do({ type: 'contacts.remove', who: 'bob' });
    expect(await alice.query({ type: 'contacts' })).to.deep.equal([]);
    bob.send('alice', 'still there?');
    const [request] = await alice.query({ type: 'requests' });
    expect(request).to.include({ name: 'bob' });
    alice.do({ type: 'requests.accept', who: 'bob' });
    alice.send('bob', 'here again');
    world.advance(60_000);
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'still there?', 'here again']);
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'still there?', 'here again']);
  });
});

function keyOf(actor: Actor, row: IssuedRow): Uint8Array {
  const entry = [...actor.view.list(issuedTable)].find(([, each]) => each === row);
  if (entry === undefined) throw new Error('no such capability');
  return entry[0];
}

describe('an address', () => {
  it('reaches its owner without telling the relay who asks', async () => {
    const world = new World('address');
    const alice = world.join('alice');
    const bob = world.join('bob');
    const { address } = await alice.query({ type: 'address' });
    expect(address).to.match(/^ic:\/\/(fe){32}@127\.0\.0\.1:7443\/u\/alice#/);
    const added = bob.do({ type: 'contacts.add', address });
    expect(added).to.include({ name: 'alice', linkChecked: true });
    bob.send('alice', 'by your address');
    const signedIn = world.relay.log.filter(
      ({ from, operation }) => from !== undefined && operation !== 'uploadPreKeys',
    );
    expect(signedIn).to.deep.equal([]);
    const [request] = await alice.query({ type: 'requests' });
    expect(request).to.include({ name: 'bob', text: 'by your address' });
    alice.do({ type: 'requests.accept', who: 'bob' });
    alice.send('bob', 'welcome');
    bob.send('alice', 'thanks');
    expect(await alice.texts('bob')).to.deep.equal(['by your address', 'welcome', 'thanks']);
    const last = world.relay.log.filter(({ operation }) => operation === 'deliver').at(-1)
      ?.request as DeliverRequest;
    const [given] = givenTo(alice, bob);
    expect(toHex(last.capability ?? new Uint8Array(0))).to.equal(
      toHex(given?.capability.expose() ?? new Uint8Array(0)),
    );
  });

  it('can be written to at once', async () => {
    const world = new World('send to address');
    const alice = world.join('alice');
    const bob = world.join('bob');
    const { address } = await alice.query({ type: 'address' });
    bob.send(address, 'hello');
    expect((await alice.query({ type: 'requests' }))[0]).to.include({ text: 'hello' });
    expect(await bob.query({ type: 'contact', who: 'alice' })).to.include({ linkChecked: true });
  });

  it('that was replaced stops working, the new one works', async () => {
    const world = new World('rotate');
    const alice = world.join('alice');
    const bob = world.join('bob');
    const { address: old } = await alice.query({ type: 'address' });
    const { address } = alice.do({ type: 'address.rotate' });
    expect(address).not.to.equal(old);
    expect((await alice.query({ type: 'address' })).address).to.equal(address);
    expect(refusalOf(() => bob.do({ type: 'contacts.add', address: old }))).to.equal('capability-retired');
    expect(bob.do({ type: 'contacts.add', address })).to.include({ linkChecked: true });
  });

  it('of another relay, of no person, or mistyped is refused in words', async () => {
    const world = new World('bad addresses');
    const alice = world.join('alice');
    const bob = world.join('bob');
    const { address } = await alice.query({ type: 'address' });
    const refusals = {
      [address.replace('fefe', 'abab')]: 'other-relay',
      [address.replace(/^ic:\/\/[0-9a-f]+@/, 'ic://')]: 'other-relay',
      [`ic://${'fe'.repeat(32)}@127.0.0.1:7443`]: 'bad-uri',
      [address.slice(0, -3)]: 'bad-uri',
    };
    for (const [text, code] of Object.entries(refusals)) {
      expect(
        refusalOf(() => bob.do({ type: 'contacts.add', address: text })),
        text,
      ).to.equal(code);
    }
    expect(refusalOf(() => alice.do({ type: 'contacts.add', address }))).to.equal('own-name');
  });

  it('that names another account than the records is refused', async () => {
    const world = new World('address of another');
    const alice = world.join('alice');
    const bob = world.join('bob');
    const carol = world.join('carol');
    const { address } = await alice.query({ type: 'address' });
    world.relay.intercept = (operation) => {
      return operation === 'fetchRecords' ? { records: world.relay.byName('carol').records } : undefined;
    };
    expect(refusalOf(() => bob.do({ type: 'contacts.add', address }))).to.equal('bad-record-chain');
    expect(bob.view.get(contactsTable, carol.id)).to.equal(undefined);
    expect(bob.view.get(contactsTable, alice.id)).to.equal(undefined);
  });
});
