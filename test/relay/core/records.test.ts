import { expect } from 'chai';
import { makeDeviceEntry } from '../../../crypto/account/device-entry.ts';
import { makeEnrolment } from '../../../crypto/account/enrolment.ts';
import { makeNextRecord, makeResetRecord } from '../../../crypto/account/make-record.ts';
import { generateKeyPair } from '../../../crypto/keys/keys.ts';
import { CLOSE } from '../../../relay/protocol/frames.ts';
import { makeTestDevice, TEST_TIME_MS, type TestDevice } from '../../support/accounts.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { AUTH_KEY, type Person, person } from './people.ts';
import { envelopeTo, makeRig, type Rig, START_MS, settle } from './rig.ts';

function withDevices(
  who: Person,
  devices: readonly TestDevice[],
  chain = who.chain,
): ReturnType<typeof makeNextRecord> {
  const signer = { kind: 'root', privateKey: who.root.privateKey } as const;
  const entries = devices.map(({ entry }) => entry);
  return makeNextRecord({ chain, devices: entries, signer, timeMs: TEST_TIME_MS }, who.random);
}

function secondDevice(who: Person): TestDevice {
  return makeTestDevice(who.random, who.root, 2);
}

async function submit(rig: Rig, name: string, record: Uint8Array): Promise<string> {
  return (await (await rig.signIn(name)).call('submitRecord', { record })).code;
}

describe('account records at the relay', () => {
  it('grow by compare-and-swap: of 20 successors one wins, the others are told', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    const rivals = Array.from({ length: 20 }, () => withDevices(bob, [bob.device, secondDevice(bob)]).record);
    const codes = await Promise.all(
      rivals.map(async (record) => (await client.call('submitRecord', { record })).code),
    );
    expect(codes.filter((code) => code === 'ok')).to.have.length(1);
    expect(codes.filter((code) => code === 'record-conflict')).to.have.length(19);
    const { records } = (await client.call('fetchOwnRecords', {})).answer;
    expect(records).to.have.length(2);
    expect(records[1]).to.deep.equal(rivals[codes.indexOf('ok')]);
  });

  it('are answered as before when their answer was lost', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const { record } = withDevices(bob, [bob.device]);
    expect(await submit(rig, 'bob', record)).to.equal('ok');
    expect(await submit(rig, 'bob', record)).to.equal('ok');
    expect(await submit(rig, 'bob', bob.registration.record)).to.equal('record-conflict');
  });

  it('come from a sequence on', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const one = withDevices(bob, [bob.device]);
    const two = withDevices(bob, [bob.device], one.chain);
    await submit(rig, 'bob', one.record);
    await submit(rig, 'bob', two.record);
    const client = await rig.signIn('bob');
    const recordsAfter = async (afterSequence: number) =>
      (await client.call('fetchOwnRecords', { afterSequence })).answer.records;
    expect(await recordsAfter(0)).to.deep.equal([one.record, two.record]);
    expect(await recordsAfter(1)).to.deep.equal([two.record]);
    expect(await recordsAfter(2)).to.deep.equal([]);
  });

  it('beyond 100 come in several answers', async () => {
    const rig = makeRig({ limits: { changesPerDay: 1_000 } });
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    const all = [bob.registration.record];
    let { chain } = bob;
    for (let i = 0; i < 102; i++) {
      const next = withDevices(bob, [bob.device], chain);
      chain = next.chain;
      all.push(next.record);
      expect((await client.call('submitRecord', { record: next.record })).code).to.equal('ok');
    }
    const first = (await client.call('fetchOwnRecords', {})).answer.records;
    expect(first).to.deep.equal(all.slice(0, 100));
    expect((await client.call('fetchOwnRecords', { afterSequence: 99 })).answer.records).to.deep.equal(
      all.slice(100),
    );
    const stale = await rig.connect().call('deliver', envelopeTo(bob, 'one'));
    expect(stale.records).to.deep.equal(all.slice(1, 101));
  });

  it('are refused when they are not honest, and nothing changes', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const tampered = withDevices(bob, [bob.device]).record.slice();
    tampered[30] = (tampered[30] ?? 0) ^ 1;
    expect(await submit(rig, 'bob', tampered)).to.be.oneOf(['bad-record', 'record-conflict']);
    expect(await submit(rig, 'bob', new Uint8Array(5))).to.equal('bad-record');
    const eve = person('eve');
    const foreign = makeNextRecord(
      {
        chain: eve.chain,
        devices: [eve.device.entry],
        signer: { kind: 'root', privateKey: eve.root.privateKey },
        timeMs: TEST_TIME_MS,
      },
      eve.random,
    );
    expect(await submit(rig, 'bob', foreign.record)).to.equal('record-conflict');
    const newRoot = generateKeyPair(bob.random, 'identityKey');
    const fresh = makeTestDevice(bob.random, bob.root, 7);
    const reset = makeResetRecord(
      { chain: bob.chain, newRoot, devices: [fresh.entry], timeMs: TEST_TIME_MS },
      bob.random,
    );
    expect(await submit(rig, 'bob', reset.record)).to.equal('bad-record');
    const client = await rig.signIn('bob');
    expect((await client.call('fetchOwnRecords', {})).answer.records).to.have.length(1);
  });

  it('may be signed by a listed device, from a password session too', async () => {
    const rig = makeRig();
    const bob = person('bob');
    await rig.connect().call('register', { ...bob.registration, authKey: AUTH_KEY });
    const client = rig.connect();
    await client.call('passwordSignIn', { username: 'bob', authKey: AUTH_KEY });
    const { record } = makeNextRecord(
      {
        chain: bob.chain,
        devices: [bob.device.entry],
        signer: { kind: 'device', deviceId: 1, privateKey: bob.device.keyPair.privateKey },
        timeMs: TEST_TIME_MS,
      },
      bob.random,
    );
    expect((await client.call('submitRecord', { record })).code).to.equal('ok');
  });

  it('by an enrolment key count until its time is over', async () => {
    const bob = person('bob');
    const signed = (notAfterMs: number) => {
      const keyPair = generateKeyPair(bob.random, 'identityKey');
      const enrolment = makeEnrolment(
        { accountId: bob.chain.accountId, issuer: 1, enrolmentKey: keyPair.publicKey, notAfterMs },
        bob.device.keyPair.privateKey,
        bob.random,
      );
      const signer = { kind: 'enrolment', privateKey: keyPair.privateKey, enrolment } as const;
      const devices = [secondDevice(bob).entry];
      return makeNextRecord({ chain: bob.chain, devices, signer, timeMs: TEST_TIME_MS }, bob.random).record;
    };
    const rig = makeRig();
    await rig.register('bob');
    expect(await submit(rig, 'bob', signed(START_MS))).to.equal('bad-record');
    expect(await submit(rig, 'bob', signed(START_MS + 1))).to.equal('ok');
  });

  it('may not list a device key of another account', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const shared = secondDevice(bob);
    expect(await submit(rig, 'bob', withDevices(bob, [bob.device, shared]).record)).to.equal('ok');
    const eve = await rig.register('eve');
    // Eve has the private key too, so the device's own signature in her list is good; it is still one account's.
    const params = { firstRootKey: eve.root.publicKey, id: 2, registrationId: 1_002 };
    const entry = makeDeviceEntry({ ...params, identityKeyPair: shared.keyPair }, eve.random);
    const theft = withDevices(eve, [eve.device, { keyPair: shared.keyPair, entry }]);
    expect(await submit(rig, 'eve', theft.record)).to.equal('key-taken');
    const client = await rig.signIn('eve');
    expect((await client.call('fetchOwnRecords', {})).answer.records).to.have.length(1);
  });

  it('that drop a device end its session and take its mail', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const second = secondDevice(bob);
    const added = withDevices(bob, [bob.device, second]);
    await submit(rig, 'bob', added.record);
    const first = await rig.signIn('bob');
    const other = rig.connect();
    await other.signIn(bob, { token: seededBytes('second device', 32), device: second });
    const devices = [bob.device, second].map(({ entry }) => ({
      device: entry.id,
      registrationId: entry.registrationId,
      bytes: seededBytes('m', 10),
    }));
    const sent = await rig.connect().call('deliver', envelopeTo(bob, 'm', { recordSequence: 1, devices }));
    expect(sent.code).to.equal('ok');
    const removed = withDevices(bob, [bob.device], added.chain);
    expect((await first.call('submitRecord', { record: removed.record })).code).to.equal('ok');
    expect(await other.untilClosed()).to.equal(CLOSE.sessionRevoked);
    expect(first.closedWith).to.equal(undefined);
    const again = rig.connect();
    const request = again.signInRequest(bob, { token: seededBytes('second device', 32), device: second });
    expect((await again.call('signIn', request)).code).to.equal('bad-signature');
    expect((await rig.relay.stats()).messages).to.equal(1);
  });

  it('that drop the device which sent them answer it before its connection ends', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    const { record } = withDevices(bob, [secondDevice(bob)]);
    expect((await client.call('submitRecord', { record })).code).to.equal('ok');
    expect(client.closedWith).to.equal(CLOSE.sessionRevoked);
  });

  it('are announced to the other devices', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const second = secondDevice(bob);
    const added = withDevices(bob, [bob.device, second]);
    const first = await rig.signIn('bob');
    await first.call('submitRecord', { record: added.record });
    const other = rig.connect();
    await other.signIn(bob, { token: seededBytes('second device', 32), device: second });
    const next = withDevices(bob, [bob.device, second], added.chain);
    await other.call('submitRecord', { record: next.record });
    await settle();
    expect(first.eventsOf('recordChanged')).to.have.length(1);
    expect(other.eventsOf('recordChanged')).to.have.length(0);
  });

  it('can be changed so often a day, and the wait is told', async () => {
    const rig = makeRig({ limits: { changesPerDay: 1 } });
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    const { record } = withDevices(bob, [bob.device]);
    expect((await client.call('submitRecord', { record })).code).to.equal('ok');
    const refused = await client.call('setAuthKey', { authKey: AUTH_KEY });
    expect(refused.code).to.equal('rate-limited');
    expect(refused.retryAfterMs).to.be.within(1, 86_400_000);
    rig.clock.ms += 86_400_000;
    expect((await client.call('setAuthKey', { authKey: AUTH_KEY })).code).to.equal('ok');
  });
});

describe('auth key', () => {
  it('is set and removed by a device', async () => {
    const rig = makeRig();
    await rig.register('bob');
    const client = await rig.signIn('bob');
    const login = async () =>
      (await rig.connect().call('passwordSignIn', { username: 'bob', authKey: AUTH_KEY })).code;
    expect(await login()).to.equal('login-refused');
    expect((await client.call('setAuthKey', { authKey: AUTH_KEY })).code).to.equal('ok');
    expect(await login()).to.equal('ok');
    expect((await client.call('setAuthKey', {})).code).to.equal('ok');
    expect(await login()).to.equal('login-refused');
    expect((await client.call('setAuthKey', { authKey: 'x' })).code).to.equal('bad-request');
  });
});
