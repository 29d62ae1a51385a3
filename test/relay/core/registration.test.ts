import { expect } from 'chai';
import { makeDeviceEntry } from '../../../crypto/account/device-entry.ts';
import { makeFirstRecord } from '../../../crypto/account/make-record.ts';
import { SIGNER } from '../../../crypto/account/record-codec.ts';
import { generateKeyPair } from '../../../crypto/keys/keys.ts';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import type { RegisterRequest } from '../../../relay/protocol/operations.ts';
import { openMemoryStore } from '../../../relay/store/memory.ts';
import { TEST_TIME_MS } from '../../support/accounts.ts';
import { forgeRecord } from '../../support/record-forge.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { AUTH_KEY, makePerson, person, relayFingerprint, uploadOf } from './people.ts';
import { makeRig, type Rig, settle } from './rig.ts';

describe('registration at the relay', () => {
  it('is not confirmed to a repetition before it is durable', async () => {
    const rig = makeRig();
    const { registration } = person('bob');
    let letThrough = (): void => {};
    rig.disk.beforeWrite = () =>
      new Promise((resolve) => {
        letThrough = resolve;
      });
    const answered: string[] = [];
    const register = async (name: string) => {
      const { code } = await rig.connect().call('register', registration);
      answered.push(`${name} ${code}`);
    };
    const first = register('first');
    await settle();
    const second = register('second');
    await settle();
    expect(answered).to.deep.equal([]);
    letThrough();
    await Promise.all([first, second]);
    expect(answered.toSorted()).to.deep.equal(['first ok', 'second ok']);
  });

  const attempt = async (rig: Rig, request: RegisterRequest) =>
    (await rig.connect().call('register', request)).code;

  it('makes an account with keys, capabilities and a session, in one request', async () => {
    const rig = makeRig();
    const bob = person('bob');
    const { code, answer } = await rig.connect().call('register', { ...bob.registration, label: 'laptop' });
    expect(code).to.equal('ok');
    expect(answer.account).to.deep.equal(new Uint8Array(bob.account));
    const client = rig.connect();
    expect(await client.signIn(bob)).to.deep.equal({
      recordSequence: 0,
      preKeys: { oneTimePreKeys: 2, oneTimeKemPreKeys: 2 },
      waiting: 0,
    });
    const { sessions } = (await client.call('listSessions', {})).answer;
    expect(sessions.map(({ label, current }) => [label, current])).to.deep.equal([['laptop', true]]);
    expect((await rig.relay.stats()).accounts).to.equal(1);
  });

  it('is answered as before when its answer was lost', async () => {
    const rig = makeRig();
    const bob = person('bob');
    const answers = await Promise.all([1, 2, 3].map(() => rig.connect().call('register', bob.registration)));
    expect(answers.map(({ code }) => code)).to.deep.equal(['ok', 'ok', 'ok']);
    expect((await rig.relay.stats()).accounts).to.equal(1);
    const withKey = { ...bob.registration, authKey: AUTH_KEY };
    expect(await attempt(rig, withKey)).to.equal('ok');
    const login = await rig.connect().call('passwordSignIn', { username: 'bob', authKey: AUTH_KEY });
    expect(login.code).to.equal('login-refused');
  });

  it('may be followed at once by signing in on the same connection', async () => {
    const rig = makeRig();
    const bob = person('bob');
    const client = rig.connect();
    const registered = client.call('register', bob.registration);
    const signedIn = client.call('signIn', client.signInRequest(bob));
    expect((await registered).code).to.equal('ok');
    expect((await signedIn).code).to.equal('ok');
    expect((await client.call('register', bob.registration)).code).to.equal('already-signed-in');
  });

  it('gives a name to one account only', async () => {
    const rig = makeRig();
    await rig.register('bob');
    const twin = makePerson('bob', 'another bob');
    expect(await attempt(rig, twin.registration)).to.equal('name-taken');
    expect(await attempt(rig, { ...twin.registration, authKey: AUTH_KEY })).to.equal('name-taken');
  });

  it('never says whether a name is taken where an invitation is needed', async () => {
    const rig = makeRig({ open: false });
    expect(await attempt(rig, person('bob').registration)).to.equal('invite-refused');
    const broken = { ...person('bob').registration, record: new Uint8Array(0), inviteCode: 'code' };
    expect(await attempt(rig, broken)).to.equal('invite-refused');
  });

  it('answers the repetition of a lost answer also where an invitation is needed by now', async () => {
    const open = makeRig();
    const bob = await open.register('bob');
    const rig = makeRig({ open: false, store: openMemoryStore(open.disk) });
    const { code, answer } = await rig.connect().call('register', bob.registration);
    expect(code).to.equal('ok');
    expect(answer.account).to.deep.equal(new Uint8Array(bob.account));
    const twin = makePerson('bob', 'another bob');
    expect(await attempt(rig, twin.registration)).to.equal('invite-refused');
  });

  it('refuses records that are not a record 0 of this relay', async () => {
    const rig = makeRig();
    const { registration } = person('bob');
    const elsewhere = makePerson('bob', 'bob elsewhere', seededBytes('another relay', 32));
    const forged = registration.record.slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    const tampered = registration.record.slice();
    tampered[20] = (tampered[20] ?? 0) ^ 1;
    for (const record of [new Uint8Array(0), elsewhere.registration.record, forged, tampered]) {
      expect(await attempt(rig, { ...registration, record })).to.equal('bad-record');
    }
  });

  it('refuses keys that its device did not sign, that are missing, doubled or malformed', async () => {
    const rig = makeRig();
    const { registration, random } = person('bob');
    const { preKeys } = registration;
    const foreign = uploadOf(random, person('eve').device, 1, 1, true);
    const without = (key: 'signedPreKey' | 'lastResortKemPreKey') => {
      const { [key]: _, ...rest } = preKeys;
      return rest;
    };
    const [first] = preKeys.oneTimePreKeys;
    const [kem] = preKeys.oneTimeKemPreKeys;
    if (first === undefined || kem === undefined || preKeys.signedPreKey === undefined) throw new Error();
    const cases: [string, RegisterRequest['preKeys']][] = [
      ['bad-signature', { ...preKeys, signedPreKey: foreign.signedPreKey ?? preKeys.signedPreKey }],
      ['bad-signature', { ...preKeys, oneTimeKemPreKeys: foreign.oneTimeKemPreKeys }],
      ['bad-request', without('signedPreKey')],
      ['bad-request', without('lastResortKemPreKey')],
      ['bad-request', { ...preKeys, oneTimePreKeys: [first, first] }],
      ['bad-request', { ...preKeys, oneTimeKemPreKeys: [kem, kem] }],
      ['bad-request', { ...preKeys, oneTimePreKeys: [{ id: 1, publicKey: new Uint8Array(33) }] }],
      [
        'bad-request',
        { ...preKeys, oneTimeKemPreKeys: [{ ...kem, publicKey: new Uint8Array(1_569).fill(5) }] },
      ],
    ];
    for (const [code, keys] of cases)
      expect(await attempt(rig, { ...registration, preKeys: keys })).to.equal(code);
    expect((await rig.relay.stats()).accounts).to.equal(0);
  });

  it('refuses a device key that another account lists', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const { random, registration } = person('eve');
    // Eve has Bob's private key, so the entry is good; the key is Bob's account's all the same.
    const root = generateKeyPair(random, 'identityKey');
    const params = { firstRootKey: root.publicKey, id: 1, registrationId: 77 };
    const entry = makeDeviceEntry({ ...params, identityKeyPair: bob.device.keyPair }, random);
    const { record } = makeFirstRecord(
      { username: 'eve', relayFingerprint, root, devices: [entry], timeMs: TEST_TIME_MS },
      random,
    );
    const preKeys = uploadOf(random, { keyPair: bob.device.keyPair, entry }, 1, 1, true);
    expect(await attempt(rig, { ...registration, record, preKeys })).to.equal('key-taken');
  });

  it('refuses reserved names', async () => {
    const { registration, root, random, chain } = person('bob');
    const signer = { privateKey: root.privateKey, fields: { signer: SIGNER.root } };
    const record = forgeRecord({ ...chain.current, username: 'relay' }, signer, random);
    expect(await attempt(makeRig(), { ...registration, record })).to.equal('bad-name');
  });

  it('refuses an auth key that is not base64 of 32 bytes, so that bcrypt never truncates', async () => {
    const rig = makeRig();
    for (const authKey of ['', AUTH_KEY.slice(1), `${AUTH_KEY.slice(0, 42)}B`, `${AUTH_KEY.slice(0, 42)}=`]) {
      expect(await attempt(rig, { ...person('bob').registration, authKey })).to.equal('bad-request');
    }
  });

  it('refuses capabilities of an unknown kind and those of another account', async () => {
    const rig = makeRig();
    const { registration } = person('bob');
    const hash = sha256(seededBytes('x', 32));
    expect(await attempt(rig, { ...registration, capabilities: [{ hash, kind: 9 }] })).to.equal(
      'bad-request',
    );
    const alice = await rig.register('alice');
    const taken = [{ hash: sha256(alice.capability), kind: 1 }];
    expect(await attempt(rig, { ...registration, capabilities: taken })).to.equal('bad-request');
  });

  it('is limited per network and hour, and the wait is told', async () => {
    const rig = makeRig({ limits: { registrationsPerHour: 2 } });
    const from = async (address: string) =>
      rig.connect(address).call('register', { ...person('bob').registration, record: new Uint8Array(0) });
    expect((await from('2001:db8::1')).code).to.equal('bad-record');
    expect((await from('2001:db8::ffff')).code).to.equal('bad-record');
    const refused = await from('2001:db8:0:0:1::2');
    expect(refused.code).to.equal('rate-limited');
    expect(refused.retryAfterMs).to.be.closeTo(1_800_000, 5);
    expect((await from('2001:db8:0:1::1')).code).to.equal('bad-record');
    rig.clock.ms += 1_800_001;
    expect((await from('2001:db8::1')).code).to.equal('bad-record');
  });
});
