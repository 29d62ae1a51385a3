/** More than one device on the other side: lists that change, copies for each, keys that do not fit. */

import { expect } from 'chai';
import { deviceKey } from '../../../client/core/tables/define.ts';
import { peersTable, sessionsTable } from '../../../client/core/tables/people.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import type { BundlesResponse, DeliverRequest } from '../../../relay/protocol/operations.ts';
import { type Actor, acquaint, World } from '../../support/account-world.ts';
import { StaleDevices } from '../../support/operation-relay.ts';
import { OtherDevice } from '../../support/other-device.ts';

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

function deliverRequests(world: World): DeliverRequest[] {
  return world.relay.log
    .filter(({ operation }) => operation === 'deliver')
    .map(({ request }) => request as DeliverRequest);
}

describe('a device list that changed', () => {
  it('gives the new device a copy and repeats the old one byte for byte, under the same envelope id', async () => {
    const { world, alice, bob } = friends('added');
    const tablet = new OtherDevice(bob, 'added');
    const before = deliverRequests(world).length;
    alice.send('bob', 'for both');
    const [first, second, ...more] = deliverRequests(world).slice(before);
    expect(more).to.deep.equal([]);
    expect(first?.devices.map(({ device }) => device)).to.deep.equal([1]);
    expect(second?.devices.map(({ device }) => device)).to.deep.equal([1, tablet.id]);
    expect(second?.devices[0]).to.deep.equal(first?.devices[0]);
    expect(second?.envelopeId).to.deep.equal(first?.envelopeId);
    if (second === undefined) throw new Error('no second delivery');
    expect(tablet.read(alice, second).body).to.include({ text: 'for both' });
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'for both']);
  });

  it('is known from then on: the next message reaches both at the first try', () => {
    const { world, alice, bob } = friends('known');
    const tablet = new OtherDevice(bob, 'added');
    alice.send('bob', 'one');
    const before = deliverRequests(world).length;
    alice.send('bob', 'two');
    const requests = deliverRequests(world).slice(before);
    expect(requests.map(({ devices }) => devices.map(({ device }) => device))).to.deep.equal([
      [1, tablet.id],
    ]);
    const [delivery] = requests;
    if (delivery === undefined) throw new Error('nothing was delivered');
    // The tablet has not answered, so each of its copies still begins the session.
    expect(tablet.read(alice, delivery).body).to.include({ text: 'two' });
  });

  it('takes the session of a removed device away', () => {
    const { alice, bob } = friends('removed');
    expect(alice.view.get(sessionsTable, deviceKey(bob.id, 1))).not.to.equal(undefined);
    const tablet = new OtherDevice(bob, 'replaced');
    alice.send('bob', 'to the tablet');
    expect(alice.view.get(sessionsTable, deviceKey(bob.id, 1))).to.equal(undefined);
    expect(alice.view.get(peersTable, bob.id)?.devices.map(({ id }) => id)).to.deep.equal([tablet.id]);
  });

  it('with records that nobody signed is not believed, and nothing goes out', async () => {
    const { world, alice, bob } = friends('forged records');
    const mallory = world.join('mallory');
    const forged = world.relay.byName('mallory').records;
    world.relay.intercept = (operation) => {
      if (operation === 'deliver') throw new StaleDevices(forged);
      return undefined;
    };
    const { id } = alice.send('bob', 'for bob');
    expect(await alice.query({ type: 'outbox' })).to.have.length(1);
    expect((await alice.query({ type: 'outbox' }))[0]).to.include({ reason: 'bad-record-chain' });
    world.relay.intercept = undefined;
    world.advance(60_000);
    expect(await alice.query({ type: 'message', id })).to.include({ state: 'sent' });
    expect(await bob.texts('alice')).to.deep.equal(['hello', 'for bob']);
    expect(mallory.mailbox()).to.deep.equal([]);
  });

  it('that the relay claims without showing one does not send the account in circles', () => {
    const { world, alice } = friends('circles');
    let asked = 0;
    world.relay.intercept = (operation) => {
      if (operation !== 'deliver') return undefined;
      asked++;
      throw new StaleDevices([]);
    };
    alice.send('bob', 'again and again?');
    expect(asked).to.be.lessThan(5);
    world.advance(60_000);
    expect(asked).to.be.lessThan(15);
  });

  it('is learnt from a content that names a newer record', async () => {
    const { world, alice, bob } = friends('newer record');
    new OtherDevice(bob, 'added');
    bob.input({ kind: 'link', link: 'home', state: 'up', info: { recordChanged: true } });
    world.settle();
    bob.send('alice', 'i have a tablet now');
    expect(alice.view.get(peersTable, bob.id)?.sequence).to.equal(1);
    expect((await alice.history('bob')).map(({ kind }) => kind)).to.include('notice');
  });
});

describe('a key bundle', () => {
  function withBundle(
    seed: string,
    change: (bundle: BundlesResponse['bundles'][number], mallory: BundlesResponse) => object,
  ): { world: World; alice: Actor; bob: Actor } {
    const world = new World(seed);
    const alice = world.join('alice');
    const bob = world.join('bob');
    const mallory = world.join('mallory');
    const request = { account: mallory.id, devices: [] };
    const foreign = world.relay.request('fetchBundles', request, alice.id) as BundlesResponse;
    let inside = false;
    world.relay.intercept = (operation, body) => {
      if (operation !== 'fetchBundles' || inside) return undefined;
      inside = true;
      const honest = world.relay.request(operation, body, alice.id) as BundlesResponse;
      inside = false;
      return {
        ...honest,
        bundles: honest.bundles.map((bundle) => ({ ...bundle, ...change(bundle, foreign) })),
      };
    };
    alice.send('bob', 'for bob');
    return { world, alice, bob };
  }

  const forgeries: Record<string, Parameters<typeof withBundle>[1]> = {
    'of another identity key': (_, { bundles }) => ({ ...bundles[0], device: 1 }),
    'with another registration id': ({ registrationId }) => ({
      registrationId: (registrationId % 16_000) + 1,
    }),
    'whose signed pre-key has another signature': ({ signedPreKey, kemPreKey }) => ({
      signedPreKey: { ...signedPreKey, signature: kemPreKey.signature },
    }),
    'whose KEM pre-key belongs to somebody else': (_, { bundles }) => ({ kemPreKey: bundles[0]?.kemPreKey }),
  };
  for (const [what, change] of Object.entries(forgeries)) {
    it(`${what} begins no session, and nothing is sent until an honest one comes`, async () => {
      const { world, alice, bob } = withBundle(`bundle ${what}`, change);
      expect(alice.view.get(sessionsTable, deviceKey(bob.id, 1))).to.equal(undefined);
      expect((await alice.query({ type: 'outbox' }))[0]).to.include({
        state: 'waiting',
        reason: 'bad-bundle',
      });
      expect(world.relay.byName('bob').deliveries).to.deep.equal([]);
      world.relay.intercept = undefined;
      world.advance(60_000);
      expect(await bob.query({ type: 'requests' })).to.have.length(1);
    });
  }

  it('that is missing is asked for again later, not at once', () => {
    const world = new World('no keys');
    const alice = world.join('alice');
    world.join('bob');
    let asked = 0;
    world.relay.intercept = (operation) => {
      if (operation !== 'fetchBundles') return undefined;
      asked++;
      return { recordSequence: 0, bundles: [] };
    };
    alice.send('bob', 'for bob');
    expect(asked).to.equal(1);
    world.advance(10_000);
    expect(asked).to.be.within(2, 5);
  });
});
