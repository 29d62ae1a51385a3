/** Receipts: for whom, when, how many at once, and who may send them. */

import { expect } from 'chai';
import { fromHex } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { forge } from '../../support/forgery.ts';

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

async function stateOf(actor: Actor, id: string): Promise<string | undefined> {
  return (await actor.query({ type: 'message', id })).state;
}

describe('a receipt', () => {
  it('is one for everything that came while it waited', async () => {
    const { world, alice, bob } = friends('batch');
    const before = world.relay.byName('bob').deliveries.length;
    const ids = ['a', 'b', 'c', 'd'].map((text) => bob.send('alice', text).id);
    world.advance(91_000);
    expect(world.relay.byName('bob').deliveries).to.have.length(before + 1);
    for (const id of ids) expect(await stateOf(bob, id)).to.equal('delivered');
    expect(alice.acknowledged).to.be.greaterThan(0);
  });

  it('waits a random time between 30 and 90 seconds', async () => {
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const { world, bob } = friends(`jitter ${i}`);
      const { id } = bob.send('alice', 'when?');
      const start = world.nowMs;
      while ((await stateOf(bob, id)) !== 'delivered') world.advance(1_000);
      waits.push(world.nowMs - start);
    }
    for (const wait of waits) expect(wait).to.be.within(30_000, 91_000);
    expect(new Set(waits).size).to.be.greaterThan(2);
  });

  it('comes at once to somebody who waits for it', async () => {
    const { bob } = friends('prompt');
    const { id } = bob.send('alice', 'now?', { promptReceipt: true });
    expect(await stateOf(bob, id)).to.equal('delivered');
  });

  it('takes those that wait along when one is wanted at once', async () => {
    const { bob } = friends('prompt batch');
    const first = bob.send('alice', 'no hurry').id;
    bob.send('alice', 'now?', { promptReceipt: true });
    expect(await stateOf(bob, first)).to.equal('delivered');
  });

  it('survives a restart', async () => {
    const { world, alice, bob } = friends('restart');
    const { id } = bob.send('alice', 'later');
    alice.restart();
    alice.goOnline();
    world.advance(91_000);
    expect(await stateOf(bob, id)).to.equal('delivered');
  });

  it('is sent anonymously, never over the signed-in connection', () => {
    const { world, bob } = friends('anonymous');
    bob.send('alice', 'hello again');
    world.advance(91_000);
    const deliveries = world.relay.log.filter(({ operation }) => operation === 'deliver');
    const signedIn = deliveries.filter(({ from }) => from !== undefined);
    // bob's first request is the only thing that the relay saw a sender of.
    expect(signedIn).to.have.length(1);
  });

  it('is for texts, never for receipts', () => {
    const { world, bob } = friends('no echo');
    bob.send('alice', 'one');
    world.advance(600_000);
    const count = world.relay.log.filter(({ operation }) => operation === 'deliver').length;
    world.advance(600_000);
    expect(world.relay.log.filter(({ operation }) => operation === 'deliver')).to.have.length(count);
  });

  it('is not sent to a contact that was blocked or removed meanwhile', async () => {
    for (const type of ['block', 'contacts.remove'] as const) {
      const { world, alice, bob } = friends(`no receipt after ${type}`);
      const { id } = bob.send('alice', 'one');
      alice.do({ type, who: 'bob' });
      world.advance(600_000);
      expect(await stateOf(bob, id), type).to.equal('sent');
    }
  });

  it('that names a message of another conversation changes nothing', async () => {
    const { world, alice, bob } = friends('foreign receipt');
    const carol = world.join('carol');
    acquaint(carol, alice);
    bob.goOffline();
    const { id } = alice.send('bob', 'for bob');
    const receipt = forge(carol, alice, ({ link: _, ...content }) => ({
      ...content,
      body: { kind: 'receipt', ids: [fromHex(id)] },
    }));
    world.relay.inject(alice.id, receipt);
    world.settle();
    expect(await stateOf(alice, id)).to.equal('sent');
  });

  it('that says read shows read, and delivered afterwards does not take it back', async () => {
    const { world, alice, bob } = friends('read receipt');
    const { id } = bob.send('alice', 'seen?');
    for (const state of [2, 1, 77]) {
      const receipt = forge(alice, bob, ({ link: _, ...content }) => ({
        ...content,
        body: { kind: 'receipt', ids: [fromHex(id)], state },
      }));
      world.relay.inject(bob.id, receipt);
      world.settle();
      expect(await stateOf(bob, id)).to.equal('read');
    }
  });

  it("that overtakes the relay's answer ends the sending", async () => {
    const { world, alice, bob } = friends('overtaken');
    const command = bob.begin({ type: 'send', to: 'alice', text: 'fast', promptReceipt: true });
    bob.loseAnswers();
    const { id } = bob.resultOf(command) as { readonly id: string };
    world.settle();
    world.advance(60_000);
    expect(await stateOf(bob, id)).to.equal('delivered');
    expect(await bob.query({ type: 'outbox' })).to.deep.equal([]);
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'fast']);
  });

  it('for a content that is repeated is repeated, because the first one was lost', async () => {
    const { world, alice, bob } = friends('lost receipt');
    const { id } = bob.send('alice', 'hello?');
    bob.goOffline();
    world.advance(91_000);
    world.relay.byName('bob').mailbox = [];
    world.advance(31 * 86_400_000);
    bob.goOnline();
    world.advance(3_600_000);
    expect(await stateOf(bob, id)).to.equal('expired');
    bob.do({ type: 'outbox.retry', id });
    world.advance(91_000);
    expect(await stateOf(bob, id)).to.equal('delivered');
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'hello?']);
  });
});
