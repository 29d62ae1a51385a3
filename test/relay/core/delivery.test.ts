import { expect } from 'chai';
import { makeNextRecord } from '../../../crypto/account/make-record.ts';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import { CLOSE } from '../../../relay/protocol/frames.ts';
import { ENVELOPE_MAX_BYTES } from '../../../relay/protocol/limits.ts';
import { operations } from '../../../relay/protocol/operations.ts';
import { TEST_TIME_MS } from '../../support/accounts.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { type Person, person } from './people.ts';
import { DAY_MS, envelopeTo, makeRig, type Rig, requestTo, START_MS, type TestClient } from './rig.ts';

const HOUR_MS = 3_600_000;

async function listen(rig: Rig, name: string, window = 256): Promise<TestClient> {
  const client = await rig.signIn(name);
  await client.call('subscribe', { window });
  return client;
}

function sized(to: Person, envelope: string, size: number) {
  const [device] = envelopeTo(to, envelope).devices;
  if (device === undefined) throw new Error();
  return envelopeTo(to, envelope, { devices: [{ ...device, bytes: seededBytes(envelope, size) }] });
}

describe('anonymous delivery', () => {
  it('reaches the device with the bytes, the hour and the hash of the capability, and no more', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await listen(rig, 'bob');
    rig.clock.ms += 1_234_567;
    const { code, answer } = await rig.connect().call('deliver', envelopeTo(bob, 'one'));
    expect([code, answer]).to.deep.equal(['ok', { fullDevices: [] }]);
    const [envelope] = await client.until('envelope', 1);
    expect(envelope).to.deep.equal({
      sequence: 1,
      envelopeId: seededBytes('envelope one', 16),
      kind: 1,
      bytes: seededBytes('bytes one', 300),
      stampMs: Math.floor((START_MS + 1_234_567) / HOUR_MS) * HOUR_MS,
      authority: 2,
      capabilityHash: sha256(bob.capability),
    });
  });

  it('is not sent twice however often it is repeated, and each time answered as done', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => rig.connect().call('deliver', envelopeTo(bob, 'one'))),
    );
    expect(replies.every(({ code }) => code === 'ok')).to.equal(true);
    expect((await rig.relay.stats()).messages).to.equal(1);
  });

  it('is answered only when it is durable, and pushed before', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await listen(rig, 'bob');
    let open: () => void = () => undefined;
    rig.disk.beforeWrite = () => new Promise<void>((resolve) => (open = resolve));
    let answered = false;
    const delivered = rig
      .connect()
      .call('deliver', envelopeTo(bob, 'one'))
      .then(() => {
        answered = true;
      });
    await client.until('envelope', 1);
    const acknowledged = client.call('acknowledge', { sequence: 1 });
    expect(answered).to.equal(false);
    rig.disk.beforeWrite = undefined;
    open();
    await delivered;
    expect((await acknowledged).code).to.equal('ok');
    expect((await rig.relay.stats()).messages).to.equal(0);
  });

  it('keeps the order of one connection', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await listen(rig, 'bob');
    const sender = rig.connect();
    const names = Array.from({ length: 60 }, (_, i) => `m${i}`);
    await Promise.all(names.map((name) => sender.call('deliver', envelopeTo(bob, name))));
    const ids = (await client.until('envelope', 60)).map(({ envelopeId }) => envelopeId);
    expect(ids).to.deep.equal(names.map((name) => seededBytes(`envelope ${name}`, 16)));
  });

  it('tells a sender with an old device list the newer records', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const signer = { kind: 'root', privateKey: bob.root.privateKey } as const;
    const devices = [bob.device.entry];
    const { record } = makeNextRecord(
      { chain: bob.chain, devices, signer, timeMs: TEST_TIME_MS },
      bob.random,
    );
    await (await rig.signIn('bob')).call('submitRecord', { record });
    const stale = await rig.connect().call('deliver', envelopeTo(bob, 'one'));
    expect([stale.code, stale.records]).to.deep.equal(['stale-devices', [record]]);
    const fresh = await rig.connect().call('deliver', envelopeTo(bob, 'one', { recordSequence: 1 }));
    expect(fresh.code).to.equal('ok');
    const wrongId = envelopeTo(bob, 'two', {
      recordSequence: 1,
      devices: [{ device: 1, registrationId: 5, bytes: new Uint8Array(1) }],
    });
    const wrong = await rig.connect().call('deliver', wrongId);
    expect([wrong.code, wrong.records]).to.deep.equal(['stale-devices', []]);
  });

  it('refuses what no honest client sends', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = rig.connect();
    const [device] = envelopeTo(bob, 'one').devices;
    if (device === undefined) throw new Error();
    const { bytes: _, ...empty } = device;
    for (const changes of [
      { kind: 0 },
      { kind: 9 },
      { devices: [] },
      { devices: [device, device] },
      { devices: [empty] },
      { devices: [{ ...device, staged: new Uint8Array(16) }] },
    ]) {
      const refused = await client.call('deliver', envelopeTo(bob, 'one', changes));
      expect(refused.code).to.equal('bad-request');
    }
  });

  it('takes 96 KiB and not one byte more', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = rig.connect();
    expect((await client.call('deliver', sized(bob, 'one', ENVELOPE_MAX_BYTES))).code).to.equal('ok');
    // The codec refuses to write more, so the length is written by hand.
    const encoded = operations.deliver.request.encode(sized(bob, 'two', ENVELOPE_MAX_BYTES));
    expect((await client.callRaw(operations.deliver.number, encoded)).code).to.equal('ok');
    const tooLong = grow(encoded);
    expect((await client.callRaw(operations.deliver.number, tooLong)).code).to.equal('too-large');
  });

  it('stops at the full mailbox and goes on when there is room', async () => {
    const rig = makeRig({ limits: { mailboxMessages: 2 } });
    const bob = await rig.register('bob');
    const sender = rig.connect();
    const code = async (name: string) => (await sender.call('deliver', envelopeTo(bob, name))).code;
    expect([await code('1'), await code('2'), await code('3')]).to.deep.equal(['ok', 'ok', 'mailbox-full']);
    const client = await listen(rig, 'bob');
    await client.until('envelope', 2);
    await client.call('acknowledge', { sequence: 1 });
    expect(await code('3')).to.equal('ok');
  });

  it('stops when the mailbox has its bytes', async () => {
    const rig = makeRig({ limits: { mailboxBytes: 600 } });
    const bob = await rig.register('bob');
    const code = async (name: string, size: number) =>
      (await rig.connect().call('deliver', sized(bob, name, size))).code;
    expect(await code('1', 300)).to.equal('ok');
    expect(await code('2', 301)).to.equal('mailbox-full');
    expect(await code('2', 300)).to.equal('ok');
    expect(await code('3', 0)).to.equal('ok');
  });

  it('by one capability has a burst, a daily rate and a daily volume', async () => {
    const rig = makeRig({
      limits: { capabilityBurst: 2, capabilityPerDay: 24, capabilityBytesPerDay: 2_400 },
    });
    const bob = await rig.register('bob');
    const deliver = async (name: string, size: number) =>
      rig.connect().call('deliver', sized(bob, name, size));
    expect((await deliver('1', 10)).code).to.equal('ok');
    expect((await deliver('2', 10)).code).to.equal('ok');
    const refused = await deliver('3', 10);
    expect(refused.code).to.equal('rate-limited');
    expect(refused.retryAfterMs).to.be.closeTo(HOUR_MS, 5);
    rig.clock.ms += 2 * HOUR_MS + 1;
    const large = await deliver('4', 2_401);
    expect([large.code, (large.retryAfterMs ?? 0) > 0]).to.deep.equal(['rate-limited', true]);
    expect((await deliver('5', 2_400)).code).to.equal('ok');
    expect((await deliver('6', 100)).code).to.equal('rate-limited');
  });

  it('expires after 30 days', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await rig.connect().call('deliver', envelopeTo(bob, 'one'));
    rig.clock.ms += 30 * DAY_MS - HOUR_MS;
    await rig.connect().call('deliver', envelopeTo(bob, 'two'));
    await rig.relay.tick();
    expect((await rig.relay.stats()).messages).to.equal(2);
    rig.clock.ms += 2 * HOUR_MS;
    await rig.relay.tick();
    const client = await listen(rig, 'bob');
    const [left] = await client.until('envelope', 1);
    expect(left?.sequence).to.equal(2);
  });
});

describe('contact request', () => {
  it('comes from a signed-in account and carries no capability', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await listen(rig, 'bob');
    expect((await rig.connect().call('deliver', requestTo(bob, 'one'))).code).to.equal('not-signed-in');
    const alice = await rig.signIn('alice');
    expect((await alice.call('deliver', requestTo(bob, 'one'))).code).to.equal('ok');
    const [envelope] = await client.until('envelope', 1);
    expect(envelope?.authority).to.equal(1);
    expect(envelope).to.not.have.property('capabilityHash');
  });

  it('reaches nobody who is unknown or unlisted, with one answer', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await (await rig.signIn('bob')).call('setListed', { listed: false });
    const alice = await rig.signIn('alice');
    const [unlisted, unknown] = [
      await alice.call('deliver', requestTo(bob, 'one')),
      await alice.call('deliver', requestTo(person('stranger'), 'one')),
    ];
    expect(unlisted).to.deep.equal(unknown);
    expect(unlisted.code).to.equal('not-found');
  });

  it('may be sent five times per pair and day, and repeated as often as needed', async () => {
    const rig = makeRig();
    const [bob, carol] = [await rig.register('bob'), await rig.register('carol')];
    const alice = await rig.signIn('alice');
    const code = async (to: Person, name: string) => (await alice.call('deliver', requestTo(to, name))).code;
    for (let i = 0; i < 5; i++) expect(await code(bob, `${i}`)).to.equal('ok');
    expect(await code(bob, '5')).to.equal('rate-limited');
    expect(await code(bob, '3')).to.equal('ok');
    expect(await code(carol, '5')).to.equal('ok');
    expect((await (await rig.signIn('dave')).call('deliver', requestTo(bob, 'x'))).code).to.equal('ok');
    rig.clock.ms += DAY_MS;
    expect(await code(bob, '5')).to.equal('ok');
  });

  it('cannot go beyond its budget by riding on one that the relay gives back', async () => {
    const rig = makeRig({ limits: { requestsPerPairAndDay: 1 } });
    const bob = await rig.register('bob');
    const alice = await rig.signIn('alice');
    const { number, request } = operations.deliver;
    const codes: string[] = [];
    for (const name of ['one', 'two']) {
      const stale = request.encode(requestTo(bob, name, { recordSequence: 9 }));
      const good = request.encode(requestTo(bob, name));
      const replies = await alice.pipeline([
        [number, stale],
        [number, good],
      ]);
      codes.push(...replies.map(({ code }) => code));
    }
    expect(codes).to.deep.equal(['stale-devices', 'ok', 'rate-limited', 'rate-limited']);
    expect((await rig.relay.stats()).messages).to.equal(1);
  });

  it('may carry the longest chain of records once a day', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const alice = await rig.signIn('alice');
    const code = async (name: string, size: number) => {
      const { capability: _, ...request } = sized(bob, name, size);
      return (await alice.call('deliver', request)).code;
    };
    expect(await code('1', ENVELOPE_MAX_BYTES)).to.equal('ok');
    expect(await code('1', ENVELOPE_MAX_BYTES)).to.equal('ok');
    expect(await code('2', 1)).to.equal('rate-limited');
  });

  it('may have 32 KiB per pair and day, of one copy, exactly', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const alice = await rig.signIn('alice');
    const code = async (name: string, size: number) => {
      const { capability: _, ...request } = sized(bob, name, size);
      return (await alice.call('deliver', request)).code;
    };
    expect(await code('1', 1)).to.equal('ok');
    expect(await code('2', 32_768)).to.equal('rate-limited');
    expect(await code('2', 32_766)).to.equal('ok');
    expect(await code('3', 2)).to.equal('rate-limited');
    expect(await code('4', 1)).to.equal('ok');
  });

  it('does not count when it reached nobody through no fault of its sender', async () => {
    const rig = makeRig({ limits: { requestsPerPairAndDay: 1 } });
    const bob = await rig.register('bob');
    const alice = await rig.signIn('alice');
    const stale = await alice.call('deliver', requestTo(bob, 'one', { recordSequence: 9 }));
    expect(stale.code).to.equal('stale-devices');
    rig.disk.beforeWrite = () => Promise.reject(new Error('disk'));
    expect((await alice.call('deliver', requestTo(bob, 'two'))).code).to.equal('read-only');
    rig.disk.beforeWrite = undefined;
    await rig.relay.tick();
    const again = await rig.signIn('alice');
    expect((await again.call('deliver', requestTo(bob, 'three'))).code).to.equal('ok');
    expect((await again.call('deliver', requestTo(bob, 'four'))).code).to.equal('rate-limited');
  });

  it('is limited per account and minute, whatever the target', async () => {
    const rig = makeRig({ limits: { requestsPerMinute: 3 } });
    const targets = await Promise.all(['b', 'c', 'd', 'e'].map((letter) => rig.register(`person${letter}`)));
    const alice = await rig.signIn('alice');
    const codes = [];
    for (const to of targets) codes.push((await alice.call('deliver', requestTo(to, 'x'))).code);
    expect(codes).to.deep.equal(['ok', 'ok', 'ok', 'rate-limited']);
    rig.clock.ms += 20_001;
    const [target] = targets;
    if (target === undefined) throw new Error();
    expect((await alice.call('deliver', requestTo(target, 'y'))).code).to.equal('ok');
  });
});

describe('delivery to a relay whose disk fails', () => {
  it('acknowledges nothing, says read-only, keeps reading, and goes on when the disk is back', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await rig.connect().call('deliver', envelopeTo(bob, 'before'));
    const client = await listen(rig, 'bob');
    await client.until('envelope', 1);
    rig.disk.beforeWrite = () => Promise.reject(new Error('no space left'));
    rig.disk.room = false;
    const sender = rig.connect();
    const refused = await sender.call('deliver', envelopeTo(bob, 'lost'));
    expect([refused.code, rig.relay.readOnly]).to.deep.equal(['read-only', true]);
    expect(refused.retryAfterMs).to.be.greaterThan(0);
    expect(rig.problems.map(({ where }) => where)).to.deep.equal(['a write failed; the relay is read-only']);
    // What was pushed of it may never be durable, so the device must come again.
    expect(client.closedWith).to.equal(CLOSE.tryAgainLater);
    const reader = await listen(rig, 'bob');
    const [kept, ...rest] = await reader.until('envelope', 1);
    expect([kept?.envelopeId, rest.length]).to.deep.equal([seededBytes('envelope before', 16), 0]);
    expect((await reader.call('acknowledge', { sequence: 1 })).code).to.equal('read-only');
    await rig.relay.tick();
    expect(rig.relay.readOnly).to.equal(true);
    rig.disk.beforeWrite = undefined;
    rig.disk.room = true;
    await rig.relay.tick();
    expect(rig.relay.readOnly).to.equal(false);
    expect((await sender.call('deliver', envelopeTo(bob, 'lost'))).code).to.equal('ok');
  });

  it('becomes read-only before the disk is quite full', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    rig.disk.room = false;
    await rig.relay.tick();
    expect((await rig.connect().call('deliver', envelopeTo(bob, 'one'))).code).to.equal('read-only');
    expect((await rig.connect().call('register', person('carol').registration)).code).to.equal('read-only');
  });
});

/** One byte more in the last field of a DeliverRequest, all lengths around it corrected. */
function grow(encoded: Uint8Array): Uint8Array {
  const decoded = operations.deliver.request.decode(encoded);
  const head = operations.deliver.request.encode({ ...decoded, devices: [] });
  const [device] = decoded.devices;
  const bytes = device?.bytes ?? new Uint8Array(0);
  const inner = [0x08, 1, 0x10, ...varint(device?.registrationId ?? 0), 0x1a, ...varint(bytes.length + 1)];
  const length = inner.length + bytes.length + 1;
  return new Uint8Array([...head, 0x32, ...varint(length), ...inner, ...bytes, 0]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}
