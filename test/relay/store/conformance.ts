/** What every engine of the relay's store must do. Exported, so that a new engine proves itself by the same tests. */

import { expect } from 'chai';
import type { RelayStore } from '../../../relay/store/store.ts';
import { accountConformance } from './conformance-accounts.ts';
import { keyConformance } from './conformance-keys.ts';
import { mailboxConformance } from './conformance-mailboxes.ts';
import { bytesOf, DAY, deliveryTo, fence, idOf, mailboxOf, newAccount, read } from './samples.ts';

export interface StoreUnderTest {
  readonly store: RelayStore;
  /** What a new process finds after this one was killed, now. The old store is not to be used any more. */
  crash(): Promise<RelayStore>;
  dispose(): Promise<void>;
}

export function storeConformance(engine: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${engine} as a relay store`, () => {
    let underTest: StoreUnderTest;
    const store = (): RelayStore => underTest.store;
    beforeEach(async () => {
      underTest = await open();
    });
    afterEach(() => underTest.dispose());

    accountConformance(store);
    keyConformance(store);
    mailboxConformance(store);
    crashConformance(() => underTest);
    countConformance(store);
  });
}

function crashConformance(underTest: () => StoreUnderTest): void {
  describe('crash', () => {
    it('loses nothing that was answered', async () => {
      const { store } = underTest();
      await store.createAccount(newAccount('bob'));
      for (let i = 0; i < 20; i++) await store.appendMailbox(deliveryTo('bob', `m${i}`));
      await store.ackUpTo(mailboxOf('bob'), 5, await fence(store, 'bob'));
      const bundle = await store.takeBundles({ account: idOf('bob'), devices: [], oneTime: true, day: DAY });
      const reopened = await underTest().crash();
      expect((await read(reopened, 'bob')).map(({ sequence }) => sequence)).to.deep.equal(
        Array.from({ length: 15 }, (_, index) => 6 + index),
      );
      const again = await reopened.takeBundles({
        account: idOf('bob'),
        devices: [],
        oneTime: true,
        day: DAY,
      });
      expect(again?.bundles[0]?.oneTimePreKey?.id).to.not.equal(bundle?.bundles[0]?.oneTimePreKey?.id);
    });

    it('goes on with the sequences and the fences where they stood', async () => {
      const { store } = underTest();
      await store.createAccount(newAccount('bob'));
      await store.appendMailbox(deliveryTo('bob', 'one'));
      const before = await fence(store, 'bob');
      await store.ackUpTo(mailboxOf('bob'), 1, before);
      const reopened = await underTest().crash();
      await reopened.appendMailbox(deliveryTo('bob', 'two'));
      expect((await read(reopened, 'bob')).map(({ sequence }) => sequence)).to.deep.equal([2]);
      expect(await reopened.ackUpTo(mailboxOf('bob'), 2, before)).to.equal('acknowledged');
      expect(await fence(reopened, 'bob')).to.be.greaterThan(before);
    });

    it('recognises a repetition of what was answered before', async () => {
      const { store } = underTest();
      await store.createAccount(newAccount('bob'));
      await store.appendMailbox(deliveryTo('bob', 'one'));
      const reopened = await underTest().crash();
      expect(await reopened.createAccount(newAccount('bob'))).to.equal('repeated');
      expect(await reopened.appendMailbox(deliveryTo('bob', 'one'))).to.deep.equal({
        kind: 'delivered',
        fullDevices: [],
      });
      expect(await read(reopened, 'bob')).to.have.length(1);
    });
  });
}

function countConformance(store: () => RelayStore): void {
  describe('counts', () => {
    it('count what is there', async () => {
      expect(await store().stats()).to.deep.equal({
        accounts: 0,
        bundles: 0,
        mailboxes: 0,
        messages: 0,
        bytes: 0,
      });
      expect(await store().sampleEnvelope()).to.equal(undefined);
      await store().createAccount(newAccount('alice'));
      await store().createAccount(newAccount('bob'));
      await store().appendMailbox(deliveryTo('bob', 'one'));
      await store().appendMailbox(deliveryTo('bob', 'two'));
      expect(await store().stats()).to.deep.equal({
        accounts: 2,
        bundles: 2,
        mailboxes: 1,
        messages: 2,
        bytes: 200,
      });
      expect(await store().sampleEnvelope()).to.deep.equal(bytesOf('bytes one', 100));
    });
  });
}
