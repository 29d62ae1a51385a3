/** Pre-keys: how many, in which uploads, when they are replaced, and when they are gone. */

import { expect } from 'chai';
import { preKeyState } from '../../../client/core/prekeys.ts';
import { deviceKey, numberKey } from '../../../client/core/tables/define.ts';
import {
  kemPreKeysTable,
  preKeysTable,
  signedPreKeysTable,
  uploadsTable,
} from '../../../client/core/tables/own.ts';
import { sessionsTable } from '../../../client/core/tables/people.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import type { PreKeyUpload } from '../../../relay/protocol/operations.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';

const DAY_MS = 86_400_000;
const FIRST_DEVICE = 1;

before(async () => {
  await ready();
});

function uploads(world: World): PreKeyUpload[] {
  return world.relay.log
    .filter(({ operation }) => operation === 'uploadPreKeys')
    .map(({ request }) => request as PreKeyUpload);
}

function keysAtRelay(world: World, actor: Actor) {
  const keys = world.relay.byName(actor.name).keys.get(FIRST_DEVICE);
  if (keys === undefined) throw new Error('no keys');
  return keys;
}

describe('the pre-keys of a new account', () => {
  it('go up with the registration, 40 of each kind, and are filled up to 100 in uploads of at most 40', () => {
    const world = new World('first keys');
    const alice = world.join('alice');
    expect(world.relay.counts(alice.id)).to.deep.equal({ oneTimePreKeys: 40, oneTimeKemPreKeys: 40 });
    world.advance(5 * 60_000);
    expect(world.relay.counts(alice.id)).to.deep.equal({ oneTimePreKeys: 100, oneTimeKemPreKeys: 100 });
    expect(uploads(world).map(({ oneTimePreKeys }) => oneTimePreKeys.length)).to.deep.equal([40, 20]);
    expect([...alice.view.list(uploadsTable)]).to.deep.equal([]);
  });

  it('have random 24-bit ids, none twice', () => {
    const world = new World('ids');
    const alice = world.join('alice');
    const { oneTime, oneTimeKem, signed, lastResort } = keysAtRelay(world, alice);
    for (const list of [oneTime, oneTimeKem]) {
      const ids = list.map(({ id }) => id);
      expect(new Set(ids).size).to.equal(40);
      for (const id of ids) expect(id).to.be.within(1, 0xff_ffff);
      expect(Math.max(...ids)).to.be.greaterThan(0xf_ffff);
      const steps = ids.slice(1).map((id, i) => id - (ids[i] ?? 0));
      expect(steps.every((step) => step === 1)).to.equal(false);
    }
    expect(signed?.id).not.to.equal(lastResort?.id);
  });
});

describe('one-time keys', () => {
  it('go to contacts only; strangers get the last-resort set', () => {
    const world = new World('strangers');
    const alice = world.join('alice');
    const bob = world.join('bob');
    bob.send('alice', 'hello');
    expect(world.relay.counts(alice.id)).to.deep.equal({ oneTimePreKeys: 40, oneTimeKemPreKeys: 40 });
    alice.do({ type: 'requests.accept', who: 'bob' });
    expect(alice.view.get(kemPreKeysTable, numberKey(preKeyState(alice.view).lastResortId))).not.to.equal(
      undefined,
    );
  });

  it('are topped up when the relay says that few are left, after a random wait', () => {
    const world = new World('low');
    const alice = world.join('alice');
    world.advance(10 * 60_000);
    const keys = keysAtRelay(world, alice);
    keys.oneTime.splice(0, 60);
    keys.oneTimeKem.splice(0, 60);
    const before = uploads(world).length;
    const preKeys = world.relay.counts(alice.id);
    alice.input({ kind: 'link', link: 'home', state: 'up', info: { preKeys } });
    world.settle();
    expect(uploads(world)).to.have.length(before);
    world.advance(5 * 60_000);
    expect(world.relay.counts(alice.id)).to.deep.equal({ oneTimePreKeys: 100, oneTimeKemPreKeys: 100 });
  });

  it('are topped up at once when hardly any are left', () => {
    const world = new World('urgent');
    const alice = world.join('alice');
    world.advance(10 * 60_000);
    const keys = keysAtRelay(world, alice);
    keys.oneTime.length = 5;
    keys.oneTimeKem.length = 5;
    const preKeys = world.relay.counts(alice.id);
    alice.input({ kind: 'link', link: 'home', state: 'up', info: { preKeys } });
    world.settle();
    expect(world.relay.counts(alice.id)).to.deep.equal({ oneTimePreKeys: 100, oneTimeKemPreKeys: 100 });
  });

  it('of an upload whose answer was lost are never handed out twice', () => {
    const world = new World('lost upload');
    const alice = world.join('alice');
    world.advance(10 * 60_000);
    const keys = keysAtRelay(world, alice);
    keys.oneTime.length = 5;
    keys.oneTimeKem.length = 5;
    alice.input({ kind: 'link', link: 'home', state: 'up', info: { preKeys: world.relay.counts(alice.id) } });
    alice.loseAnswers();
    alice.goOffline();
    // Somebody takes one of the new keys meanwhile.
    const taken = keys.oneTime.pop()?.id;
    alice.restart();
    alice.goOnline();
    world.settle();
    world.advance(10 * 60_000);
    expect(keys.oneTime.map(({ id }) => id)).not.to.include(taken);
    const ids = keys.oneTime.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('are deleted by the first message that used them', () => {
    const world = new World('used');
    const alice = world.join('alice');
    const bob = world.join('bob');
    acquaint(bob, alice);
    // A contact fetches a bundle for a new session.
    const key = deviceKey(alice.id, FIRST_DEVICE);
    bob.view.commit({ writes: [{ kind: 'delete', table: sessionsTable, key }], spent: [] });
    const before = alice.view.keysOf(preKeysTable.name).length;
    const kemBefore = alice.view.keysOf(kemPreKeysTable.name).length;
    bob.send('alice', 'with fresh keys');
    expect(alice.view.keysOf(preKeysTable.name)).to.have.length(before - 1);
    expect(alice.view.keysOf(kemPreKeysTable.name)).to.have.length(kemBefore - 1);
  });
});

describe('the signed and the last-resort key', () => {
  it('are replaced within 7 days, and the old ones are wiped 31 days after the relay has the new', () => {
    const world = new World('rotation');
    const alice = world.join('alice');
    const first = preKeyState(alice.view);
    world.advance(7 * DAY_MS);
    const second = preKeyState(alice.view);
    expect(second.signedId).not.to.equal(first.signedId);
    expect(second.lastResortId).not.to.equal(first.lastResortId);
    expect(keysAtRelay(world, alice).signed?.id).to.equal(second.signedId);
    expect(keysAtRelay(world, alice).lastResort?.id).to.equal(second.lastResortId);
    world.advance(29 * DAY_MS);
    expect(alice.view.get(signedPreKeysTable, numberKey(first.signedId))).not.to.equal(undefined);
    expect(alice.view.get(kemPreKeysTable, numberKey(first.lastResortId))).not.to.equal(undefined);
    world.advance(2 * DAY_MS);
    expect(alice.view.get(signedPreKeysTable, numberKey(first.signedId))).to.equal(undefined);
    expect(alice.view.get(kemPreKeysTable, numberKey(first.lastResortId))).to.equal(undefined);
  });

  it('that were replaced still open what was on its way', async () => {
    const world = new World('old key');
    const alice = world.join('alice');
    const bob = world.join('bob');
    alice.goOffline();
    bob.send('alice', 'written before the rotation');
    alice.goOnline();
    // The mail is held back by the relay until the keys were replaced.
    const held = world.relay.byName('alice').mailbox.splice(0);
    world.advance(8 * DAY_MS);
    world.relay.byName('alice').mailbox.push(...held);
    alice.goOffline();
    alice.goOnline();
    world.settle();
    expect(await alice.query({ type: 'requests' })).to.have.length(1);
  });

  it('are not wiped while the relay has not confirmed the new ones', () => {
    const world = new World('unconfirmed');
    const alice = world.join('alice');
    const first = preKeyState(alice.view);
    alice.goOffline();
    world.advance(60 * DAY_MS);
    expect(alice.view.get(signedPreKeysTable, numberKey(first.signedId))).not.to.equal(undefined);
    alice.goOnline();
    world.settle();
    expect(keysAtRelay(world, alice).signed?.id).to.equal(preKeyState(alice.view).signedId);
  });
});
