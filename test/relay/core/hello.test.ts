import { expect } from 'chai';
import { CLOSE, ClientHello, Frame } from '../../../relay/protocol/frames.ts';
import { FRAME_MAX_BYTES } from '../../../relay/protocol/limits.ts';
import { operations } from '../../../relay/protocol/operations.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { relayRootKey } from './people.ts';
import { envelopeTo, makeRig, START_MS, TestClient } from './rig.ts';

const EMPTY = new Uint8Array(0);

describe('relay hello', () => {
  it('proves the root key over both nonces and tells the time', () => {
    const { hello } = makeRig().connect();
    expect(hello).to.deep.include({
      version: 1,
      rootKey: new Uint8Array(relayRootKey.publicKey),
      nowMs: START_MS,
      features: [],
    });
  });

  it('has a fresh nonce on every connection', () => {
    const rig = makeRig();
    expect(rig.connect().hello.nonce).to.not.deep.equal(rig.connect().hello.nonce);
  });

  it('tells a client of another version so and closes', () => {
    const client = new TestClient(makeRig().relay, '127.0.0.1', false);
    client.connection.receive(
      ClientHello.encode({ version: 2, nonce: seededBytes('nonce', 32), features: [1, 2] }),
    );
    expect(client.hello.version).to.equal(1);
    expect(client.unexpected).to.deep.equal([24]);
    expect(client.closedWith).to.equal(CLOSE.protocolError);
  });

  for (const [what, bytes] of [
    ['nothing', EMPTY],
    ['a nonce that is too short', Uint8Array.of(8, 1, 18, 1, 0)],
    ['a frame instead', Frame.encode({ requests: [], responses: [], events: [] })],
  ] as const) {
    it(`closes on ${what}`, () => {
      const client = new TestClient(makeRig().relay, '127.0.0.1', false);
      client.connection.receive(bytes);
      expect(client.closedWith).to.equal(CLOSE.protocolError);
      expect(client.hellos).to.deep.equal([]);
    });
  }
});

describe('relay frames', () => {
  const frame = (parts: Partial<Frame>): Uint8Array =>
    Frame.encode({ requests: [], responses: [], events: [], ...parts });

  it('above 128 KiB close the connection, 128 KiB do not', () => {
    const rig = makeRig();
    const padded = (size: number): Uint8Array => {
      // An unknown field is skipped, so it may fill the frame.
      const out = new Uint8Array(size);
      out.set([0x7a, 0xfc, 0xff, 0x07]);
      return out;
    };
    const [fits, over] = [rig.connect(), rig.connect()];
    fits.connection.receive(padded(FRAME_MAX_BYTES));
    expect(fits.closedWith).to.equal(undefined);
    over.connection.receive(padded(FRAME_MAX_BYTES + 1));
    expect(over.closedWith).to.equal(CLOSE.tooBig);
  });

  it('with answers or events close the connection', () => {
    const rig = makeRig();
    for (const parts of [
      { responses: [{ id: 1, status: 0, body: EMPTY }] },
      { events: [{ type: 1, body: EMPTY }] },
    ]) {
      const client = rig.connect();
      client.connection.receive(frame(parts));
      expect(client.closedWith).to.equal(CLOSE.protocolError);
    }
  });

  it('that are empty are fine', () => {
    const client = makeRig().connect();
    client.connection.receive(frame({}));
    client.connection.receive(EMPTY);
    expect(client.closedWith).to.equal(undefined);
  });

  it('are not read any more once the connection is closed', async () => {
    const rig = makeRig();
    const client = rig.connect();
    client.connection.closed();
    client.connection.receive(
      frame({ requests: [{ id: 1, operation: operations.countPreKeys.number, body: EMPTY }] }),
    );
    await rig.relay.drain(0);
    expect(client.unexpected).to.deep.equal([]);
  });
});

describe('relay requests', () => {
  it('of an unknown operation are answered', async () => {
    const client = makeRig().connect();
    expect((await client.callRaw(9_999, EMPTY)).code).to.equal('unknown-operation');
  });

  it('that cannot be read are answered', async () => {
    const client = makeRig().connect();
    expect((await client.callRaw(operations.signIn.number, Uint8Array.of(1, 2, 3))).code).to.equal(
      'bad-request',
    );
  });

  it('need a signed-in device where they are about the own account', async () => {
    const client = makeRig().connect();
    const hash = seededBytes('hash', 32);
    expect((await client.call('fetchOwnRecords', {})).code).to.equal('not-signed-in');
    expect((await client.call('submitRecord', { record: EMPTY })).code).to.equal('not-signed-in');
    expect((await client.call('setAuthKey', {})).code).to.equal('not-signed-in');
    expect((await client.call('lookUp', { username: 'bob' })).code).to.equal('not-signed-in');
    expect((await client.call('uploadPreKeys', { oneTimePreKeys: [], oneTimeKemPreKeys: [] })).code).to.equal(
      'not-signed-in',
    );
    expect((await client.call('countPreKeys', {})).code).to.equal('not-signed-in');
    expect((await client.call('registerCapabilities', { capabilities: [] })).code).to.equal('not-signed-in');
    expect((await client.call('endCapability', { hash, end: 2 })).code).to.equal('not-signed-in');
    expect((await client.call('subscribe', { window: 1 })).code).to.equal('not-signed-in');
    expect((await client.call('acknowledge', { sequence: 1 })).code).to.equal('not-signed-in');
    expect((await client.call('listSessions', {})).code).to.equal('not-signed-in');
    expect((await client.call('revokeSession', {})).code).to.equal('not-signed-in');
    expect((await client.call('setListed', { listed: true })).code).to.equal('not-signed-in');
    const account = seededBytes('account', 16);
    expect((await client.call('fetchRecords', { account })).code).to.equal('not-signed-in');
    expect((await client.call('fetchBundles', { account, devices: [] })).code).to.equal('not-signed-in');
  });

  it('beyond those in flight are told to come later', async () => {
    const rig = makeRig({ limits: { requestsInFlight: 3 } });
    const client = rig.connect();
    const count = [operations.countPreKeys.number, EMPTY] as const;
    const codes = (await client.pipeline([count, count, count, count])).map(({ code }) => code);
    expect(codes).to.deep.equal(['not-signed-in', 'not-signed-in', 'not-signed-in', 'busy']);
    expect((await client.call('countPreKeys', {})).code).to.equal('not-signed-in');
  });

  it('beyond those of a second are told to come later', async () => {
    const rig = makeRig({ limits: { requestsPerSecond: 2 } });
    const client = rig.connect();
    await client.call('countPreKeys', {});
    await client.call('countPreKeys', {});
    const refused = await client.call('countPreKeys', {});
    expect([refused.code, refused.retryAfterMs]).to.deep.equal(['rate-limited', 1_000]);
    rig.clock.ms += 1_000;
    expect((await client.call('countPreKeys', {})).code).to.equal('not-signed-in');
  });
});

describe('relay drain', () => {
  it('answers what runs, announces the end, refuses what comes after and closes everybody', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const [device, anonymous] = [await rig.signIn('alice'), rig.connect()];
    const running = anonymous.call('passwordSignIn', { username: 'bob', authKey: 'A'.repeat(43) });
    const drained = rig.relay.drain(5_000);
    expect(device.eventsOf('draining')).to.deep.equal([{ reconnectAfterMs: 5_000 }]);
    const late = new TestClient(rig.relay);
    expect(late.unexpected).to.deep.equal([22]);
    expect(late.closedWith).to.equal(CLOSE.goingAway);
    const refused = await device.call('fetchOwnRecords', {});
    expect([refused.code, device.closedWith]).to.deep.equal(['draining', CLOSE.goingAway]);
    expect((await running).code).to.equal('login-refused');
    await drained;
    expect(anonymous.closedWith).to.equal(CLOSE.goingAway);
    expect(bob.name).to.equal('bob');
  });

  it('answers what runs on a connection that asks for more meanwhile', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const sender = rig.connect();
    const { promise, resolve } = gate();
    rig.disk.beforeWrite = () => promise;
    const running = sender.call('deliver', envelopeTo(bob, 'one'));
    const drained = rig.relay.drain(0);
    expect((await sender.call('deliver', envelopeTo(bob, 'two'))).code).to.equal('draining');
    expect(sender.closedWith).to.equal(undefined);
    resolve();
    expect((await running).code).to.equal('ok');
    expect(sender.closedWith).to.equal(CLOSE.goingAway);
    await drained;
  });
});

function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
