/** Key changes: one grey line for what the old key signed, a hold for everything else. */

import { expect } from 'chai';
import { peersTable } from '../../../client/core/tables/people.ts';
import { copiesTable } from '../../../client/core/tables/talk.ts';
import { keyFingerprint } from '../../../crypto/account/challenge.ts';
import { toHex } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { OtherDevice } from '../../support/other-device.ts';
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

/** bob's account is reset by the relay; alice learns it when she writes. */
function reset(
  seed: string,
  verified = false,
): { world: World; alice: Actor; bob: Actor; device: OtherDevice; id: string } {
  const { world, alice, bob } = friends(seed);
  if (verified) alice.do({ type: 'verify', who: 'bob', confirmed: true });
  const device = new OtherDevice(bob, 'reset');
  const { id } = alice.send('bob', 'for bob only');
  return { world, alice, bob, device, id };
}

function fingerprintOf(actor: Actor, of: Actor): string {
  const rootKey = actor.view.get(peersTable, of.id)?.rootKey;
  if (rootKey === undefined) throw new Error('no key');
  return toHex(keyFingerprint(rootKey));
}

async function lastNotice(actor: Actor, who: string): Promise<string | undefined> {
  return (await actor.history(who)).filter(({ kind }) => kind === 'notice').at(-1)?.reason;
}

describe('verification', () => {
  it('marks a contact whose number was compared, until it is cleared', async () => {
    const { alice, bob } = friends('verify');
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'unverified' });
    const { number = '' } = await bob.query({ type: 'fingerprint', who: 'alice' });
    const spaced = number.replaceAll(/(\d{5})/g, '$1 ');
    expect(alice.do({ type: 'verify', who: 'bob', number: spaced })).to.deep.equal({
      matched: true,
      name: 'bob',
    });
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'verified' });
    alice.do({ type: 'verify.clear', who: 'bob' });
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'unverified' });
  });

  it('with another number marks nothing and says so', async () => {
    const { alice } = friends('wrong number');
    const number = '1'.repeat(60);
    expect(alice.do({ type: 'verify', who: 'bob', number })).to.deep.equal({ matched: false, name: 'bob' });
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'unverified' });
    expect(refusalOf(() => alice.do({ type: 'verify', who: 'bob', number: '12345' }))).to.equal('bad-number');
    expect(refusalOf(() => alice.do({ type: 'verify', who: 'bob' }))).to.equal('confirmation-needed');
  });
});

describe('a reset', () => {
  it('holds everything not yet encrypted for an unverified contact, too', async () => {
    const { alice, id } = reset('hold unverified');
    expect(await alice.query({ type: 'message', id })).to.include({
      state: 'held',
      stateReason: 'identity-changed',
    });
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'key changed' });
    expect(alice.send('bob', 'and this').state).to.equal('held');
    expect([...alice.view.list(copiesTable)]).to.deep.equal([]);
    expect(await lastNotice(alice, 'bob')).to.equal('identity-changed');
    const [event] = alice.events.filter(({ type }) => type === 'trust');
    expect(event).to.include({ name: 'bob', trust: 'key changed', signed: false });
  });

  it('never lets ciphertext for the new key leave before somebody decided', async () => {
    const { world, alice, bob, device } = reset('nothing leaves');
    world.advance(86_400_000);
    alice.goOffline();
    alice.restart();
    alice.goOnline();
    world.settle();
    const mailbox = world.relay.byName('bob');
    expect(
      mailbox.deliveries.some(({ devices }) => devices.some((copy) => copy.device === device.id)),
    ).to.equal(false);
    expect(await bob.texts('alice')).to.deep.equal(['hello']);
  });

  it('is released by trust, and what was held reaches the new device in order', async () => {
    const { world, alice, bob, device, id } = reset('release');
    alice.send('bob', 'and this');
    expect(alice.do({ type: 'trust', who: 'bob' })).to.deep.equal({ name: 'bob', released: 2 });
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
    const delivered = world.relay
      .byName('bob')
      .deliveries.filter(({ devices }) => devices.some((copy) => copy.device === device.id))
      .map((delivery) => device.read(alice, delivery).body);
    expect(delivered.map((body) => (body.kind === 'text' ? body.text : body.kind))).to.deep.equal([
      'for bob only',
      'and this',
    ]);
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'unverified' });
    expect(bob.mailbox()).to.deep.equal([]);
  });

  it('of a verified contact is released by a comparison or by naming the key, not by trust alone', async () => {
    const { alice, bob, id } = reset('verified reset', true);
    expect(refusalOf(() => alice.do({ type: 'trust', who: 'bob' }))).to.equal('identity-changed');
    expect(refusalOf(() => alice.do({ type: 'trust', who: 'bob', key: '0'.repeat(64) }))).to.equal(
      'fingerprint-mismatch',
    );
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'held' });
    const key = fingerprintOf(alice, bob);
    expect(alice.do({ type: 'trust', who: 'bob', key })).to.include({ released: 1 });
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'unverified' });
  });

  it('of a verified contact is released by verify with the new number, not with the old one', async () => {
    const { world, alice, bob } = friends('verified again');
    alice.do({ type: 'verify', who: 'bob', confirmed: true });
    const { number: old = '' } = await alice.query({ type: 'fingerprint', who: 'bob' });
    new OtherDevice(bob, 'reset');
    const { id } = alice.send('bob', 'held');
    const { number = '' } = await alice.query({ type: 'fingerprint', who: 'bob' });
    expect(number).not.to.equal(old);
    expect(alice.do({ type: 'verify', who: 'bob', number: old }).matched).to.equal(false);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'held' });
    expect(alice.do({ type: 'verify', who: 'bob', number }).matched).to.equal(true);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'verified' });
    world.settle();
  });

  it('is released by always for an unverified contact only', async () => {
    const unverified = reset('always unverified');
    unverified.alice.send('bob', 'whatever', { trustNewIdentities: 'always' });
    expect(await unverified.alice.query({ type: 'outbox' })).to.deep.equal([]);
    const verified = reset('always verified', true);
    expect(verified.alice.send('bob', 'whatever', { trustNewIdentities: 'always' }).state).to.equal('held');
    expect(await verified.alice.query({ type: 'outbox' })).to.have.length(2);
  });

  it('lets what is held be taken back without a gap', async () => {
    const { world, alice, device, id } = reset('cancel held');
    alice.send('bob', 'the next one');
    expect(alice.do({ type: 'outbox.cancel', id })).to.deep.equal({ cancelled: true });
    alice.do({ type: 'trust', who: 'bob' });
    const [delivery] = world.relay
      .byName('bob')
      .deliveries.filter(({ devices }) => devices.some((copy) => copy.device === device.id));
    if (delivery === undefined) throw new Error('nothing was delivered');
    const content = device.read(alice, delivery);
    expect(content.body).to.include({ text: 'the next one' });
    expect(content.link?.counter).to.equal(1);
  });

  it('shows up in identities with both keys', async () => {
    const { alice, bob } = reset('identities');
    const list = await alice.query({ type: 'identities', who: 'bob' });
    expect(list.map(({ current, trust }) => [current, trust])).to.deep.equal([
      [false, 'unverified'],
      [true, 'key changed'],
    ]);
    expect(list[1]?.fingerprint).to.equal(fingerprintOf(alice, bob));
  });
});

describe('a signed change', () => {
  it('of the devices is one grey line, and nothing is held', async () => {
    const { alice, bob } = friends('replaced');
    alice.do({ type: 'verify', who: 'bob', confirmed: true });
    new OtherDevice(bob, 'replaced');
    const { id } = alice.send('bob', 'to the new device');
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
    expect(await lastNotice(alice, 'bob')).to.equal('devices-changed');
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'verified' });
  });

  it('of the root key keeps the verification, shows a line and says that it was signed', async () => {
    const { alice, bob } = friends('renewed');
    alice.do({ type: 'verify', who: 'bob', confirmed: true });
    new OtherDevice(bob, 'root-renewed');
    const { id } = alice.send('bob', 'to the new key');
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
    expect(await lastNotice(alice, 'bob')).to.equal('key-changed');
    expect(await alice.query({ type: 'contact', who: 'bob' })).to.include({ trust: 'verified' });
    const event = alice.events.findLast(({ type }) => type === 'trust');
    expect(event).to.include({ trust: 'verified', signed: true });
  });

  it('after a reset does not release what the reset holds', async () => {
    const { alice, bob, id } = reset('signed after reset');
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'held' });
    const before = fingerprintOf(alice, bob);
    alice.do({ type: 'distrust', who: 'bob' });
    expect(await alice.query({ type: 'message', id })).to.include({
      state: 'held',
      stateReason: 'distrusted',
    });
    expect(fingerprintOf(alice, bob)).to.equal(before);
  });
});

describe('trust in a new person', () => {
  it('is on first use unless the user wants to be asked', async () => {
    const world = new World('never');
    const alice = world.join('alice');
    world.join('bob');
    const held = alice.send('bob', 'first', { trustNewIdentities: 'never' });
    expect(held.state).to.equal('held');
    expect(await alice.query({ type: 'message', id: held.id })).to.include({
      stateReason: 'identity-unknown',
    });
    expect(world.relay.byName('bob').deliveries).to.deep.equal([]);
    alice.do({ type: 'trust', who: 'bob' });
    expect(await alice.query({ type: 'message', id: held.id })).to.include({ state: 'sent' });
    expect(alice.send('bob', 'second', { trustNewIdentities: 'never' }).state).to.equal('waiting');
  });

  it('can be taken back: distrust holds, trust and verify release', async () => {
    const { alice } = friends('distrust');
    alice.do({ type: 'distrust', who: 'bob' });
    const { id, state } = alice.send('bob', 'held');
    expect(state).to.equal('held');
    expect(await alice.query({ type: 'message', id })).to.include({ stateReason: 'distrusted' });
    expect(alice.do({ type: 'trust', who: 'bob' }).released).to.equal(1);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
  });
});
