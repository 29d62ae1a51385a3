import { expect } from 'chai';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import { CLOSE } from '../../../relay/protocol/frames.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { person, uploadOf } from './people.ts';
import { makeRig, type Rig, settle, type TestClient } from './rig.ts';

describe('look-up', () => {
  it('finds exact names in every spelling, with id and records', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const alice = await rig.signIn('alice');
    const { code, answer } = await alice.call('lookUp', { username: 'BoB' });
    expect(code).to.equal('ok');
    expect(answer.account).to.deep.equal(new Uint8Array(bob.account));
    expect(answer.records).to.deep.equal([bob.registration.record]);
  });

  it('finds no unknown name, no impossible one, and no unlisted account but the own', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const alice = await rig.signIn('alice');
    const client = await rig.signIn('bob');
    await client.call('setListed', { listed: false });
    const find = async (who: TestClient, username: string) => (await who.call('lookUp', { username })).code;
    for (const name of ['nobody', '?', 'bob']) expect(await find(alice, name)).to.equal('not-found');
    expect(await find(client, 'bob')).to.equal('ok');
    const { account } = bob;
    expect((await alice.call('fetchRecords', { account })).code).to.equal('not-found');
    expect((await alice.call('fetchBundles', { account, devices: [] })).code).to.equal('not-found');
    expect((await client.call('fetchRecords', { account })).code).to.equal('ok');
    await client.call('setListed', { listed: true });
    expect(await find(alice, 'bob')).to.equal('ok');
  });

  it('has a budget per account and day, which unknown names use up too', async () => {
    const rig = makeRig({ limits: { lookUpsPerDay: 3 } });
    const alice = await rig.signIn('alice');
    const { account } = await rig.register('bob');
    await alice.call('lookUp', { username: 'bob' });
    await alice.call('lookUp', { username: 'nobody' });
    expect((await alice.call('fetchRecords', { account })).code).to.equal('ok');
    const again = await rig.signIn('alice');
    const refused = await again.call('lookUp', { username: 'bob' });
    expect(refused.code).to.equal('rate-limited');
    rig.clock.ms += refused.retryAfterMs ?? 0;
    expect((await again.call('lookUp', { username: 'bob' })).code).to.equal('ok');
  });
});

describe('fetching with a capability', () => {
  const fetch = async (client: TestClient, capability: Uint8Array, name = 'bob') =>
    (await client.call('fetchRecords', { account: person(name).account, capability })).code;

  it('gives records to an anonymous connection, also of an unlisted account', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await (await rig.signIn('bob')).call('setListed', { listed: false });
    const { code, answer } = await rig
      .connect()
      .call('fetchRecords', { account: bob.account, capability: bob.capability });
    expect([code, answer.records]).to.deep.equal(['ok', [bob.registration.record]]);
  });

  it('is refused with an unknown one, one of another account and a retired one', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await rig.register('carol');
    const client = rig.connect();
    expect(await fetch(client, seededBytes('guess', 32))).to.equal('capability-unknown');
    expect(await fetch(client, bob.capability, 'carol')).to.equal('capability-unknown');
    const owner = await rig.signIn('bob');
    await owner.call('endCapability', { hash: sha256(bob.capability), end: 2 });
    expect(await fetch(client, bob.capability)).to.equal('capability-retired');
  });

  it('goes on as before when it is swallowed', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await (await rig.signIn('bob')).call('endCapability', { hash: sha256(bob.capability), end: 3 });
    expect(await fetch(rig.connect(), bob.capability)).to.equal('ok');
  });

  it('closes the connection that guesses', async () => {
    const rig = makeRig({ limits: { wrongCapabilities: 3 } });
    await rig.register('bob');
    const client = rig.connect();
    for (let i = 0; i < 3; i++) {
      expect(client.closedWith).to.equal(undefined);
      expect(await fetch(client, seededBytes(`guess ${i}`, 32))).to.equal('capability-unknown');
    }
    expect(client.closedWith).to.equal(CLOSE.policyViolation);
  });
});

describe('bundles', () => {
  const fetch = async (client: TestClient, capability?: Uint8Array, devices: readonly number[] = []) => {
    const request = { account: person('bob').account, devices };
    return client.call('fetchBundles', capability === undefined ? request : { ...request, capability });
  };
  const addressCapability = seededBytes('address capability', 32);

  async function rigWithBob(limits: Parameters<typeof makeRig>[0] = {}): Promise<Rig> {
    const rig = makeRig(limits);
    await rig.register('bob');
    const owner = await rig.signIn('bob');
    await owner.call('registerCapabilities', {
      capabilities: [{ hash: sha256(addressCapability), kind: 2 }],
    });
    return rig;
  }

  it('give a contact one one-time key of each kind, never the same twice', async () => {
    const rig = await rigWithBob();
    const bob = person('bob');
    const { answer } = await fetch(rig.connect(), bob.capability);
    const { preKeys } = bob.registration;
    expect(answer.recordSequence).to.equal(0);
    expect(answer.bundles).to.deep.equal([
      {
        device: 1,
        registrationId: bob.device.entry.registrationId,
        identityKey: new Uint8Array(bob.device.entry.identityKey),
        signedPreKey: plain(preKeys.signedPreKey),
        kemPreKey: plain(preKeys.oneTimeKemPreKeys[0]),
        oneTimePreKey: plain(preKeys.oneTimePreKeys[0]),
      },
    ]);
    const next = (await fetch(rig.connect(), bob.capability)).answer.bundles[0];
    expect([next?.oneTimePreKey?.id, next?.kemPreKey.id]).to.deep.equal([101, 101]);
    const last = (await fetch(rig.connect(), bob.capability)).answer.bundles[0];
    expect([last?.oneTimePreKey, last?.kemPreKey.id]).to.deep.equal([undefined, 2]);
  });

  it('have one winner per one-time key among 20 at a time', async () => {
    const rig = await rigWithBob();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fetch(rig.connect(), person('bob').capability)),
    );
    const ids = answers.flatMap(({ answer }) => answer.bundles.map(({ oneTimePreKey }) => oneTimePreKey?.id));
    expect(ids.filter((id) => id !== undefined).sort()).to.deep.equal([100, 101]);
  });

  it('give strangers and holders of an address the last-resort set only', async () => {
    const rig = await rigWithBob();
    for (const answered of [
      await fetch(await rig.signIn('alice')),
      await fetch(rig.connect(), addressCapability),
    ]) {
      const bundle = answered.answer.bundles[0];
      expect([bundle?.oneTimePreKey, bundle?.kemPreKey.id]).to.deep.equal([undefined, 2]);
    }
    const counts = (await (await rig.signIn('bob')).call('countPreKeys', {})).answer;
    expect(counts).to.deep.equal({ oneTimePreKeys: 2, oneTimeKemPreKeys: 2 });
  });

  it('beyond the daily share of a contact are the last-resort set, so that nobody empties the pool', async () => {
    const rig = await rigWithBob({ limits: { oneTimeBundlesPerDay: 1 } });
    const { capability } = person('bob');
    const ids = async () => (await fetch(rig.connect(), capability)).answer.bundles[0]?.oneTimePreKey?.id;
    expect([await ids(), await ids()]).to.deep.equal([100, undefined]);
    rig.clock.ms += 86_400_000;
    expect(await ids()).to.equal(101);
  });

  it('for strangers are limited per requester and per target', async () => {
    const rig = await rigWithBob({ limits: { strangerBundlesPerDay: 2, targetBundlesPerDay: 3 } });
    const [alice, carol] = [await rig.signIn('alice'), await rig.signIn('carol')];
    expect((await fetch(alice)).code).to.equal('ok');
    expect((await fetch(alice)).code).to.equal('ok');
    expect((await fetch(alice)).code).to.equal('rate-limited');
    expect((await fetch(carol)).code).to.equal('ok');
    expect((await fetch(carol)).code).to.equal('rate-limited');
    expect((await fetch(rig.connect(), person('bob').capability)).code).to.equal('ok');
  });

  it('of devices that are not there are no keys', async () => {
    const rig = await rigWithBob();
    expect((await fetch(rig.connect(), person('bob').capability, [1, 2])).answer.bundles).to.have.length(1);
    expect((await fetch(rig.connect(), person('bob').capability, [2])).code).to.equal('no-keys');
    const alice = await rig.signIn('alice');
    const unknown = await alice.call('fetchBundles', { account: seededBytes('nobody', 16), devices: [] });
    expect(unknown.code).to.equal('not-found');
  });

  it('tell their owner once that keys run low, and again after a refill', async () => {
    const rig = await rigWithBob();
    const bob = person('bob');
    const owner = await rig.signIn('bob');
    await fetch(rig.connect(), bob.capability);
    await fetch(rig.connect(), bob.capability);
    expect(owner.eventsOf('preKeysLow')).to.deep.equal([{ oneTimePreKeys: 1, oneTimeKemPreKeys: 1 }]);
    await owner.call('uploadPreKeys', uploadOf(bob.random, bob.device, 200, 30));
    await fetch(rig.connect(), bob.capability);
    await settle();
    expect(owner.eventsOf('preKeysLow')).to.have.length(1);
  });
});

describe('pre-key upload', () => {
  it('adds one-time keys and replaces the signed ones', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    const upload = uploadOf(bob.random, bob.device, 200, 3, true);
    expect((await client.call('uploadPreKeys', upload)).answer).to.deep.equal({
      oneTimePreKeys: 5,
      oneTimeKemPreKeys: 5,
    });
    const alice = await rig.signIn('alice');
    const { bundles } = (await alice.call('fetchBundles', { account: bob.account, devices: [] })).answer;
    expect(bundles[0]?.signedPreKey).to.deep.equal(plain(upload.signedPreKey));
    expect(bundles[0]?.kemPreKey).to.deep.equal(plain(upload.lastResortKemPreKey));
  });

  it('is refused when the device did not sign it, and as a whole', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    const good = uploadOf(bob.random, bob.device, 300, 2);
    const foreign = uploadOf(bob.random, person('eve').device, 400, 1);
    const mixed = {
      ...good,
      oneTimeKemPreKeys: [...good.oneTimeKemPreKeys, ...foreign.oneTimeKemPreKeys],
    };
    expect((await client.call('uploadPreKeys', mixed)).code).to.equal('bad-signature');
    expect((await client.call('countPreKeys', {})).answer.oneTimePreKeys).to.equal(2);
  });

  it('stops at the limit of one-time keys exactly', async () => {
    const rig = makeRig({ limits: { oneTimeKeys: 5 } });
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    const code = async (first: number, count: number) =>
      (await client.call('uploadPreKeys', uploadOf(bob.random, bob.device, first, count))).code;
    expect(await code(200, 4)).to.equal('quota-exceeded');
    expect(await code(200, 3)).to.equal('ok');
    expect(await code(300, 1)).to.equal('quota-exceeded');
  });
});

/** Decoded messages hold plain byte arrays. */
function plain<T extends object>(value: T | undefined): unknown {
  if (value === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      each instanceof Uint8Array ? new Uint8Array(each) : each,
    ]),
  );
}
