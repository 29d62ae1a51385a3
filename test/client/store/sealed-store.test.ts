import { expect } from 'chai';
import type { Table } from '../../../client/core/tables.ts';
import { systemRandom } from '../../../client/engine/random.ts';
import { STORE_TABLE } from '../../../client/store/keyspace.ts';
import { LIVE_ROW_MAX_BYTES, LIVE_ROWS_MAX } from '../../../client/store/live-rows.ts';
import { type MemoryEngine, memoryEngine } from '../../../client/store/memory.ts';
import { type Migration, STORE_FORMAT } from '../../../client/store/migrations/index.ts';
import type { RawEngine, RawEntry } from '../../../client/store/raw-engine.ts';
import { createSealedStore, openSealedStore } from '../../../client/store/sealed-store.ts';
import { Sealing } from '../../../client/store/sealing.ts';
import type { Store } from '../../../client/store/store.ts';
import { equalBytes, utf8 } from '../../../crypto/bytes.ts';
import { StoreError } from '../../../crypto/errors.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { refusalOf } from '../../support/refusal.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { allEntries, storeParams } from './conformance.ts';
import { diary, large, type Note, put, putAt, remove, sampleTables, small } from './sample-tables.ts';

describe('sealed store', () => {
  let engine: MemoryEngine;
  let store: Store;

  before(() => ready());

  beforeEach(async () => {
    engine = memoryEngine();
    store = await createSealedStore(storeParams(engine));
  });

  function reopen(from: RawEngine): Promise<Store> {
    return openSealedStore(storeParams(from));
  }

  /** The engine with every value of one table or log replaced. */
  async function tamper(number: number, change: (entry: RawEntry) => RawEntry): Promise<MemoryEngine> {
    const entries = await allEntries(engine);
    return memoryEngine(entries.map((entry) => (entry[0][0] === number ? change(entry) : entry)));
  }

  function failing(broken: MemoryEngine, times: number): RawEngine {
    let left = times;
    return {
      ...broken,
      commit: async (batch) => {
        if (left-- <= 0) throw new StoreError('disk-full', 'the disk is full');
        await broken.commit(batch);
      },
    };
  }

  const flips: readonly (readonly [string, (value: Uint8Array) => Uint8Array])[] = [
    ['its version', (value) => flip(value, 0)],
    ['its nonce', (value) => flip(value, 5)],
    ['its ciphertext', (value) => flip(value, 27)],
    ['its tag', (value) => flip(value, value.length - 1)],
    ['its end', (value) => value.slice(0, -1)],
    ['everything', () => new Uint8Array(0)],
  ];

  it('leaves no key behind when it does not open', async () => {
    const params = storeParams(engine, new Uint8Array(32).fill(9));
    expect(await rejectionOf(openSealedStore(params))).to.equal('store-damaged');
    expect(params.storeKey.wiped).to.equal(true);
    const failed = storeParams(failing(engine, 0));
    expect(await rejectionOf(createSealedStore(failed))).to.equal('disk-full');
    expect(failed.storeKey.wiped).to.equal(true);
  });

  for (const [what, change] of flips) {
    it(`refuses a small row that lost ${what} when it opens`, async () => {
      await store.commit([put(small, 'a', 'text')]);
      const damaged = await tamper(small.number, ([key, value]) => [key, change(value)]);
      expect(await rejectionOf(reopen(damaged))).to.equal('store-damaged');
    });

    it(`refuses a large row and an entry that lost ${what} when they are read`, async () => {
      await store.commit([put(large, 'a', 'text'), putAt('d', 1, 'text')]);
      const cut = await tamper(large.number, ([key, value]) => [key, change(value)]);
      const withRow = await reopen(cut);
      expect(refusalOf(() => withRow.get(large, utf8('a')))).to.equal('store-damaged');
      expect(withRow.at(diary, utf8('d'), 1)?.text).to.equal('text');
      const withEntry = await reopen(await tamper(diary.number, ([key, value]) => [key, change(value)]));
      expect(refusalOf(() => withEntry.at(diary, utf8('d'), 1))).to.equal('store-damaged');
    });
  }

  it('refuses to open when a small row is gone', async () => {
    await store.commit([put(small, 'a', '1'), put(small, 'b', '1'), put(large, 'a', '1')]);
    await store.commit([put(small, 'b', '2'), put(small, 'c', '2'), remove(small, 'none')]);
    await store.commit([remove(small, 'a')]);
    const entries = await allEntries(engine);
    expect((await reopen(memoryEngine(entries))).get(small, utf8('c'))?.text).to.equal('2');
    for (const [gone] of entries.filter(([key]) => key[0] === small.number)) {
      const cut = memoryEngine(entries.filter(([key]) => !equalBytes(key, gone)));
      expect(await rejectionOf(reopen(cut))).to.equal('store-damaged');
    }
    const doubled = entries.filter(([key]) => key[0] !== small.number);
    expect(await rejectionOf(reopen(memoryEngine(doubled)))).to.equal('store-damaged');
  });

  it('knows how many rows there are also after it was opened again', async () => {
    await store.commit([put(small, 'a', '1')]);
    const again = await reopen(engine);
    await again.commit([put(small, 'b', '1')]);
    const entries = await allEntries(engine);
    await reopen(memoryEngine(entries));
    const [gone] = entries.filter(([key]) => key[0] === small.number);
    const cut = memoryEngine(entries.filter((entry) => entry !== gone));
    expect(await rejectionOf(reopen(cut))).to.equal('store-damaged');
  });

  it('counts no rows of tables that it or the program before it did not know', async () => {
    await store.commit([put(small, 'a', '1')]);
    const other: Table<Note> = { ...small, name: 'other', number: 9 };
    const tables = [...sampleTables, other] as readonly Table<unknown>[];
    const newer = await openSealedStore({ ...storeParams(engine), tables });
    await newer.commit([put(other, 'x', '1')]);
    expect((await reopen(engine.copy())).get(small, utf8('a'))?.text).to.equal('1');
  });

  it('refuses a mark that is cut', async () => {
    const sealing = new Sealing(storeParams(engine).storeKey, systemRandom());
    const entries = await allEntries(engine);
    const marked = entries.map(([key, value]): RawEntry => {
      return key[0] === STORE_TABLE && key.length > 17
        ? sealing.sealBytes(key, Uint8Array.of(1))
        : [key, value];
    });
    expect(await rejectionOf(reopen(memoryEngine(marked)))).to.equal('store-damaged');
  });

  it('refuses a value that stands under the key of another row', async () => {
    await store.commit([put(large, 'a', 'for a'), put(large, 'b', 'for b')]);
    const entries = await allEntries(engine);
    const [first, second] = entries.filter(([key]) => key[0] === large.number);
    if (first === undefined || second === undefined) throw new Error('two rows expected');
    const swapped = entries.map(([key, value]): RawEntry => {
      if (equalBytes(key, first[0])) return [key, second[1]];
      return equalBytes(key, second[0]) ? [key, first[1]] : [key, value];
    });
    const opened = await reopen(memoryEngine(swapped));
    expect(refusalOf(() => opened.get(large, utf8('a')))).to.equal('store-damaged');
    expect(refusalOf(() => opened.get(large, utf8('b')))).to.equal('store-damaged');
  });

  it('refuses to open with another store key', async () => {
    await store.commit([put(small, 'a', 'text')]);
    const other = storeParams(engine.copy(), new Uint8Array(32).fill(9));
    expect(await rejectionOf(openSealedStore(other))).to.equal('store-damaged');
  });

  it('refuses a row that its table cannot decode', async () => {
    await store.commit([put(large, 'a', 'text')]);
    const opened = await reopen(engine.copy());
    const stricter = {
      ...large,
      decode: (): Note => {
        throw new StoreError('bad-note', 'no');
      },
    };
    expect(refusalOf(() => opened.get(stricter, utf8('a')))).to.equal('store-damaged');
  });

  it('stores no key of a row or owner, and no two values alike', async () => {
    const writes = [put(small, 'canary', 'same'), put(large, 'canary', 'same'), putAt('canary', 1, 'same')];
    await store.commit(writes);
    await store.commit(writes);
    const entries = await allEntries(engine);
    for (const [key, value] of entries) {
      expect(Buffer.from(key).includes('canary')).to.equal(false);
      expect(Buffer.from(value).includes('canary')).to.equal(false);
      expect(Buffer.from(value).includes('same')).to.equal(false);
    }
    expect(new Set(entries.map(([, value]) => Buffer.from(value).toString('hex'))).size).to.equal(
      entries.length,
    );
  });

  it('notices that a commit in the middle is missing', async () => {
    await store.commit([put(small, 'a', '1')]);
    const before = await allEntries(engine);
    await store.commit([put(small, 'b', '2')]);
    await store.commit([put(small, 'c', '3')]);
    const after = await allEntries(engine);
    // As if the second batch had never been: its puts are gone, and what it deleted is back.
    const lost = memoryEngine([...after, ...before]);
    expect(await rejectionOf(reopen(lost))).to.equal('store-damaged');
    expect(await rejectionOf(reopen(memoryEngine(after)))).to.equal('none');
  });

  it('refuses an engine without a format number', async () => {
    expect(await rejectionOf(reopen(memoryEngine()))).to.equal('store-damaged');
  });

  it('keeps at most its limit of live rows', async () => {
    await store.commit([put(large, 'first', 'x')]);
    const first = store.get(large, utf8('first'));
    for (let i = 0; i < LIVE_ROWS_MAX; i++) await store.commit([put(large, `l${i}`, 'x')]);
    const again = store.get(large, utf8('first'));
    expect(again).to.deep.equal(first);
    expect(again).not.to.equal(first);
    expect(store.get(large, utf8(`l${LIVE_ROWS_MAX - 1}`))?.text).to.equal('x');
  });

  it('keeps no huge row alive, and still reads it', async () => {
    const huge = 'x'.repeat(LIVE_ROW_MAX_BYTES);
    await store.commit([put(large, 'a', huge)]);
    const first = store.get(large, utf8('a'));
    expect(first?.text).to.equal(huge);
    expect(store.get(large, utf8('a'))).not.to.equal(first);
    await store.commit([put(large, 'a', 'small')]);
    expect(store.get(large, utf8('a'))?.text).to.equal('small');
    await store.commit([put(large, 'a', huge)]);
    expect(store.get(large, utf8('a'))?.text).to.equal(huge);
  });

  it('wipes the store key when it is closed, and can be closed twice', async () => {
    const params = storeParams(engine.copy());
    const opened = await openSealedStore(params);
    await opened.close();
    await opened.close();
    expect(params.storeKey.wiped).to.equal(true);
  });

  describe('failing commit', () => {
    it('changes nothing and refuses every later commit with the same code', async () => {
      const disk = memoryEngine();
      const opened = await createSealedStore(storeParams(failing(disk, 2)));
      await opened.commit([put(small, 'a', '1'), put(large, 'a', '1')]);
      const writes = [put(small, 'a', '2'), put(large, 'a', '2'), put(small, 'b', '2')];
      expect(await rejectionOf(opened.commit(writes))).to.equal('disk-full');
      expect(await rejectionOf(opened.commit([put(small, 'c', '3')]))).to.equal('disk-full');
      const found = await reopen(disk.copy());
      for (const each of [opened, found]) {
        expect(each.get(small, utf8('a'))?.text).to.equal('1');
        expect(each.get(large, utf8('a'))?.text).to.equal('1');
        expect(each.get(small, utf8('b'))).to.equal(undefined);
      }
    });
  });

  describe('format', () => {
    const upperCase: Migration = {
      from: STORE_FORMAT,
      name: 'upper case',
      async run(view) {
        const puts = [];
        for await (const { storedKey, plaintext } of view.scan(small.number)) {
          const text = Buffer.from(plaintext).toString('latin1').replace('old', 'NEW');
          puts.push({ storedKey, plaintext: new Uint8Array(Buffer.from(text, 'latin1')) });
        }
        return { puts, deletes: [] };
      },
    };
    const next = { current: STORE_FORMAT + 1, migrations: [upperCase] };

    it('says store-too-new to an older program', async () => {
      const newer = memoryEngine();
      await createSealedStore({ ...storeParams(newer), formats: next });
      expect(await rejectionOf(reopen(newer))).to.equal('store-too-new');
    });

    it('migrates an older store once and for good', async () => {
      await store.commit([put(small, 'a', 'old')]);
      const migrated = await openSealedStore({ ...storeParams(engine), formats: next });
      expect(migrated.get(small, utf8('a'))?.text).to.equal('NEW');
      await migrated.commit([put(small, 'a', 'old')]);
      const again = await openSealedStore({ ...storeParams(engine), formats: next });
      expect(again.get(small, utf8('a'))?.text).to.equal('old');
    });

    it('migrates to another number of rows', async () => {
      await store.commit([put(small, 'a', 'old'), put(small, 'b', 'old')]);
      const dropOne: Migration = {
        ...upperCase,
        async run(view) {
          for await (const { storedKey } of view.scan(small.number))
            return { puts: [], deletes: [storedKey] };
          return { puts: [], deletes: [] };
        },
      };
      const formats = { ...next, migrations: [dropOne] };
      const migrated = await openSealedStore({ ...storeParams(engine), formats });
      expect([...migrated.list(small)].length).to.equal(1);
      await migrated.commit([put(large, 'x', '1')]);
      const again = await openSealedStore({ ...storeParams(engine), formats });
      expect([...again.list(small)].length).to.equal(1);
    });

    it('migrates no store that is damaged', async () => {
      const before = await allEntries(engine);
      await store.commit([put(small, 'a', 'old')]);
      const twoMarks = memoryEngine([...before, ...(await allEntries(engine))]);
      const opened = openSealedStore({ ...storeParams(twoMarks), formats: next });
      expect(await rejectionOf(opened)).to.equal('store-damaged');
      expect((await allEntries(twoMarks)).length).to.equal((await allEntries(engine)).length + 1);
    });

    it('refuses an older store that no migration leads from', async () => {
      const gap = { current: STORE_FORMAT + 2, migrations: [upperCase] };
      expect(await rejectionOf(openSealedStore({ ...storeParams(engine), formats: gap }))).to.equal(
        'store-too-new',
      );
    });
  });
});

function flip(value: Uint8Array, index: number): Uint8Array {
  const changed = value.slice();
  changed[index] = (changed[index] ?? 0) ^ 1;
  return changed;
}
