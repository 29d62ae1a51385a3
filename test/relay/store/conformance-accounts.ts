import { expect } from 'chai';
import type { RelayStore } from '../../../relay/store/store.ts';
import {
  bytesOf,
  CONTACT,
  capabilityOf,
  DAY,
  deliveryTo,
  deviceOf,
  fence,
  idOf,
  LIVE,
  mailboxOf,
  newAccount,
  nextRecord,
  preKeysOf,
  RETIRED,
  read,
  recordOf,
  SWALLOWED,
} from './samples.ts';

export function accountConformance(store: () => RelayStore): void {
  describe('accounts', () => registration(store));
  describe('account records', () => records(store));
  describe('deleted accounts', () => deletion(store));
  describe('sessions', () => sessions(store));
  describe('capabilities', () => capabilities(store));
}

function registration(store: () => RelayStore): void {
  it('are found by id and by name with everything that was registered', async () => {
    expect(await store().createAccount(newAccount('alice'))).to.equal('created');
    const account = await store().account(idOf('alice'));
    expect(account).to.deep.include({ username: 'alice', sequence: 0, listed: true, createdDay: DAY });
    expect(account?.devices).to.deep.equal([deviceOf('alice')]);
    expect(await store().accountByName('alice')).to.deep.equal(account);
    expect(await store().passwordHash(idOf('alice'))).to.equal('$2b$10$alice');
    expect(await store().preKeyCounts(idOf('alice'), 1)).to.deep.equal({
      oneTimePreKeys: 3,
      oneTimeKemPreKeys: 3,
    });
    expect(await store().capability(capabilityOf('alice'))).to.deep.equal({
      account: idOf('alice'),
      kind: CONTACT,
      end: LIVE,
    });
    expect(await store().sessions(idOf('alice'))).to.have.length(1);
  });

  it('are not there before', async () => {
    expect(await store().account(idOf('alice'))).to.equal(undefined);
    expect(await store().accountByName('alice')).to.equal(undefined);
    expect(await store().records(idOf('alice'), { maxRecords: 100, maxBytes: 1_000 })).to.deep.equal([]);
    expect(await store().capability(capabilityOf('alice'))).to.equal(undefined);
  });

  it('are answered as repeated when they come again, and nothing changes', async () => {
    await store().createAccount(newAccount('alice'));
    await store().setListed(idOf('alice'), false);
    expect(await store().createAccount(newAccount('alice', { passwordHash: 'other' }))).to.equal('repeated');
    expect(await store().passwordHash(idOf('alice'))).to.equal('$2b$10$alice');
    expect((await store().account(idOf('alice')))?.listed).to.equal(false);
  });

  it('have a name each: of 20 at a time one gets it', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const capabilities = [{ hash: capabilityOf(`${i}`), kind: CONTACT }];
        return store().createAccount(newAccount(`u${i}`, { username: 'alice', capabilities }));
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'created')).to.have.length(1);
    expect(outcomes.filter((outcome) => outcome === 'name-taken')).to.have.length(19);
  });

  it('are refused with a device key that another account lists, and nothing of them stays', async () => {
    await store().createAccount(newAccount('alice'));
    const record = recordOf('bob', 0, [{ ...deviceOf('bob'), identityKey: deviceOf('alice').identityKey }]);
    expect(await store().createAccount(newAccount('bob', { record }))).to.equal('key-taken');
    expect(await store().account(idOf('bob'))).to.equal(undefined);
    expect(await store().createAccount(newAccount('bob'))).to.equal('created');
  });

  it("are refused with another account's capability", async () => {
    await store().createAccount(newAccount('alice'));
    const capabilities = [{ hash: capabilityOf('alice'), kind: CONTACT }];
    expect(await store().createAccount(newAccount('bob', { capabilities }))).to.equal('capability-taken');
  });

  it('can lose and change their password hash and their listing', async () => {
    await store().createAccount(newAccount('alice'));
    await store().setPasswordHash(idOf('alice'), 'new');
    expect(await store().passwordHash(idOf('alice'))).to.equal('new');
    await store().setPasswordHash(idOf('alice'), undefined);
    expect(await store().passwordHash(idOf('alice'))).to.equal(undefined);
    await store().setListed(idOf('alice'), false);
    expect((await store().accountByName('alice'))?.listed).to.equal(false);
    await store().setListed(idOf('alice'), true);
    expect((await store().accountByName('alice'))?.listed).to.equal(true);
  });
}

function records(store: () => RelayStore): void {
  it('come in order, after a sequence, as many as fit and at least one', async () => {
    await store().createAccount(newAccount('alice'));
    for (let sequence = 1; sequence <= 4; sequence++) await store().casRecord(nextRecord('alice', sequence));
    const all = [0, 1, 2, 3, 4].map((sequence) => recordOf('alice', sequence).bytes);
    const get = (afterSequence: number | undefined, maxBytes: number, maxRecords = 100) => {
      const range = { maxBytes, maxRecords };
      return store().records(
        idOf('alice'),
        afterSequence === undefined ? range : { ...range, afterSequence },
      );
    };
    expect(await get(undefined, 10_000)).to.deep.equal(all);
    expect(await get(2, 10_000)).to.deep.equal(all.slice(3));
    expect(await get(undefined, 400)).to.deep.equal(all.slice(0, 2));
    expect(await get(undefined, 1)).to.deep.equal(all.slice(0, 1));
    expect(await get(undefined, 10_000, 3)).to.deep.equal(all.slice(0, 3));
    expect(await get(4, 10_000)).to.deep.equal([]);
    expect(await get(99, 10_000)).to.deep.equal([]);
  });

  it('are appended by compare-and-swap: of 20 successors one wins', async () => {
    await store().createAccount(newAccount('alice'));
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const next = nextRecord('alice', 1);
        return store().casRecord({ ...next, record: { ...next.record, hash: bytesOf(`rival ${i}`, 32) } });
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'accepted')).to.have.length(1);
    expect(outcomes.filter((outcome) => outcome === 'conflict')).to.have.length(19);
    expect((await store().account(idOf('alice')))?.sequence).to.equal(1);
  });

  it('are answered as repeated when the newest one comes again', async () => {
    await store().createAccount(newAccount('alice'));
    await store().casRecord(nextRecord('alice', 1));
    expect(await store().casRecord(nextRecord('alice', 1))).to.equal('repeated');
    expect(await store().casRecord(nextRecord('bob', 1))).to.equal('not-found');
    const leap = nextRecord('alice', 2);
    expect(await store().casRecord({ ...leap, record: { ...leap.record, sequence: 3 } })).to.equal(
      'conflict',
    );
  });

  it('are refused with a device key that another account lists', async () => {
    await store().createAccount(newAccount('alice'));
    await store().createAccount(newAccount('bob'));
    const stolen = { ...deviceOf('alice', 2), identityKey: deviceOf('bob').identityKey };
    expect(await store().casRecord(nextRecord('alice', 1, [deviceOf('alice'), stolen]))).to.equal(
      'key-taken',
    );
    expect((await store().account(idOf('alice')))?.sequence).to.equal(0);
  });

  it('give a removed device no session, no keys, no mailbox, and free its key', async () => {
    await store().createAccount(newAccount('alice'));
    const [first, second] = [deviceOf('alice'), deviceOf('alice', 2)];
    await store().casRecord(nextRecord('alice', 1, [first, second]));
    const keys = preKeysOf('alice two', 500, 2);
    await store().addPreKeys({ account: idOf('alice'), device: 2, keys, max: 100 });
    await fence(store(), 'alice', 2);
    const devices = [first, second].map(({ id, registrationId }) => ({
      device: id,
      registrationId,
      bytes: bytesOf('x', 10),
    }));
    await store().appendMailbox(deliveryTo('alice', 'm', { recordSequence: 1, devices }));
    await store().casRecord(nextRecord('alice', 2, [first]));
    expect(await read(store(), 'alice', 2)).to.deep.equal([]);
    expect(await read(store(), 'alice', 1)).to.have.length(1);
    expect((await store().sessions(idOf('alice'))).map(({ device }) => device)).to.deep.equal([1]);
    expect(await store().preKeyCounts(idOf('alice'), 2)).to.deep.equal({
      oneTimePreKeys: 0,
      oneTimeKemPreKeys: 0,
    });
    const session = { account: idOf('alice'), device: 2, tokenHash: bytesOf('token alice', 32), day: DAY };
    expect(await store().openSession(session)).to.deep.equal({ kind: 'not-listed' });
    expect(await store().addPreKeys({ account: idOf('alice'), device: 2, keys, max: 100 })).to.deep.equal({
      kind: 'not-listed',
    });
    const record = recordOf('bob', 0, [{ ...deviceOf('bob'), identityKey: second.identityKey }]);
    expect(await store().createAccount(newAccount('bob', { record }))).to.equal('created');
  });
}

function deletion(store: () => RelayStore): void {
  it('are gone, and their name is never given out again', async () => {
    await store().createAccount(newAccount('alice'));
    await store().appendMailbox(deliveryTo('alice', 'one'));
    await store().deleteAccount(idOf('alice'));
    expect(await store().account(idOf('alice'))).to.equal(undefined);
    expect(await store().accountByName('alice')).to.equal(undefined);
    expect(await store().records(idOf('alice'), { maxRecords: 100, maxBytes: 1_000 })).to.deep.equal([]);
    expect(await store().passwordHash(idOf('alice'))).to.equal(undefined);
    expect(await store().sessions(idOf('alice'))).to.deep.equal([]);
    expect(await read(store(), 'alice')).to.deep.equal([]);
    expect(await store().capability(capabilityOf('alice'))).to.equal(undefined);
    expect(await store().appendMailbox(deliveryTo('alice', 'two'))).to.deep.equal({
      kind: 'capability-unknown',
    });
    const capabilities = [{ hash: capabilityOf('eve'), kind: CONTACT }];
    const successor = newAccount('eve', { username: 'alice', capabilities });
    expect(await store().createAccount(successor)).to.equal('name-taken');
    expect(await store().createAccount(newAccount('alice'))).to.equal('name-taken');
    expect(await store().stats()).to.deep.include({ accounts: 0, bundles: 0, messages: 0, bytes: 0 });
  });
}

function sessions(store: () => RelayStore): void {
  const open = (token: string, day = DAY, device = 1) =>
    store().openSession({
      account: idOf('alice'),
      device,
      tokenHash: bytesOf(`token ${token}`, 32),
      day,
    });

  beforeEach(async () => {
    await store().createAccount(newAccount('alice'));
  });

  it('are made by the first use of a token and remember days only', async () => {
    await open('new', DAY + 1);
    await open('new', DAY + 3);
    const listed = await store().sessions(idOf('alice'));
    expect(listed.map(({ createdDay, lastUsedDay }) => [createdDay, lastUsedDay])).to.deep.equal([
      [DAY, DAY],
      [DAY + 1, DAY + 3],
    ]);
    expect(listed[1]?.id).to.deep.equal(bytesOf('token new', 32).subarray(0, 16));
    expect(listed[0]?.label).to.equal('laptop');
    expect(listed[1]).to.not.have.property('label');
  });

  it('say what is waiting', async () => {
    await store().appendMailbox(deliveryTo('alice', 'one'));
    await store().casRecord(nextRecord('alice', 1));
    expect(await open('alice')).to.deep.include({
      kind: 'open',
      recordSequence: 1,
      waiting: 1,
      counts: { oneTimePreKeys: 3, oneTimeKemPreKeys: 3 },
    });
  });

  it('get a higher fence each time, and only the newest may acknowledge', async () => {
    await store().appendMailbox(deliveryTo('alice', 'one'));
    const [older, newer] = [await fence(store(), 'alice'), await fence(store(), 'alice')];
    expect(newer).to.be.greaterThan(older);
    expect(await store().ackUpTo(mailboxOf('alice'), 1, older)).to.equal('superseded');
    expect(await read(store(), 'alice')).to.have.length(1);
    expect(await store().ackUpTo(mailboxOf('alice'), 1, newer)).to.equal('acknowledged');
    expect(await read(store(), 'alice')).to.deep.equal([]);
  });

  it('end for ever when they are revoked', async () => {
    const [session] = await store().sessions(idOf('alice'));
    const id = session?.id ?? new Uint8Array(16);
    expect((await store().revokeSession(idOf('alice'), id))?.device).to.equal(1);
    expect(await store().revokeSession(idOf('alice'), id)).to.equal(undefined);
    expect(await store().sessions(idOf('alice'))).to.deep.equal([]);
    expect(await open('alice')).to.deep.equal({ kind: 'revoked' });
    expect((await open('another')).kind).to.equal('open');
  });

  it('are not opened for a device that is not listed', async () => {
    expect(await open('alice', DAY, 2)).to.deep.equal({ kind: 'not-listed' });
  });

  it('are 32 at most: those that were not used for longest go', async () => {
    for (let i = 0; i < 40; i++) await open(`t${i}`, DAY + 1 + i);
    const listed = await store().sessions(idOf('alice'));
    expect(listed).to.have.length(32);
    expect(listed[0]?.lastUsedDay).to.equal(DAY + 9);
  });
}

function capabilities(store: () => RelayStore): void {
  const add = (names: readonly string[], max = 100) =>
    store().addCapabilities(
      idOf('alice'),
      names.map((name) => ({ hash: capabilityOf(name), kind: CONTACT })),
      max,
    );
  const end = (name: string, how: number, max = 100) =>
    store().endCapability(idOf('alice'), capabilityOf(name), how, max);

  beforeEach(async () => {
    await store().createAccount(newAccount('alice'));
  });

  it('are added once, however often they come', async () => {
    expect(await add(['a', 'b', 'a'])).to.equal('added');
    expect(await add(['a', 'b'], 3)).to.equal('added');
    expect(await add(['c'], 3)).to.equal('quota-exceeded');
    expect(await store().capability(capabilityOf('c'))).to.equal(undefined);
  });

  it('belong to one account', async () => {
    await store().createAccount(newAccount('bob'));
    expect(await add(['bob'])).to.equal('capability-taken');
    expect(await end('bob', RETIRED)).to.equal('capability-unknown');
    expect(await store().addCapabilities(idOf('carol'), [], 10)).to.equal('not-found');
  });

  it('that were retired stay retired', async () => {
    await add(['a']);
    expect(await end('a', RETIRED)).to.equal('ended');
    expect(await end('a', RETIRED)).to.equal('ended');
    expect(await end('a', LIVE)).to.equal('final');
    expect(await end('a', SWALLOWED)).to.equal('final');
    expect((await store().capability(capabilityOf('a')))?.end).to.equal(RETIRED);
    expect(await end('unknown', RETIRED)).to.equal('capability-unknown');
  });

  it('that were swallowed live again, unless there are too many', async () => {
    await add(['a', 'b'], 3);
    expect(await end('a', SWALLOWED, 3)).to.equal('ended');
    expect(await add(['c'], 3)).to.equal('added');
    expect(await end('a', LIVE, 3)).to.equal('quota-exceeded');
    await end('c', RETIRED, 3);
    expect(await end('a', LIVE, 3)).to.equal('ended');
    expect((await store().capability(capabilityOf('a')))?.end).to.equal(LIVE);
  });

  it('that ended count too, four times as many as may live', async () => {
    for (let i = 0; i < 7; i++) {
      expect(await add([`${i}`], 2)).to.equal('added');
      await end(`${i}`, RETIRED, 2);
    }
    expect(await add(['one too many'], 2)).to.equal('quota-exceeded');
  });
}
