import { expect } from 'chai';
import type { Person } from './people.ts';
import { envelopeTo, makeRig, type Rig, settle, type TestClient } from './rig.ts';

async function deliver(rig: Rig, to: Person, from: number, count: number): Promise<void> {
  const sender = rig.connect();
  await Promise.all(
    Array.from({ length: count }, (_, i) => sender.call('deliver', envelopeTo(to, `m${from + i}`))),
  );
}

function sequences(client: TestClient): number[] {
  return client.eventsOf('envelope').map(({ sequence }) => sequence);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

describe('push of a mailbox', () => {
  it('brings what waits, oldest first, and goes on with what comes', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await deliver(rig, bob, 0, 100);
    const client = rig.connect();
    expect((await client.signIn(bob)).waiting).to.equal(100);
    await settle();
    expect(sequences(client)).to.deep.equal([]);
    await client.call('subscribe', { window: 256 });
    await client.until('envelope', 100);
    await deliver(rig, bob, 100, 20);
    await client.until('envelope', 120);
    expect(sequences(client)).to.deep.equal(range(1, 120));
  });

  it('keeps at most a window of unacknowledged envelopes on the way', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await deliver(rig, bob, 0, 10);
    const client = await rig.signIn('bob');
    await client.call('subscribe', { window: 3 });
    await settle();
    expect(sequences(client)).to.deep.equal([1, 2, 3]);
    await client.call('acknowledge', { sequence: 2 });
    await settle();
    expect(sequences(client)).to.deep.equal([1, 2, 3, 4, 5]);
    await deliver(rig, bob, 10, 2);
    await client.call('acknowledge', { sequence: 5 });
    await settle();
    expect(sequences(client)).to.deep.equal(range(1, 8));
    await client.call('subscribe', { window: 5 });
    await settle();
    expect(sequences(client)).to.deep.equal(range(1, 10));
  });

  it('can be stopped with a window of 0', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await deliver(rig, bob, 0, 2);
    const client = await rig.signIn('bob');
    await client.call('subscribe', { window: 0 });
    await settle();
    expect(sequences(client)).to.deep.equal([]);
  });

  it('pauses while the connection is congested and resumes without a gap', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    await client.call('subscribe', { window: 256 });
    await deliver(rig, bob, 0, 5);
    client.congested = true;
    await deliver(rig, bob, 5, 5);
    await settle();
    expect(sequences(client)).to.deep.equal(range(1, 5));
    client.congested = false;
    client.connection.resume();
    await client.until('envelope', 10);
    expect(sequences(client)).to.deep.equal(range(1, 10));
  });

  it('brings everything unacknowledged again to the next connection, in order', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await deliver(rig, bob, 0, 6);
    const first = await rig.signIn('bob');
    await first.call('subscribe', { window: 256 });
    await first.until('envelope', 6);
    await first.call('acknowledge', { sequence: 2 });
    first.connection.closed();
    const second = await rig.signIn('bob');
    await second.call('subscribe', { window: 256 });
    await second.until('envelope', 4);
    expect(sequences(second)).to.deep.equal([3, 4, 5, 6]);
  });

  it('stops at once when the connection is gone', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    await client.call('subscribe', { window: 256 });
    client.connection.closed();
    await deliver(rig, bob, 0, 3);
    await settle();
    expect(sequences(client)).to.deep.equal([]);
    expect((await rig.relay.stats()).messages).to.equal(3);
  });

  it('misses nothing under interleaved deliveries, acknowledgements and congestion', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    const client = await rig.signIn('bob');
    await client.call('subscribe', { window: 7 });
    let sent = 0;
    for (let round = 0; round < 60; round++) {
      client.congested = round % 5 === 3;
      if (!client.congested) client.connection.resume();
      const count = (round * 7) % 4;
      const delivered = deliver(rig, bob, sent, count);
      sent += count;
      const newest = sequences(client).at(-1);
      if (newest !== undefined && round % 3 !== 0) void client.call('acknowledge', { sequence: newest });
      if (round % 4 === 0) await settle();
      await delivered;
    }
    client.congested = false;
    client.connection.resume();
    while (sequences(client).length < sent) {
      await client.call('acknowledge', { sequence: sequences(client).at(-1) ?? 0 });
      await settle();
    }
    expect(sequences(client)).to.deep.equal(range(1, sent));
  });
});

describe('acknowledgement', () => {
  it('is cumulative and deletes for good', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await deliver(rig, bob, 0, 5);
    const client = await rig.signIn('bob');
    await client.call('subscribe', { window: 256 });
    await client.until('envelope', 5);
    expect((await client.call('acknowledge', { sequence: 4 })).code).to.equal('ok');
    expect((await client.call('acknowledge', { sequence: 2 })).code).to.equal('ok');
    expect((await rig.relay.stats()).messages).to.equal(1);
  });

  it('never reaches beyond what this connection was sent', async () => {
    const rig = makeRig();
    const bob = await rig.register('bob');
    await deliver(rig, bob, 0, 5);
    const client = await rig.signIn('bob');
    expect((await client.call('acknowledge', { sequence: 5 })).code).to.equal('ok');
    await client.call('subscribe', { window: 2 });
    await client.until('envelope', 2);
    expect((await client.call('acknowledge', { sequence: 1_000_000 })).code).to.equal('ok');
    await settle();
    expect((await rig.relay.stats()).messages).to.equal(3);
  });
});
