import { expect } from 'chai';
import { signSessionChallenge } from '../../../crypto/account/challenge.ts';
import { makeEnrolment } from '../../../crypto/account/enrolment.ts';
import { makeNextRecord } from '../../../crypto/account/make-record.ts';
import { Enrolment } from '../../../crypto/account/record-codec.ts';
import { generateKeyPair } from '../../../crypto/keys/keys.ts';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import { relayError } from '../../../relay/protocol/errors.ts';
import { CLOSE } from '../../../relay/protocol/frames.ts';
import { operations } from '../../../relay/protocol/operations.ts';
import { openMemoryStore } from '../../../relay/store/memory.ts';
import type { RelayStore } from '../../../relay/store/store.ts';
import { makeTestDevice, TEST_TIME_MS } from '../../support/accounts.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { AUTH_KEY, type Person, person, WRONG_AUTH_KEY } from './people.ts';
import { DAY_MS, makeRig, type Rig, START_MS, settle, type TestClient } from './rig.ts';

/** A relay that hears of the next opened session only when it is told to. */
function makeSlowRig(): { readonly rig: Rig; hold(): () => void } {
  const store = openMemoryStore();
  let held = Promise.resolve();
  const slow: RelayStore = {
    ...store,
    openSession: async (params) => {
      const outcome = await store.openSession(params);
      await held;
      return outcome;
    },
  };
  return {
    rig: makeRig({ store: slow }),
    hold: () => {
      let release: () => void = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
  };
}

describe('device session', () => {
  it('needs the device key, this relay, this connection, this token and this device', async () => {
    const rig = makeRig({ limits: { wrongSignatures: 100 } });
    const bob = await rig.register('bob');
    const client = rig.connect();
    const right = client.signInRequest(bob);
    const token = seededBytes('another token', 32);
    const flipped = right.signature.slice();
    flipped[5] = (flipped[5] ?? 0) ^ 4;
    const elsewhere = signSessionChallenge(
      bob.device.keyPair.privateKey,
      {
        relayNonce: client.hello.nonce,
        relayFingerprint: seededBytes('another relay', 32),
        tokenHash: sha256(bob.token),
        accountId: bob.chain.accountId,
        deviceId: 1,
      },
      bob.random,
    );
    for (const wrong of [
      { ...right, signature: flipped },
      { ...right, signature: elsewhere },
      { ...right, signature: rig.connect().signInRequest(bob).signature },
      { ...right, signature: client.rootSignature(bob) },
      { ...right, token },
      { ...right, device: 2 },
      { ...right, account: person('carol').account },
      { ...right, account: new Uint8Array(16) },
    ]) {
      expect((await client.call('signIn', wrong)).code).to.equal('bad-signature');
    }
    expect((await client.call('signIn', right)).code).to.equal('ok');
    expect((await client.call('signIn', right)).code).to.equal('already-signed-in');
  });

  it('closes the connection after a few wrong signatures', async () => {
    const rig = makeRig({ limits: { wrongSignatures: 2 } });
    const bob = await rig.register('bob');
    const client = rig.connect();
    const wrong = { ...client.signInRequest(bob), device: 2 };
    expect((await client.call('signIn', wrong)).code).to.equal('bad-signature');
    expect(client.closedWith).to.equal(undefined);
    expect((await client.call('signIn', wrong)).code).to.equal('bad-signature');
    expect(client.closedWith).to.equal(CLOSE.policyViolation);
  });

  it('lets the requests that follow wait for it', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = rig.connect();
    const replies = await client.pipeline([
      [operations.signIn.number, operations.signIn.request.encode(client.signInRequest(bob))],
      [operations.countPreKeys.number, new Uint8Array(0)],
      [operations.subscribe.number, operations.subscribe.request.encode({ window: 5 })],
    ]);
    expect(replies.map(({ code }) => code)).to.deep.equal(['ok', 'ok', 'ok']);
  });

  it('makes the newest connection of a device the only one', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const older = await rig.signIn('bob');
    const newer = await rig.signIn('bob');
    expect(older.eventsOf('superseded')).to.deep.equal([{}]);
    expect(older.closedWith).to.equal(CLOSE.superseded);
    expect((await newer.call('countPreKeys', {})).code).to.equal('ok');
    const [one, two] = [rig.connect(), rig.connect()];
    void one.call('signIn', one.signInRequest(bob));
    expect((await two.call('signIn', two.signInRequest(bob))).code).to.equal('ok');
    expect([await one.untilClosed(), two.closedWith]).to.deep.equal([CLOSE.superseded, undefined]);
    expect((await rig.relay.stats()).signedIn).to.equal(1);
  });

  it('remembers days, never a time', async () => {
    const rig = makeRig();
    const client = await rig.signIn('bob');
    rig.clock.ms += 3 * DAY_MS + 12_345;
    const later = await rig.signIn('bob');
    expect(client.closedWith).to.equal(CLOSE.superseded);
    const [session] = (await later.call('listSessions', {})).answer.sessions;
    const day = Math.floor(START_MS / DAY_MS);
    expect([session?.createdDay, session?.lastUsedDay]).to.deep.equal([day, day + 3]);
  });

  it('that is revoked while it opens is closed', async () => {
    const { rig, hold } = makeSlowRig();
    const bob = await rig.register('bob');
    const token = seededBytes('second session', 32);
    await rig.connect().signIn(bob, { token });
    const owner = await rig.signIn('bob');
    const release = hold();
    const thief = rig.connect();
    const opening = thief.call('signIn', thief.signInRequest(bob, { token }));
    await settle();
    const revoked = await owner.call('revokeSession', { id: sha256(token).slice(0, 16) });
    expect(revoked.code).to.equal('ok');
    release();
    expect((await opening).code).to.equal('session-revoked');
    expect(thief.closedWith).to.equal(CLOSE.sessionRevoked);
  });

  it('of a device that is removed while it opens is closed', async () => {
    const { rig, hold } = makeSlowRig();
    const bob = await rig.register('bob');
    const second = makeTestDevice(bob.random, bob.root, 2);
    const owner = await rig.signIn('bob');
    const signer = { kind: 'root', privateKey: bob.root.privateKey } as const;
    const next = (chain: Person['chain'], devices: readonly Person['device'][]) =>
      makeNextRecord(
        { chain, devices: devices.map(({ entry }) => entry), signer, timeMs: TEST_TIME_MS },
        bob.random,
      );
    const added = next(bob.chain, [bob.device, second]);
    expect((await owner.call('submitRecord', { record: added.record })).code).to.equal('ok');
    const { record } = next(added.chain, [bob.device]);
    const release = hold();
    const removed = rig.connect();
    const opening = removed.call('signIn', removed.signInRequest(bob, { device: second }));
    await settle();
    expect((await owner.call('submitRecord', { record })).code).to.equal('ok');
    release();
    expect((await opening).code).to.equal('session-revoked');
    expect(removed.closedWith).to.equal(CLOSE.sessionRevoked);
  });

  it('ends with its token when it is revoked', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    expect((await client.call('revokeSession', { id: seededBytes('no session', 16) })).code).to.equal(
      'not-found',
    );
    expect((await client.call('revokeSession', {})).code).to.equal('ok');
    expect(client.closedWith).to.equal(CLOSE.sessionRevoked);
    const again = rig.connect();
    expect((await again.call('signIn', again.signInRequest(bob))).code).to.equal('session-revoked');
    expect(again.closedWith).to.equal(CLOSE.sessionRevoked);
    const fresh = rig.connect();
    await fresh.signIn(bob, { token: seededBytes('fresh token', 32) });
    expect((await fresh.call('listSessions', {})).answer.sessions).to.have.length(1);
  });

  it('can end the session of another connection', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await rig.signIn('bob');
    const client = rig.connect();
    await client.signIn(bob, { token: seededBytes('second token', 32) });
    const { sessions } = (await client.call('listSessions', {})).answer;
    const other = sessions.find(({ current }) => !current);
    if (other === undefined) throw new Error();
    expect((await client.call('revokeSession', { id: other.id })).code).to.equal('ok');
    expect(client.closedWith).to.equal(undefined);
  });
});

describe('password session', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = makeRig();
    await rig.connect().call('register', { ...person('bob').registration, authKey: AUTH_KEY });
    await rig.register('keyfile');
  });
  const login = (username: string, authKey: string, client: TestClient = rig.connect()) =>
    client.call('passwordSignIn', { username, authKey });

  it('opens with the auth key, under every spelling of the name', async () => {
    const { code, answer } = await login('bob', AUTH_KEY);
    expect([code, answer.account]).to.deep.equal(['ok', new Uint8Array(person('bob').account)]);
    expect((await login('BOB', AUTH_KEY)).code).to.equal('ok');
  });

  it('answers alike for a wrong key, an unknown name, a name that cannot be and an account without one', async () => {
    const answers = [
      await login('bob', WRONG_AUTH_KEY),
      await login('nobody', AUTH_KEY),
      await login('!', AUTH_KEY),
      await login('keyfile', AUTH_KEY),
    ];
    expect(new Set(answers.map(({ code, retryAfterMs }) => `${code} ${retryAfterMs}`))).to.deep.equal(
      new Set(['login-refused undefined']),
    );
    expect((await login('bob', 'short')).code).to.equal('bad-request');
  });

  it('does the same work whether the name is known or not', async () => {
    const work: string[] = [];
    const recording = makeRig({
      passwords: {
        hash: async (authKey) => `hash of ${authKey}`,
        verify: async (authKey, hash) => {
          work.push(hash.startsWith('hash of') ? 'verify' : hash);
          return hash === `hash of ${authKey}`;
        },
      },
    });
    await recording.connect().call('register', { ...person('bob').registration, authKey: AUTH_KEY });
    for (const username of ['bob', 'nobody', '!']) {
      await recording.connect().call('passwordSignIn', { username, authKey: WRONG_AUTH_KEY });
    }
    expect(work).to.deep.equal(['verify', 'verify', 'verify']);
  });

  it('is for the own records only', async () => {
    const client = rig.connect();
    await login('bob', AUTH_KEY, client);
    const { answer } = await client.call('fetchOwnRecords', {});
    expect(answer.records).to.deep.equal([person('bob').registration.record]);
    expect((await client.call('setAuthKey', {})).code).to.equal('not-signed-in');
    expect((await client.call('subscribe', { window: 1 })).code).to.equal('not-signed-in');
    expect((await client.call('lookUp', { username: 'bob' })).code).to.equal('not-signed-in');
    expect((await client.call('registerCapabilities', { capabilities: [] })).code).to.equal('not-signed-in');
  });

  it('makes guessing slow, for known and unknown names alike', async () => {
    for (const username of ['bob', 'nobody']) {
      for (let i = 0; i < 6; i++) {
        expect((await login(username, WRONG_AUTH_KEY, rig.connect(`10.0.0.${i}`))).code).to.equal(
          'login-refused',
        );
      }
      const refused = await login(username, AUTH_KEY, rig.connect('10.0.0.99'));
      expect([refused.code, refused.retryAfterMs]).to.deep.equal(['rate-limited', 1_000]);
    }
    rig.clock.ms += 1_000;
    expect((await login('bob', AUTH_KEY)).code).to.equal('ok');
    expect((await login('bob', WRONG_AUTH_KEY)).code).to.equal('login-refused');
    expect((await login('bob', AUTH_KEY)).code).to.equal('ok');
  });

  it('makes guessing slow for a network that tries many names', async () => {
    const client = () => rig.connect('10.1.2.3');
    for (let i = 0; i < 21; i++) {
      expect((await login(`name${i}`, AUTH_KEY, client())).code).to.equal('login-refused');
    }
    expect((await login('bob', AUTH_KEY, client())).code).to.equal('rate-limited');
    expect((await login('bob', AUTH_KEY)).code).to.equal('ok');
  });

  it('is told to come later when the hashing is busy, and that is not a failure', async () => {
    let busy = true;
    const loaded = makeRig({
      limits: { loginFailures: 0 },
      passwords: {
        hash: async () => 'hash',
        verify: async () => {
          if (busy) throw relayError('busy', { retryAfterMs: 700 });
          return false;
        },
      },
    });
    const refused = await loaded.connect().call('passwordSignIn', { username: 'bob', authKey: AUTH_KEY });
    expect([refused.code, refused.retryAfterMs]).to.deep.equal(['busy', 700]);
    busy = false;
    const judged = await loaded.connect().call('passwordSignIn', { username: 'bob', authKey: AUTH_KEY });
    expect(judged.code).to.equal('login-refused');
  });
});

describe('enrolment session', () => {
  const enrolmentOf = (who: Person, notAfterMs: number, issuer = 1) => {
    const keyPair = generateKeyPair(who.random, 'identityKey');
    const enrolment = makeEnrolment(
      { accountId: who.chain.accountId, issuer, enrolmentKey: keyPair.publicKey, notAfterMs },
      who.device.keyPair.privateKey,
      who.random,
    );
    return { keyPair, enrolmentStatement: Enrolment.encode(enrolment) };
  };
  const signatureOf = (client: TestClient, who: Person, keyPair: Person['root']) =>
    client.rootSignature({ ...who, root: keyPair });

  it('opens with the root key and may set the auth key', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = rig.connect();
    const signature = client.rootSignature(bob);
    expect((await client.call('enrolmentSignIn', { account: bob.account, signature })).code).to.equal('ok');
    expect((await client.call('fetchOwnRecords', {})).answer.records).to.have.length(1);
    expect((await client.call('setAuthKey', { authKey: AUTH_KEY })).code).to.equal('ok');
    expect((await client.call('subscribe', { window: 1 })).code).to.equal('not-signed-in');
    const login = await rig.connect().call('passwordSignIn', { username: 'bob', authKey: AUTH_KEY });
    expect(login.code).to.equal('ok');
  });

  it('opens with an enrolment key that a listed device vouched for and whose time is not over', async () => {
    const rig = makeRig({ limits: { wrongSignatures: 100 } });
    const bob = await rig.register('bob');
    const code = async (enrolment: ReturnType<typeof enrolmentOf>) => {
      const client = rig.connect();
      const { enrolmentStatement, keyPair } = enrolment;
      const signature = signatureOf(client, bob, keyPair);
      return (await client.call('enrolmentSignIn', { account: bob.account, signature, enrolmentStatement }))
        .code;
    };
    expect(await code(enrolmentOf(bob, START_MS + 1))).to.equal('ok');
    expect(await code(enrolmentOf(bob, START_MS))).to.equal('bad-signature');
    expect(await code(enrolmentOf(bob, START_MS + 1, 2))).to.equal('bad-signature');
    expect(await code(enrolmentOf(person('eve'), START_MS + 1))).to.equal('bad-signature');
    expect(await code({ ...enrolmentOf(bob, START_MS + 1), enrolmentStatement: new Uint8Array(3) })).to.equal(
      'bad-signature',
    );
  });

  it('does not open with another key, for another account or with a device signature', async () => {
    const rig = makeRig({ limits: { wrongSignatures: 100 } });
    const bob = await rig.register('bob');
    const client = rig.connect();
    for (const [account, signature] of [
      [bob.account, signatureOf(client, bob, bob.device.keyPair)],
      [bob.account, client.signInRequest(bob).signature],
      [person('carol').account, client.rootSignature(bob)],
    ] as const) {
      expect((await client.call('enrolmentSignIn', { account, signature })).code).to.equal('bad-signature');
    }
  });
});
