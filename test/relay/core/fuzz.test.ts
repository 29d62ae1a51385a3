import { expect } from 'chai';
import fc from 'fast-check';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import { ClientHello, Frame } from '../../../relay/protocol/frames.ts';
import { type OperationName, operations, type RequestOf } from '../../../relay/protocol/operations.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { AUTH_KEY, person } from './people.ts';
import { envelopeTo, makeRig, type Rig, requestTo, settle, TestClient } from './rig.ts';

/** One well-formed request of every operation, against which mutations are made. */
function wellFormed(client: TestClient): { readonly [Name in OperationName]: RequestOf<Name> } {
  const bob = person('bob');
  const hash = sha256(bob.capability);
  const { account, capability } = bob;
  return {
    register: { ...bob.registration, authKey: AUTH_KEY, inviteCode: 'code', label: 'laptop' },
    signIn: { ...client.signInRequest(bob), label: 'laptop' },
    passwordSignIn: { username: 'bob', authKey: AUTH_KEY },
    enrolmentSignIn: {
      account,
      signature: client.rootSignature(bob),
      enrolmentStatement: seededBytes('statement', 180),
    },
    fetchOwnRecords: { afterSequence: 0 },
    submitRecord: { record: bob.registration.record },
    setAuthKey: { authKey: AUTH_KEY },
    lookUp: { username: 'bob' },
    fetchRecords: { account, capability, afterSequence: 0 },
    fetchBundles: { account, capability, devices: [1] },
    uploadPreKeys: bob.registration.preKeys,
    countPreKeys: {},
    registerCapabilities: { capabilities: [{ hash: seededBytes('new', 32), kind: 1 }] },
    endCapability: { hash, end: 1 },
    deliver: envelopeTo(bob, 'fuzz'),
    stage: { capability, bytes: seededBytes('part', 40) },
    subscribe: { window: 10 },
    acknowledge: { sequence: 1 },
    listSessions: {},
    revokeSession: { id: seededBytes('no session', 16) },
    setListed: { listed: true },
  };
}

/** The same cases in every run. */
const runs = (numRuns: number) => ({ numRuns, seed: 20_261_123 });

const names = Object.keys(operations) as OperationName[];

function encoded(client: TestClient, name: OperationName): Uint8Array {
  const encode = operations[name].request.encode as (request: unknown) => Uint8Array;
  return encode(wellFormed(client)[name]);
}

interface Mutation {
  readonly at: number;
  readonly xor: number;
  readonly cut: number;
  readonly insert: Uint8Array;
}

const mutations = fc.record({
  at: fc.nat(),
  xor: fc.integer({ min: 0, max: 255 }),
  cut: fc.nat({ max: 40 }),
  insert: fc.uint8Array({ maxLength: 12 }),
});

function mutate(bytes: Uint8Array, { at, xor, cut, insert }: Mutation): Uint8Array {
  if (bytes.length === 0) return insert;
  const index = at % bytes.length;
  const flipped = bytes.slice();
  flipped[index] = (flipped[index] ?? 0) ^ xor;
  return new Uint8Array([
    ...flipped.slice(0, index),
    ...insert,
    ...flipped.slice(index + (cut % 3 === 0 ? cut : 0)),
  ]);
}

/** A relay that nothing wears out, so that what is found is not a rate limit. */
async function tireless(): Promise<Rig> {
  const rig = makeRig({
    limits: {
      wrongSignatures: 1e9,
      wrongCapabilities: 1e9,
      registrationsPerHour: 1e9,
      loginFailures: 1e9,
      loginFailuresPerAddress: 1e9,
      changesPerDay: 1e9,
      lookUpsPerDay: 1e9,
      requestsPerSecond: 1e9,
    },
    passwords: { hash: async () => 'hash', verify: async () => false },
  });
  await rig.register('bob');
  return rig;
}

describe('hostile input to the relay', () => {
  it('before the hello closes the connection or is a hello', () => {
    const rig = makeRig();
    const hello = ClientHello.encode({ version: 1, nonce: seededBytes('n', 32), features: [1, 2, 3] });
    const inputs = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      mutations.map((mutation) => mutate(hello, mutation)),
    );
    fc.assert(
      fc.property(inputs, (bytes) => {
        const client = new TestClient(rig.relay, '127.0.0.1', false);
        client.connection.receive(bytes);
        expect(client.hellos.length === 1 || client.closedWith !== undefined).to.equal(true);
      }),
      runs(400),
    );
    expect(rig.problems).to.deep.equal([]);
  });

  it('as random frames closes the connection or is answered', async () => {
    const rig = await tireless();
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .array(
          fc.record({
            id: fc.integer({ min: 0, max: 0xffff_ffff }),
            operation: fc.integer({ min: 0, max: 30 }),
            body: fc.uint8Array({ maxLength: 120 }),
          }),
          { maxLength: 5 },
        )
        .map((requests) => Frame.encode({ requests, responses: [], events: [] })),
    );
    await fc.assert(
      fc.asyncProperty(frames, async (bytes) => {
        const client = rig.connect();
        client.connection.receive(bytes);
        await settle();
        const asked = requestsIn(bytes);
        const answered = client.closedWith !== undefined || client.unexpected.length === asked;
        expect(answered).to.equal(true);
      }),
      runs(300),
    );
    expect(rig.problems).to.deep.equal([]);
  });

  for (const signedIn of [false, true]) {
    it(`as mutated requests ${signedIn ? 'of a device' : 'of nobody'} is always answered, never with internal`, async () => {
      const rig = await tireless();
      let tokens = 0;
      const cases = fc.record({ name: fc.constantFrom(...names), mutation: mutations });
      await fc.assert(
        fc.asyncProperty(cases, async ({ name, mutation }) => {
          const client = rig.connect();
          // A token of its own: a mutated request may well end the session.
          if (signedIn) await client.signIn(person('bob'), { token: seededBytes(`token ${++tokens}`, 32) });
          const body = mutate(encoded(client, name), mutation);
          const { code } = await client.callRaw(operations[name].number, body);
          expect(code).to.not.equal('internal');
        }),
        runs(500),
      );
      expect(rig.problems).to.deep.equal([]);
    });
  }

  it('as well-formed requests in any order never breaks a connection', async () => {
    const rig = await tireless();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...names), { maxLength: 12 }), async (order) => {
        const client = rig.connect();
        const replies = await client.pipeline(
          order.map((name) => [operations[name].number, encoded(client, name)] as const),
        );
        expect(replies.map(({ code }) => code)).to.not.include('internal');
      }),
      runs(150),
    );
    expect(rig.problems).to.deep.equal([]);
  });

  it('is found when a handler throws something else than a typed error', async () => {
    const rig = makeRig({
      passwords: { hash: async () => 'hash', verify: () => Promise.reject(new TypeError()) },
    });
    const login = await rig.connect().call('passwordSignIn', { username: 'bob', authKey: AUTH_KEY });
    expect([login.code, rig.problems.length]).to.deep.equal(['internal', 1]);
  });
});

describe('what the relay keeps', () => {
  async function scenario(offsetMs: number): Promise<Rig> {
    const rig = makeRig();
    rig.clock.ms += offsetMs;
    const bob = await rig.register('bob');
    const alice = await rig.signIn('alice');
    const client = await rig.signIn('bob');
    await client.call('subscribe', { window: 10 });
    await rig.connect().call('deliver', envelopeTo(bob, 'one'));
    await alice.call('deliver', requestTo(bob, 'two'));
    await rig
      .connect()
      .call('fetchBundles', { account: bob.account, capability: bob.capability, devices: [] });
    await client.until('envelope', 2);
    await client.call('acknowledge', { sequence: 1 });
    await client.call('endCapability', { hash: sha256(bob.capability), end: 2 });
    await rig.relay.tick();
    return rig;
  }

  it('knows no time finer than the hour: two runs in one hour leave the same bytes', async () => {
    const [early, late] = [await scenario(1), await scenario(1_799_999)];
    const dump = ({ disk }: Rig) => [...disk.rows].map(([key, value]) => [key, [...value]]).sort();
    expect(dump(early)).to.deep.equal(dump(late));
  });

  it('holds no token, no capability and no sender of a contact request', async () => {
    const { disk } = await scenario(0);
    const [alice, bob] = [person('alice'), person('bob')];
    const rows = [...disk.rows].filter(([key]) => !key.includes(Buffer.from(alice.account).toString('hex')));
    const about = rows.filter(
      ([key]) => !key.startsWith('name/') && !key.startsWith('key/') && !key.startsWith('capability/'),
    );
    const text = (all: typeof rows) =>
      Buffer.concat(all.flatMap(([key, value]) => [Buffer.from(key), value]));
    for (const secret of [bob.token, alice.token, bob.capability, alice.capability]) {
      expect(text([...disk.rows]).includes(Buffer.from(secret))).to.equal(false);
      expect(text([...disk.rows]).includes(Buffer.from(secret).toString('hex'))).to.equal(false);
    }
    expect(text(about).includes(Buffer.from(alice.account))).to.equal(false);
    expect(text(about).includes(Buffer.from(seededBytes('bytes two', 300)))).to.equal(true);
  });
});

/** How many answers a frame asks for; 0 for what is no frame of requests. */
function requestsIn(bytes: Uint8Array): number {
  try {
    return Frame.decode(bytes).requests.length;
  } catch {
    return 0;
  }
}
