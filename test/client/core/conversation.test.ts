/** Two people talk: first contact, acceptance, texts in both directions, receipts. */

import { expect } from 'chai';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { acquaint, World } from '../../support/account-world.ts';

before(async () => {
  await ready();
});

describe('a conversation', () => {
  it('begins with a request that shows who asks, and is answered by an acceptance', async () => {
    const world = new World('first contact');
    const alice = world.join('alice');
    const bob = world.join('bob');
    const sent = bob.send('alice', 'hello alice');
    expect(sent).to.include({ name: 'alice', awaitingAcceptance: true, firstContact: true });
    const [request, ...others] = await alice.query({ type: 'requests' });
    expect(others).to.deep.equal([]);
    expect(request).to.include({ name: 'bob', messages: 1, text: 'hello alice' });
    expect(await alice.query({ type: 'chats' })).to.deep.equal([]);
    expect(alice.do({ type: 'requests.accept', who: 'bob' })).to.deep.equal({ name: 'bob' });
    expect(await alice.texts('bob')).to.deep.equal(['hello alice']);
    expect(await bob.query({ type: 'contact', who: 'alice' })).to.include({ state: 'accepted' });
    expect(bob.events.map(({ type }) => type)).to.include('request.accepted');
  });

  it('carries texts both ways, in order, once', async () => {
    const world = new World('both ways');
    const alice = world.join('alice');
    const bob = world.join('bob');
    acquaint(bob, alice);
    const expected = ['hello'];
    for (let i = 0; i < 10; i++) {
      alice.send('bob', `a${i}`);
      bob.send('alice', `b${i}`);
      expected.push(`a${i}`, `b${i}`);
    }
    expect(await alice.texts('bob')).to.deep.equal(expected);
    expect(await bob.texts('alice')).to.deep.equal(expected);
  });

  it('shows sent, then delivered after the receiver let 30 to 90 seconds pass', async () => {
    const world = new World('receipts');
    const alice = world.join('alice');
    const bob = world.join('bob');
    acquaint(bob, alice);
    const { id } = alice.send('bob', 'did it arrive?');
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
    world.advance(29_000);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
    world.advance(62_000);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'delivered' });
  });
});
