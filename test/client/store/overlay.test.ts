import { expect } from 'chai';
import { memoryEngine } from '../../../client/store/memory.ts';
import { Overlay } from '../../../client/store/overlay.ts';
import { createSealedStore } from '../../../client/store/sealed-store.ts';
import type { Store } from '../../../client/store/store.ts';
import { fromUtf8, utf8 } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { storeParams } from './conformance.ts';
import { diary, large, put, putAt, remove, removeAt, small } from './sample-tables.ts';

describe('overlay', () => {
  let store: Store;
  let overlay: Overlay;

  before(() => ready());

  beforeEach(async () => {
    store = await createSealedStore(storeParams(memoryEngine()));
    await store.commit([put(small, 'a', 'old'), put(small, 'b', 'old'), put(large, 'a', 'old')]);
    await store.commit([putAt('d', 1, 'old'), putAt('d', 2, 'old')]);
    overlay = new Overlay(store);
  });

  it('shows the store where nothing was added', () => {
    expect(overlay.isEmpty).to.equal(true);
    expect(overlay.get(small, utf8('a'))?.text).to.equal('old');
    expect(overlay.get(large, utf8('a'))?.text).to.equal('old');
    expect(overlay.at(diary, utf8('d'), 1)?.text).to.equal('old');
    expect([...overlay.list(small)].length).to.equal(2);
  });

  it('shows what was added, and leaves the store as it is', () => {
    overlay.add([put(small, 'a', 'new'), remove(small, 'b'), put(small, 'c', 'new'), remove(large, 'a')]);
    overlay.add([putAt('d', 1, 'new'), removeAt('d', 2), putAt('d', 3, 'new')]);
    const listed = [...overlay.list(small)].map(([key, { text }]) => `${fromUtf8(key)} ${text}`).sort();
    expect(listed).to.deep.equal(['a new', 'c new']);
    expect(overlay.get(small, utf8('b'))).to.equal(undefined);
    expect(overlay.get(large, utf8('a'))).to.equal(undefined);
    expect([1, 2, 3].map((n) => overlay.at(diary, utf8('d'), n)?.text)).to.deep.equal([
      'new',
      undefined,
      'new',
    ]);
    expect(store.get(small, utf8('a'))?.text).to.equal('old');
    expect(store.get(large, utf8('a'))?.text).to.equal('old');
  });

  it('hands over one write per row, the last one', async () => {
    overlay.add([put(small, 'a', '1'), put(small, 'c', '1'), putAt('d', 1, '1')]);
    overlay.add([put(small, 'a', '2'), remove(small, 'c'), putAt('d', 1, '2')]);
    const writes = overlay.writes();
    expect(writes.length).to.equal(3);
    await store.commit(writes);
    expect(store.get(small, utf8('a'))?.text).to.equal('2');
    expect(store.get(small, utf8('c'))).to.equal(undefined);
    expect(store.at(diary, utf8('d'), 1)?.text).to.equal('2');
  });
});
