import { expect } from 'chai';
import {
  DELIVERY_MEMORY_DAYS,
  type Mailbox,
  type MailboxEntry,
  type RelayStore,
} from '../../../relay/store/store.ts';
import {
  ADDRESS,
  bytesOf,
  capabilityOf,
  deliveryTo,
  deviceOf,
  fence,
  HOUR,
  idOf,
  mailboxOf,
  newAccount,
  nextRecord,
  RETIRED,
  read,
  recordOf,
  SELF,
  SWALLOWED,
} from './samples.ts';

const DELIVERED = { kind: 'delivered', fullDevices: [] };

export function mailboxConformance(store: () => RelayStore): void {
  describe('mail', () => {
    beforeEach(async () => {
      await store().createAccount(newAccount('bob'));
    });
    describe('mailboxes', () => mailboxes(store));
    describe('deliveries', () => deliveries(store));
    describe('deliveries to several devices', () => severalDevices(store));
    describe('expiry', () => expiry(store));
  });
}

async function deliver(store: RelayStore, count: number, size = 100): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, i) => {
      const devices = [{ device: 1, registrationId: 1_001, bytes: bytesOf(`${i}`, size) }];
      return store.appendMailbox(deliveryTo('bob', `m${i}`, { devices }));
    }),
  );
}

function mailboxes(store: () => RelayStore): void {
  it('hold what was delivered, in order, with consecutive sequences from 1', async () => {
    await deliver(store(), 50);
    const entries = await read(store(), 'bob');
    expect(entries.map(({ sequence }) => sequence)).to.deep.equal(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
    expect(entries.map(({ bytes }) => bytes)).to.deep.equal(
      Array.from({ length: 50 }, (_, i) => bytesOf(`${i}`, 100)),
    );
    expect(entries[7]).to.deep.include({
      envelopeId: bytesOf('envelope m7', 16),
      kind: 1,
      stampHour: HOUR,
      authority: 2,
      capabilityHash: capabilityOf('bob'),
    });
  });

  it('are read from a sequence on, as many and as much as asked for, at least one', async () => {
    await deliver(store(), 10);
    const sequences = async (afterSequence: number, maxMessages: number, maxBytes: number) =>
      (await store().readMailbox(mailboxOf('bob'), { afterSequence, maxMessages, maxBytes })).map(
        ({ sequence }) => sequence,
      );
    expect(await sequences(0, 3, 1_000_000)).to.deep.equal([1, 2, 3]);
    expect(await sequences(7, 100, 1_000_000)).to.deep.equal([8, 9, 10]);
    expect(await sequences(3, 100, 1)).to.deep.equal([4]);
    expect(await sequences(10, 100, 1_000_000)).to.deep.equal([]);
    expect(await sequences(99, 100, 1_000_000)).to.deep.equal([]);
    expect((await sequences(0, 100, 500)).length).to.be.within(2, 5);
  });

  it('lose what is acknowledged, all up to it, once', async () => {
    await deliver(store(), 10);
    const current = await fence(store(), 'bob');
    expect(await store().ackUpTo(mailboxOf('bob'), 4, current)).to.equal('acknowledged');
    expect(await store().ackUpTo(mailboxOf('bob'), 3, current)).to.equal('acknowledged');
    expect((await read(store(), 'bob')).map(({ sequence }) => sequence)).to.deep.equal([5, 6, 7, 8, 9, 10]);
    expect(await store().mailboxStatus(mailboxOf('bob'))).to.deep.equal({
      messages: 6,
      bytes: 600,
      newestSequence: 10,
    });
  });

  it('are not acknowledged beyond their end', async () => {
    await deliver(store(), 2);
    const current = await fence(store(), 'bob');
    await store().ackUpTo(mailboxOf('bob'), Number.MAX_SAFE_INTEGER, current);
    await store().appendMailbox(deliveryTo('bob', 'later'));
    expect((await read(store(), 'bob')).map(({ sequence }) => sequence)).to.deep.equal([3]);
    expect((await store().mailboxStatus(mailboxOf('bob'))).bytes).to.equal(100);
  });

  it('count their bytes rightly through deliveries of many sizes', async () => {
    const current = await fence(store(), 'bob');
    const sizes = [1, 1_000, 20, 98_304, 7];
    for (const [i, size] of sizes.entries()) {
      const devices = [{ device: 1, registrationId: 1_001, bytes: bytesOf('', size) }];
      await store().appendMailbox(deliveryTo('bob', `${i}`, { devices }));
    }
    const left = [];
    for (let i = 1; i <= sizes.length; i++) {
      await store().ackUpTo(mailboxOf('bob'), i, current);
      left.push((await store().mailboxStatus(mailboxOf('bob'))).bytes);
    }
    expect(left).to.deep.equal([99_331, 98_331, 98_311, 7, 0]);
  });

  it('show what is staged before it is durable, and acknowledging waits for it', async () => {
    const seen: [Mailbox, MailboxEntry][] = [];
    const delivery = deliveryTo('bob', 'one');
    const current = await fence(store(), 'bob');
    const durable = store().appendMailbox(delivery, (mailbox, entry) => seen.push([mailbox, entry]));
    const acknowledged = store().ackUpTo(mailboxOf('bob'), 1, current);
    const [delivered] = await Promise.all([durable, acknowledged]);
    expect(delivered).to.deep.equal(DELIVERED);
    expect(seen.map(([mailbox, { sequence }]) => [mailbox.device, sequence])).to.deep.equal([[1, 1]]);
    expect(await read(store(), 'bob')).to.deep.equal([]);
  });

  it('are read with their staged entries', async () => {
    await deliver(store(), 2);
    const durable = store().appendMailbox(deliveryTo('bob', 'staged'));
    const entries = await read(store(), 'bob');
    await durable;
    expect(entries.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3]);
  });
}

function deliveries(store: () => RelayStore): void {
  it('come once per mailbox, authority and envelope id', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => store().appendMailbox(deliveryTo('bob', 'one'))),
    );
    expect(outcomes.every(({ kind }) => kind === 'delivered')).to.equal(true);
    expect(await read(store(), 'bob')).to.have.length(1);
    await store().ackUpTo(mailboxOf('bob'), 1, await fence(store(), 'bob'));
    await store().appendMailbox(deliveryTo('bob', 'one'));
    expect(await read(store(), 'bob')).to.deep.equal([]);
  });

  it('under the same envelope id come from every authority', async () => {
    await store().addCapabilities(idOf('bob'), [{ hash: capabilityOf('link'), kind: ADDRESS }], 10);
    await store().appendMailbox(deliveryTo('bob', 'one'));
    const byLink = { kind: 'capability', hash: capabilityOf('link') } as const;
    await store().appendMailbox(deliveryTo('bob', 'one', { authority: byLink }));
    for (const sender of [idOf('alice'), idOf('carol')]) {
      await store().appendMailbox(deliveryTo('bob', 'one', { authority: { kind: 'request', sender } }));
    }
    const entries = await read(store(), 'bob');
    expect(entries.map(({ authority }) => authority)).to.deep.equal([2, 3, 1, 1]);
    expect(entries.map(({ capabilityHash }) => capabilityHash)).to.deep.equal([
      capabilityOf('bob'),
      capabilityOf('link'),
      undefined,
      undefined,
    ]);
  });

  it('are recognised for a week', async () => {
    await store().appendMailbox(deliveryTo('bob', 'one'));
    const afterDays = (days: number) => ({ nowHour: HOUR + 24 * days, mailboxHours: 720 });
    await store().expire(afterDays(DELIVERY_MEMORY_DAYS));
    await store().appendMailbox(deliveryTo('bob', 'one'));
    expect(await read(store(), 'bob')).to.have.length(1);
    await store().expire(afterDays(DELIVERY_MEMORY_DAYS + 1));
    await store().appendMailbox(deliveryTo('bob', 'one'));
    expect(await read(store(), 'bob')).to.have.length(2);
  });

  it('need a capability of this account that has not ended', async () => {
    await store().createAccount(newAccount('carol'));
    const outcome = async (changes: Parameters<typeof deliveryTo>[2]) =>
      (await store().appendMailbox(deliveryTo('bob', 'one', changes))).kind;
    const of = (name: string) => ({ kind: 'capability', hash: capabilityOf(name) }) as const;
    expect(await outcome({ authority: of('nobody') })).to.equal('capability-unknown');
    expect(await outcome({ authority: of('carol') })).to.equal('capability-unknown');
    expect(await outcome({ account: idOf('nobody') })).to.equal('capability-unknown');
    await store().endCapability(idOf('bob'), capabilityOf('bob'), RETIRED, 10);
    expect(await outcome({})).to.equal('capability-retired');
    expect(await read(store(), 'bob')).to.deep.equal([]);
  });

  it('by a swallowed capability are answered as ever and leave nothing', async () => {
    await store().endCapability(idOf('bob'), capabilityOf('bob'), SWALLOWED, 10);
    const staged: unknown[] = [];
    const outcome = await store().appendMailbox(deliveryTo('bob', 'one'), (...all) => staged.push(all));
    expect(outcome).to.deep.equal(DELIVERED);
    expect(staged).to.deep.equal([]);
    expect(await read(store(), 'bob')).to.deep.equal([]);
    const stale = await store().appendMailbox(deliveryTo('bob', 'two', { recordSequence: 1 }));
    expect(stale.kind).to.equal('stale-devices');
    const full = await store().appendMailbox(deliveryTo('bob', 'two', { mailboxMessages: 0 }));
    expect(full.kind).to.equal('mailbox-full');
  });

  it('by request reach listed accounts only', async () => {
    const authority = { kind: 'request', sender: idOf('alice') } as const;
    const outcome = async (name: string, envelope: string) =>
      (await store().appendMailbox(deliveryTo(name, envelope, { authority }))).kind;
    expect(await outcome('bob', 'one')).to.equal('delivered');
    expect(await outcome('nobody', 'one')).to.equal('not-found');
    await store().setListed(idOf('bob'), false);
    expect(await outcome('bob', 'two')).to.equal('not-found');
  });

  it('stop at the limits of the mailbox, by messages and by bytes, exactly', async () => {
    const outcome = async (envelope: string, mailboxMessages: number, mailboxBytes: number) =>
      (await store().appendMailbox(deliveryTo('bob', envelope, { mailboxMessages, mailboxBytes }))).kind;
    expect(await outcome('1', 2, 1_000)).to.equal('delivered');
    expect(await outcome('2', 2, 1_000)).to.equal('delivered');
    expect(await outcome('3', 2, 1_000)).to.equal('mailbox-full');
    expect(await outcome('3', 10, 299)).to.equal('mailbox-full');
    expect(await outcome('3', 10, 300)).to.equal('delivered');
    expect(await outcome('3', 3, 300)).to.equal('delivered');
    await store().ackUpTo(mailboxOf('bob'), 1, await fence(store(), 'bob'));
    expect(await outcome('4', 3, 300)).to.equal('delivered');
  });
}

function severalDevices(store: () => RelayStore): void {
  const to = (device: number, registrationId: number, size = 100) => ({
    device,
    registrationId,
    bytes: bytesOf(`${device}`, size),
  });

  beforeEach(async () => {
    await store().casRecord(nextRecord('bob', 1, [deviceOf('bob'), deviceOf('bob', 2)]));
  });

  it('reach all of the newest record or none, and tell the newer records', async () => {
    const outcome = (recordSequence: number, devices: readonly ReturnType<typeof to>[]) =>
      store().appendMailbox(deliveryTo('bob', 'one', { recordSequence, devices }));
    const stale = (...records: Uint8Array[]) => ({ kind: 'stale-devices', records });
    const both = [to(1, 1_001), to(2, 1_002)];
    expect(await outcome(0, both)).to.deep.equal(stale(recordOf('bob', 1).bytes));
    expect(await outcome(2, both)).to.deep.equal(stale());
    expect(await outcome(1, [to(1, 1_001)])).to.deep.equal(stale());
    expect(await outcome(1, [to(1, 1_001), to(2, 1_001)])).to.deep.equal(stale());
    expect(await outcome(1, [to(1, 1_001), to(3, 1_003)])).to.deep.equal(stale());
    expect([...(await read(store(), 'bob', 1)), ...(await read(store(), 'bob', 2))]).to.deep.equal([]);
    expect(await outcome(1, both)).to.deep.equal(DELIVERED);
    expect((await read(store(), 'bob', 1)).map(({ bytes }) => bytes)).to.deep.equal([bytesOf('1', 100)]);
    expect((await read(store(), 'bob', 2)).map(({ bytes }) => bytes)).to.deep.equal([bytesOf('2', 100)]);
  });

  it('among themselves leave out the one that sends', async () => {
    await store().addCapabilities(idOf('bob'), [{ hash: capabilityOf('self'), kind: SELF }], 10);
    const authority = { kind: 'capability', hash: capabilityOf('self') } as const;
    const devices = [to(2, 1_002)];
    const delivery = deliveryTo('bob', 'one', { recordSequence: 1, authority, devices });
    expect(await store().appendMailbox(delivery)).to.deep.equal(DELIVERED);
    expect((await read(store(), 'bob', 2))[0]?.authority).to.equal(5);
  });

  it('skip a full one, tell so, and reach it alone when repeated', async () => {
    const delivery = (envelope: string, mailboxBytes: number, second = 100) =>
      deliveryTo('bob', envelope, {
        recordSequence: 1,
        mailboxBytes,
        devices: [to(1, 1_001), to(2, 1_002, second)],
      });
    expect(await store().appendMailbox(delivery('one', 200, 201))).to.deep.equal({
      kind: 'delivered',
      fullDevices: [2],
    });
    expect(await store().appendMailbox(delivery('one', 201, 201))).to.deep.equal(DELIVERED);
    expect(await read(store(), 'bob', 1)).to.have.length(1);
    expect(await read(store(), 'bob', 2)).to.have.length(1);
    expect(await store().appendMailbox(delivery('two', 199, 201))).to.deep.equal({
      kind: 'mailbox-full',
    });
  });
}

function expiry(store: () => RelayStore): void {
  it('drops what is older than its time and nothing else', async () => {
    for (let i = 0; i < 4; i++) {
      await store().appendMailbox(deliveryTo('bob', `${i}`, { stampHour: HOUR + i }));
    }
    expect(await store().expire({ nowHour: HOUR + 719, mailboxHours: 720 })).to.equal(0);
    expect(await store().expire({ nowHour: HOUR + 721, mailboxHours: 720 })).to.equal(2);
    expect((await read(store(), 'bob')).map(({ sequence }) => sequence)).to.deep.equal([3, 4]);
    expect(await store().mailboxStatus(mailboxOf('bob'))).to.deep.equal({
      messages: 2,
      bytes: 200,
      newestSequence: 4,
    });
  });

  it('works through mailboxes of more than one step', async () => {
    await deliver(store(), 1_100, 10);
    expect(await store().expire({ nowHour: HOUR + 720, mailboxHours: 720 })).to.equal(1_100);
    expect((await store().mailboxStatus(mailboxOf('bob'))).messages).to.equal(0);
  });
}
