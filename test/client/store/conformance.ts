/** What every engine below the account store must do; run by the tests of each engine. */

import { expect } from 'chai';
import fc from 'fast-check';
import type { Write } from '../../../client/core/tables.ts';
import { systemRandom } from '../../../client/engine/random.ts';
import type { RawEngine } from '../../../client/store/raw-engine.ts';
import { createSealedStore, openSealedStore } from '../../../client/store/sealed-store.ts';
import type { Store, StoreSnapshot } from '../../../client/store/store.ts';
import { fromUtf8, utf8 } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import { diary, large, passing, put, putAt, remove, removeAt, sampleTables, small } from './sample-tables.ts';

export interface EngineUnderTest {
  readonly engine: RawEngine;
  /** What a restart would find if the machine stopped now. */
  crash(): Promise<EngineUnderTest>;
  /** Closes the engine and opens the same place again. */
  reopen(): Promise<EngineUnderTest>;
  dispose(): Promise<void>;
}

export const STORE_KEY_BYTES = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

export function storeParams(engine: RawEngine, key: Uint8Array = STORE_KEY_BYTES) {
  return {
    engine,
    storeKey: new Secret('StoreKey', key.slice()),
    random: systemRandom(),
    tables: sampleTables,
  };
}

export function storeConformance(name: string, make: () => Promise<EngineUnderTest>): void {
  describe(`store conformance: ${name}`, () => {
    let place: EngineUnderTest;
    let store: Store;

    before(() => ready());

    beforeEach(async () => {
      place = await make();
      store = await createSealedStore(storeParams(place.engine));
    });

    afterEach(async () => {
      await place.dispose();
    });

    async function restart(): Promise<Store> {
      place = await place.reopen();
      store = await openSealedStore(storeParams(place.engine));
      return store;
    }

    it('answers undefined for what was never written', () => {
      expect(store.get(small, utf8('a'))).to.equal(undefined);
      expect(store.get(large, utf8('a'))).to.equal(undefined);
      expect(store.at(diary, utf8('a'), 1)).to.equal(undefined);
      expect([...store.list(small)]).to.deep.equal([]);
    });

    it('keeps rows and entries across a restart', async () => {
      await store.commit([put(small, 'a', 'one'), put(large, 'b', 'two'), putAt('c', 7, 'three')]);
      await restart();
      expect(store.get(small, utf8('a'))).to.deep.equal({ text: 'one' });
      expect(store.get(large, utf8('b'))).to.deep.equal({ text: 'two' });
      expect(store.at(diary, utf8('c'), 7)).to.deep.equal({ text: 'three' });
      expect(store.at(diary, utf8('c'), 8)).to.equal(undefined);
      expect([...store.list(small)]).to.deep.equal([[utf8('a'), { text: 'one' }]]);
    });

    it('keeps rows of one key in different tables apart', async () => {
      await store.commit([put(small, 'a', 'small'), put(large, 'a', 'large'), putAt('a', 0, 'diary')]);
      await restart();
      expect(store.get(small, utf8('a'))?.text).to.equal('small');
      expect(store.get(large, utf8('a'))?.text).to.equal('large');
      expect(store.at(diary, utf8('a'), 0)?.text).to.equal('diary');
    });

    it('lets the later of two writes to one row win, within a commit and between two', async () => {
      await store.commit([put(small, 'a', '1'), put(small, 'a', '2'), put(large, 'a', '1')]);
      await store.commit([put(large, 'a', '2'), putAt('a', 1, '1'), putAt('a', 1, '2')]);
      await store.commit([
        put(small, 'b', '1'),
        remove(small, 'b'),
        remove(large, 'c'),
        put(large, 'c', '3'),
      ]);
      const check = () => {
        expect(store.get(small, utf8('a'))?.text).to.equal('2');
        expect(store.get(large, utf8('a'))?.text).to.equal('2');
        expect(store.at(diary, utf8('a'), 1)?.text).to.equal('2');
        expect(store.get(small, utf8('b'))).to.equal(undefined);
        expect(store.get(large, utf8('c'))?.text).to.equal('3');
      };
      check();
      await restart();
      check();
    });

    it('deletes rows and entries for good', async () => {
      await store.commit([put(small, 'a', 'x'), put(large, 'a', 'x'), putAt('a', 1, 'x')]);
      await store.commit([remove(small, 'a'), remove(large, 'a'), removeAt('a', 1)]);
      const check = () => {
        expect(store.get(small, utf8('a'))).to.equal(undefined);
        expect(store.get(large, utf8('a'))).to.equal(undefined);
        expect(store.at(diary, utf8('a'), 1)).to.equal(undefined);
        expect([...store.list(small)]).to.deep.equal([]);
      };
      check();
      await restart();
      check();
    });

    it('has after a crash everything that was committed', async () => {
      for (let i = 0; i < 5; i++) {
        await store.commit([put(small, `s${i}`, `${i}`), put(large, 'l', `${i}`), putAt('d', i, `${i}`)]);
        const after = await place.crash();
        const found = await openSealedStore(storeParams(after.engine));
        expect([...found.list(small)].length).to.equal(i + 1);
        expect(found.get(large, utf8('l'))?.text).to.equal(`${i}`);
        expect(found.at(diary, utf8('d'), i)?.text).to.equal(`${i}`);
        await after.dispose();
      }
    });

    it('holds volatile rows until the restart only, and writes nothing for them', async () => {
      await store.commit([put(passing, 'a', 'here')]);
      expect(store.get(passing, utf8('a'))?.text).to.equal('here');
      const stored = await countEntries(place.engine);
      await store.commit([put(passing, 'b', 'there')]);
      expect([...store.list(passing)].length).to.equal(2);
      expect(await countEntries(place.engine)).to.equal(stored);
      await restart();
      expect(store.get(passing, utf8('a'))).to.equal(undefined);
      expect([...store.list(passing)]).to.deep.equal([]);
    });

    it('gives the same live object until the row is written again', async () => {
      await store.commit([put(large, 'a', 'x')]);
      await restart();
      const first = store.get(large, utf8('a'));
      expect(store.get(large, utf8('a'))).to.equal(first);
      await store.commit([put(large, 'a', 'y')]);
      expect(store.get(large, utf8('a'))?.text).to.equal('y');
    });

    describe('snapshot', () => {
      let snapshot: StoreSnapshot;

      afterEach(() => snapshot.close());

      it('stays what it was while rows and entries change', async () => {
        await store.commit([put(small, 'a', 'old'), put(large, 'a', 'old'), putAt('d', 1, 'old')]);
        snapshot = store.snapshot();
        await store.commit([put(small, 'a', 'new'), put(small, 'b', 'new'), put(large, 'a', 'new')]);
        await store.commit([remove(small, 'a'), putAt('d', 1, 'new'), putAt('d', 2, 'new')]);
        expect(snapshot.get(small, utf8('a'))?.text).to.equal('old');
        expect([...snapshot.list(small)].length).to.equal(1);
        expect(snapshot.get(large, utf8('a'))?.text).to.equal('old');
        expect(snapshot.at(diary, utf8('d'), 1)?.text).to.equal('old');
        expect(await texts(snapshot, 'd', { limit: 9 })).to.deep.equal(['1 old']);
      });

      it('scans the entries of one owner in both directions within exclusive bounds', async () => {
        const entries = [0, 1, 2, 255, 256, 70_000, 2 ** 40];
        await store.commit(entries.map((sequence) => putAt('d', sequence, 'x')));
        await store.commit([putAt('other', 3, 'y')]);
        snapshot = store.snapshot();
        const sequences = async (range: Parameters<StoreSnapshot['scan']>[2]) =>
          (await texts(snapshot, 'd', range)).map((line) => Number(line.split(' ')[0]));
        expect(await sequences({ limit: 100 })).to.deep.equal(entries);
        expect(await sequences({ limit: 3 })).to.deep.equal([0, 1, 2]);
        expect(await sequences({ limit: 2, reverse: true })).to.deep.equal([2 ** 40, 70_000]);
        expect(await sequences({ after: 1, before: 256, limit: 9 })).to.deep.equal([2, 255]);
        expect(await sequences({ before: 2, reverse: true, limit: 9 })).to.deep.equal([1, 0]);
        expect(await sequences({ after: 2 ** 40, limit: 9 })).to.deep.equal([]);
        expect(await texts(snapshot, 'nobody', { limit: 9 })).to.deep.equal([]);
      });

      it('can be left in the middle of a scan', async () => {
        await store.commit([putAt('d', 1, 'a'), putAt('d', 2, 'b')]);
        snapshot = store.snapshot();
        for await (const { row } of snapshot.scan(diary, utf8('d'), { limit: 9 })) {
          expect(row.text).to.equal('a');
          break;
        }
        expect((await texts(snapshot, 'd', { limit: 9 })).length).to.equal(2);
      });
    });

    it('equals a plain map after any writes and restarts', async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(fc.array(commitArbitrary, { maxLength: 8 }), async (commits) => {
          const place = await make();
          let store = await createSealedStore(storeParams(place.engine));
          let current = place;
          const model = new Map<string, string>();
          for (const { ops, restart } of commits) {
            const writes = ops.map((op) => applyToModel(model, op));
            await store.commit(writes);
            if (restart) {
              current = await current.reopen();
              store = await openSealedStore(storeParams(current.engine));
            }
            expect(contentOf(store)).to.deep.equal(Object.fromEntries([...model].sort()));
          }
          await current.dispose();
        }),
        { numRuns: 15 },
      );
    });
  });
}

interface Op {
  readonly where: 'small' | 'large' | 'diary';
  readonly key: string;
  readonly text: string | undefined;
}

const KEYS = ['a', 'b', 'c', '0', '1'];
const opArbitrary: fc.Arbitrary<Op> = fc.record({
  where: fc.constantFrom('small', 'large', 'diary'),
  key: fc.constantFrom(...KEYS),
  text: fc.option(fc.string(), { nil: undefined }),
});
const commitArbitrary = fc.record({
  ops: fc.array(opArbitrary, { maxLength: 6 }),
  restart: fc.boolean(),
});

function applyToModel(model: Map<string, string>, { where, key, text }: Op): Write {
  const id = `${where}/${key}`;
  if (text === undefined) model.delete(id);
  else model.set(id, text);
  if (where === 'diary') {
    const sequence = KEYS.indexOf(key);
    return text === undefined ? removeAt('d', sequence) : putAt('d', sequence, text);
  }
  const table = where === 'small' ? small : large;
  return text === undefined ? remove(table, key) : put(table, key, text);
}

function contentOf(store: Store): Record<string, string> {
  const found: [string, string][] = [];
  for (const [index, key] of KEYS.entries()) {
    const row = store.get(large, utf8(key));
    if (row !== undefined) found.push([`large/${key}`, row.text]);
    const entry = store.at(diary, utf8('d'), index);
    if (entry !== undefined) found.push([`diary/${key}`, entry.text]);
  }
  for (const [key, row] of store.list(small)) found.push([`small/${fromUtf8(key)}`, row.text]);
  return Object.fromEntries(found.sort());
}

async function texts(
  snapshot: StoreSnapshot,
  owner: string,
  range: Parameters<StoreSnapshot['scan']>[2],
): Promise<string[]> {
  const out: string[] = [];
  for await (const { sequence, row } of snapshot.scan(diary, utf8(owner), range)) {
    out.push(`${sequence} ${row.text}`);
  }
  return out;
}

export async function allEntries(engine: RawEngine): Promise<(readonly [Uint8Array, Uint8Array])[]> {
  const out: (readonly [Uint8Array, Uint8Array])[] = [];
  const range = { from: new Uint8Array(0), until: Uint8Array.of(255, 255) };
  for await (const entry of engine.scan(range)) out.push(entry);
  return out;
}

async function countEntries(engine: RawEngine): Promise<number> {
  return (await allEntries(engine)).length;
}
