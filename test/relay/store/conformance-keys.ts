import { expect } from 'chai';
import { type RelayStore, TAKEN_KEY_MEMORY_DAYS } from '../../../relay/store/store.ts';
import { DAY, deviceOf, idOf, newAccount, nextRecord, preKeysOf } from './samples.ts';

export function keyConformance(store: () => RelayStore): void {
  const add = (first: number, count: number, max = 100) =>
    store().addPreKeys({ account: idOf('bob'), device: 1, keys: preKeysOf('bob', first, count), max });
  const take = (oneTime = true, devices: readonly number[] = []) =>
    store().takeBundles({ account: idOf('bob'), devices, oneTime, day: DAY });

  describe('bundles', () => {
    beforeEach(async () => {
      await store().createAccount(newAccount('bob'));
    });

    it('hold one key of each kind, in the order of the uploads', async () => {
      await add(200, 1);
      const keys = preKeysOf('bob', 100, 3);
      const first = (await take())?.bundles[0];
      expect(first?.device).to.deep.equal(deviceOf('bob'));
      expect(first?.signedPreKey).to.deep.equal(keys.signedPreKey);
      expect(first?.oneTimePreKey).to.deep.equal(keys.oneTimePreKeys[0]);
      expect(first?.kemPreKey).to.deep.equal(keys.oneTimeKemPreKeys[0]);
      expect(first?.counts).to.deep.equal({ oneTimePreKeys: 3, oneTimeKemPreKeys: 3 });
      const ids = [await take(), await take(), await take()].map(
        (answer) => answer?.bundles[0]?.oneTimePreKey?.id,
      );
      expect(ids).to.deep.equal([101, 102, 200]);
    });

    it('are the last-resort set for a stranger, and nothing is taken', async () => {
      const bundle = (await take(false))?.bundles[0];
      expect(bundle?.kemPreKey).to.deep.equal(preKeysOf('bob', 0, 0).lastResortKemPreKey);
      expect(bundle).to.not.have.property('oneTimePreKey');
      expect(await store().preKeyCounts(idOf('bob'), 1)).to.deep.equal({
        oneTimePreKeys: 3,
        oneTimeKemPreKeys: 3,
      });
    });

    it('are the last-resort set for everybody when the pool is empty', async () => {
      for (let i = 0; i < 3; i++) await take();
      const bundle = (await take())?.bundles[0];
      expect(bundle?.kemPreKey).to.deep.equal(preKeysOf('bob', 0, 0).lastResortKemPreKey);
      expect(bundle).to.not.have.property('oneTimePreKey');
      expect(bundle?.counts).to.deep.equal({ oneTimePreKeys: 0, oneTimeKemPreKeys: 0 });
    });

    it('mix when only one kind ran out', async () => {
      for (let i = 0; i < 3; i++) await take();
      const keys = { ...preKeysOf('bob', 300, 1), oneTimeKemPreKeys: [] };
      await store().addPreKeys({ account: idOf('bob'), device: 1, keys, max: 100 });
      const bundle = (await take())?.bundles[0];
      expect(bundle?.oneTimePreKey?.id).to.equal(300);
      expect(bundle?.kemPreKey.id).to.equal(1);
    });

    it('give one key to one of 20 takers', async () => {
      for (let i = 0; i < 2; i++) await take();
      const answers = await Promise.all(Array.from({ length: 20 }, () => take()));
      const winners = answers.filter((answer) => answer?.bundles[0]?.oneTimePreKey !== undefined);
      expect(winners).to.have.length(1);
      const kem = answers.filter((answer) => answer?.bundles[0]?.kemPreKey.id === 102);
      expect(kem).to.have.length(1);
    });

    it('come for the devices that were asked for and have keys', async () => {
      await store().casRecord(nextRecord('bob', 1, [deviceOf('bob'), deviceOf('bob', 2)]));
      expect(await take()).to.deep.include({ recordSequence: 1 });
      expect((await take())?.bundles.map(({ device }) => device.id)).to.deep.equal([1]);
      await store().addPreKeys({
        account: idOf('bob'),
        device: 2,
        keys: preKeysOf('bob two', 1, 1),
        max: 100,
      });
      expect((await take())?.bundles.map(({ device }) => device.id)).to.deep.equal([1, 2]);
      expect((await take(true, [2, 9]))?.bundles.map(({ device }) => device.id)).to.deep.equal([2]);
      const unknown = { account: idOf('nobody'), devices: [], oneTime: true, day: DAY };
      expect(await store().takeBundles(unknown)).to.equal(undefined);
    });
  });

  describe('pre-key uploads', () => {
    beforeEach(async () => {
      await store().createAccount(newAccount('bob'));
    });

    it('are taken up to the limit as a whole or not at all', async () => {
      expect(await add(200, 97)).to.deep.equal({
        kind: 'added',
        counts: { oneTimePreKeys: 100, oneTimeKemPreKeys: 100 },
      });
      expect(await add(400, 1)).to.deep.equal({ kind: 'quota-exceeded' });
      expect((await store().preKeyCounts(idOf('bob'), 1)).oneTimePreKeys).to.equal(100);
    });

    it('change nothing when they come again, also when a key was handed out meanwhile', async () => {
      await add(200, 2);
      for (let i = 0; i < 4; i++) await take();
      expect(await add(200, 2, 5)).to.deep.equal({
        kind: 'added',
        counts: { oneTimePreKeys: 1, oneTimeKemPreKeys: 1 },
      });
      expect((await take())?.bundles[0]?.oneTimePreKey?.id).to.equal(201);
      expect((await take())?.bundles[0]?.oneTimePreKey).to.equal(undefined);
    });

    it('forget a key that was handed out once its time is over', async () => {
      await take();
      const nowHour = 24 * (DAY + TAKEN_KEY_MEMORY_DAYS);
      await store().expire({ nowHour, mailboxHours: 720 });
      expect((await add(100, 1)).kind).to.equal('added');
      expect((await store().preKeyCounts(idOf('bob'), 1)).oneTimePreKeys).to.equal(2);
      await store().expire({ nowHour: nowHour + 24, mailboxHours: 720 });
      await add(100, 1);
      expect((await store().preKeyCounts(idOf('bob'), 1)).oneTimePreKeys).to.equal(3);
    });

    it('replace the signed and the last-resort key each by itself', async () => {
      const other = preKeysOf('bob two', 0, 0);
      const { signedPreKey } = other;
      if (signedPreKey === undefined) throw new Error('sample');
      const keys = { signedPreKey, oneTimePreKeys: [], oneTimeKemPreKeys: [] };
      await store().addPreKeys({ account: idOf('bob'), device: 1, keys, max: 100 });
      const bundle = (await take(false))?.bundles[0];
      expect(bundle?.signedPreKey).to.deep.equal(signedPreKey);
      expect(bundle?.kemPreKey).to.deep.equal(preKeysOf('bob', 0, 0).lastResortKemPreKey);
    });
  });
}
