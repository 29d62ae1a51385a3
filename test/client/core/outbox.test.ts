/** The outbox: late encryption, the same bytes until durable, order, and every way a message can end. */

import { expect } from 'chai';
import type { RelayEffect } from '../../../client/core/effects.ts';
import type { ConfirmationInput } from '../../../client/core/input.ts';
import { copiesTable, outboxTable } from '../../../client/core/tables/talk.ts';
import { toHex } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { relayError } from '../../../relay/protocol/errors.ts';
import type { DeliverRequest } from '../../../relay/protocol/operations.ts';
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
  world.advance(91_000);
  return { world, alice, bob };
}

function deliveriesOf(actor: Actor): DeliverRequest[] {
  return actor.asked
    .filter((effect): effect is RelayEffect & { operation: 'deliver' } => effect.operation === 'deliver')
    .map(({ request }) => request);
}

const ID = '0123456789abcdef0123456789abcdef';

describe('the outbox', () => {
  it('waits on disk while the relay is away, encrypts nothing, and goes out later, once, in order', async () => {
    const { world, alice, bob } = friends('offline');
    alice.goOffline();
    const texts = ['one', 'two', 'three', 'four'];
    for (const text of texts) expect(alice.send('bob', text).state).to.equal('waiting');
    expect([...alice.view.list(copiesTable)]).to.deep.equal([]);
    alice.restart();
    expect((await alice.query({ type: 'outbox' })).map(({ text }) => text)).to.deep.equal(texts);
    alice.goOnline();
    world.settle();
    expect(await bob.texts('alice')).to.deep.equal(['hello', ...texts]);
    expect(await alice.query({ type: 'outbox' })).to.deep.equal([]);
  });

  it('has the ciphertext on disk before it leaves, and repeats the same bytes after a crash', async () => {
    const { world, alice, bob } = friends('same bytes');
    alice.begin({ type: 'send', to: 'bob', text: 'once' });
    const [first] = deliveriesOf(alice);
    expect([...alice.view.reopened().list(copiesTable)]).to.have.length(1);
    alice.restart();
    alice.goOnline();
    const [second] = deliveriesOf(alice);
    expect(second).to.deep.equal(first);
    world.settle();
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'once']);
  });

  it('repeats the same envelope when the answer was lost, and the receiver shows it once', async () => {
    const { world, alice, bob } = friends('lost answer');
    const id = alice.begin({ type: 'send', to: 'bob', text: 'once' });
    const [first] = deliveriesOf(alice);
    alice.loseAnswers();
    alice.goOffline();
    bob.world.settle();
    alice.goOnline();
    expect(deliveriesOf(alice)).to.deep.equal([first]);
    world.settle();
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'once']);
    const sent = alice.resultOf(id) as { readonly id: string };
    expect(await alice.query({ type: 'message', id: sent.id })).to.include({ state: 'sent' });
  });

  it('takes the late answer to a request of a broken connection for no other request', async () => {
    const { world, alice, bob } = friends('late answer');
    for (const text of ['one', 'two']) alice.begin({ type: 'send', to: 'bob', text });
    // It left while the link was breaking: the link that comes up next carries it out.
    const [late] = alice.asked.splice(0);
    if (late === undefined) throw new Error('nothing was asked');
    alice.goOffline();
    alice.goOnline();
    const [again] = deliveriesOf(alice);
    const response = world.relay.request(late.operation, late.request, undefined);
    const { tag, serial, operation } = late;
    const outcome = { ok: true, response };
    alice.input({ kind: 'confirmation', tag, serial, operation, outcome } as ConfirmationInput);
    expect(deliveriesOf(alice)).to.deep.equal([again]);
    alice.work();
    // Nothing but its own answer says that the second one is at the relay.
    alice.goOffline();
    expect((await alice.query({ type: 'outbox' })).map(({ text }) => text)).to.deep.equal(['two']);
    alice.goOnline();
    world.settle();
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'one', 'two']);
  });

  it('has one content of a conversation in flight at a time', () => {
    const { world, alice } = friends('in flight');
    alice.begin({ type: 'send', to: 'bob', text: 'one' });
    alice.begin({ type: 'send', to: 'bob', text: 'two' });
    expect(deliveriesOf(alice)).to.have.length(1);
    world.settle();
    expect([...alice.view.list(outboxTable)]).to.deep.equal([]);
  });

  it('takes the same id again as the same message, in every state', async () => {
    const { world, alice, bob } = friends('same id');
    alice.goOffline();
    const first = alice.send('bob', 'once', { id: ID });
    const second = alice.send('bob', 'once', { id: '01234567-89AB-CDEF-0123-456789ABCDEF' });
    expect(second).to.deep.equal(first);
    alice.goOnline();
    world.settle();
    expect(alice.send('bob', 'once', { id: ID }).state).to.equal('sent');
    world.advance(91_000);
    expect(alice.send('bob', 'once', { id: ID }).state).to.equal('delivered');
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'once']);
    expect((await bob.history('alice'))[1]?.id).to.equal(ID);
  });

  it('refuses another text under an id that is in use, and what is no id', () => {
    const { alice } = friends('id in use');
    alice.send('bob', 'once', { id: ID });
    expect(refusalOf(() => alice.send('bob', 'another', { id: ID }))).to.equal('id-in-use');
    for (const id of ['', 'xyz', `${ID}00`, ID.slice(1)]) {
      expect(
        refusalOf(() => alice.send('bob', 'text', { id })),
        id,
      ).to.equal('bad-id');
    }
  });

  it('refuses an empty text and one above 64 KiB, and takes one of exactly 64 KiB', async () => {
    const { alice, bob } = friends('sizes');
    expect(refusalOf(() => alice.send('bob', ''))).to.equal('empty-message');
    expect(refusalOf(() => alice.send('bob', 'x'.repeat(65_537)))).to.equal('text-too-long');
    expect(refusalOf(() => alice.send('bob', 'ä'.repeat(32_769)))).to.equal('text-too-long');
    alice.send('bob', 'x'.repeat(65_536));
    expect((await bob.texts('alice'))[1]).to.have.length(65_536);
  });
});

describe('a message in the outbox', () => {
  it('can be cancelled before it is encrypted, and leaves neither a line nor a gap', async () => {
    const { world, alice, bob } = friends('cancel');
    alice.goOffline();
    alice.send('bob', 'keep 1');
    const { id } = alice.send('bob', 'take back', { id: ID });
    alice.send('bob', 'keep 2');
    expect(alice.do({ type: 'outbox.cancel', id })).to.deep.equal({ cancelled: true });
    expect(alice.do({ type: 'outbox.cancel', id })).to.deep.equal({ cancelled: false });
    expect(alice.events.at(-1)).to.include({ type: 'message.state', state: 'failed', reason: 'cancelled' });
    alice.goOnline();
    world.settle();
    world.advance(60_000);
    expect((await bob.history('alice')).map(({ kind, text }) => kind + text)).to.deep.equal([
      'texthello',
      'textkeep 1',
      'textkeep 2',
    ]);
    expect(await alice.texts('bob')).to.deep.equal(['hello', 'keep 1', 'keep 2']);
    // The id is free again.
    expect(alice.send('bob', 'another text', { id: ID }).id).to.equal(ID);
  });

  it('cannot be cancelled once it is encrypted, because the relay may have it', () => {
    const { alice } = friends('too late to cancel');
    alice.begin({ type: 'send', to: 'bob', text: 'under way', id: ID });
    const cancelling = alice.begin({ type: 'outbox.cancel', id: ID });
    expect(alice.resultOf(cancelling)).to.deep.equal({ cancelled: false });
  });

  it('waits longer and longer while the relay is busy, with the reason shown, and then goes out', async () => {
    const { world, alice, bob } = friends('busy');
    let refusals = 0;
    world.relay.intercept = (operation) => {
      if (operation !== 'deliver' || ++refusals > 3) return undefined;
      throw relayError('busy');
    };
    alice.send('bob', 'patience');
    alice.send('bob', 'more');
    expect((await alice.query({ type: 'outbox' })).map(({ reason }) => reason)).to.deep.equal([
      'busy',
      undefined,
    ]);
    world.advance(1_000);
    expect(refusals).to.equal(1);
    world.advance(60_000);
    expect(refusals).to.be.greaterThan(3);
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'patience', 'more']);
  });

  it('waits as long as the relay says', () => {
    const { world, alice } = friends('retry after');
    let refusals = 0;
    world.relay.intercept = (operation) => {
      if (operation !== 'deliver') return undefined;
      refusals++;
      throw relayError('rate-limited', { retryAfterMs: 600_000 });
    };
    alice.send('bob', 'slowly');
    world.advance(599_000);
    expect(refusals).to.equal(1);
    world.advance(10_000);
    expect(refusals).to.equal(2);
  });

  it('waits a minute and more for a full mailbox', () => {
    const { world, alice } = friends('mailbox full');
    let refusals = 0;
    world.relay.intercept = (operation) => {
      if (operation !== 'deliver') return undefined;
      refusals++;
      throw relayError('mailbox-full');
    };
    alice.send('bob', 'when there is room');
    world.advance(59_000);
    expect(refusals).to.equal(1);
    world.advance(32_000);
    expect(refusals).to.equal(2);
  });

  it('that the relay will never take fails with the reason, and the next one goes without a gap', async () => {
    const { world, alice, bob } = friends('refused');
    world.relay.intercept = (operation) => {
      if (operation !== 'deliver') return undefined;
      world.relay.intercept = undefined;
      throw relayError('too-large');
    };
    const { id } = alice.send('bob', 'refused');
    alice.send('bob', 'taken');
    world.advance(60_000);
    expect(await alice.query({ type: 'message', id })).to.include({
      state: 'failed',
      stateReason: 'too-large',
    });
    expect((await bob.history('alice')).map(({ kind }) => kind)).to.deep.equal(['text', 'text']);
    expect((await alice.query({ type: 'outbox' })).map(({ state }) => state)).to.deep.equal(['failed']);
    alice.do({ type: 'outbox.retry', id });
    world.advance(91_000);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'delivered' });
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'taken', 'refused']);
    expect(await alice.query({ type: 'outbox' })).to.deep.equal([]);
  });

  it('that failed can be cancelled, one that did not fail cannot be retried', async () => {
    const { world, alice } = friends('failed and cancelled');
    world.relay.intercept = (operation) => {
      if (operation === 'deliver') throw relayError('too-large');
      return undefined;
    };
    const { id } = alice.send('bob', 'refused');
    expect(alice.do({ type: 'outbox.cancel', id })).to.deep.equal({ cancelled: true });
    expect(await alice.query({ type: 'outbox' })).to.deep.equal([]);
    world.relay.intercept = undefined;
    const sent = alice.send('bob', 'fine');
    expect(refusalOf(() => alice.do({ type: 'outbox.retry', id: sent.id }))).to.equal('not-failed');
    expect(refusalOf(() => alice.do({ type: 'outbox.retry', id: toHex(new Uint8Array(16)) }))).to.equal(
      'not-found',
    );
  });

  it('expires after 30 days without a receipt, and a retry shows it once', async () => {
    const { world, alice, bob } = friends('expiry');
    bob.goOffline();
    const { id } = alice.send('bob', 'are you there?');
    alice.send('bob', 'hello?');
    const mailbox = world.relay.byName('bob');
    mailbox.mailbox = [];
    world.advance(29 * 86_400_000);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
    world.advance(2 * 86_400_000);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'expired' });
    bob.goOnline();
    alice.send('bob', 'welcome back');
    world.advance(120_000);
    const gap = (await bob.history('alice'))[1];
    expect(gap).to.include({ kind: 'gap', missing: 2 });
    alice.do({ type: 'outbox.retry', id });
    world.advance(120_000);
    const lines = (await bob.history('alice')).map(({ kind, text, missing, late }) => [
      kind,
      text || missing,
      late,
    ]);
    expect(lines).to.deep.equal([
      ['text', 'hello', false],
      ['gap', 1, false],
      ['text', 'are you there?', true],
      ['text', 'welcome back', false],
    ]);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'delivered' });
  });
});
