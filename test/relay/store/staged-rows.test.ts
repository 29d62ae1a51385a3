import { expect } from 'chai';
import { relayError } from '../../../relay/protocol/errors.ts';
import { MemoryDisk } from '../../../relay/store/memory.ts';
import { StagedRows } from '../../../relay/store/staged-rows.ts';
import { TwoGenerationCache } from '../../../relay/store/two-generation-cache.ts';
import { rejectionOf } from '../../support/rejection.ts';

const value = (byte: number, length = 1): Uint8Array => new Uint8Array(length).fill(byte);

/** A disk whose writes wait until they are let through. */
class SlowDisk extends MemoryDisk {
  readonly batches: string[][] = [];
  #let: (() => void)[] = [];

  constructor() {
    super();
    this.beforeWrite = () => new Promise((resolve) => this.#let.push(resolve));
  }

  override async write(rows: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    this.batches.push([...rows.keys()]);
    await super.write(rows);
  }

  async letThrough(): Promise<void> {
    for (const resolve of this.#let.splice(0)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('group commit', () => {
  it('writes what comes in one tick as one batch, and what comes meanwhile as the next', async () => {
    const disk = new SlowDisk();
    const rows = new StagedRows(disk, () => false);
    const done: string[] = [];
    const put = (key: string) => rows.transact((tx) => tx.put(key, value(1))).then(() => void done.push(key));
    const all = [put('a'), put('b')];
    await Promise.resolve();
    all.push(put('c'), put('d'));
    expect(disk.batches).to.deep.equal([['a', 'b']]);
    await disk.letThrough();
    expect(done).to.deep.equal(['a', 'b']);
    expect(disk.batches).to.deep.equal([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await disk.letThrough();
    await Promise.all(all);
    expect(done).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('never splits a transaction, however large it is', async () => {
    const disk = new SlowDisk();
    const rows = new StagedRows(disk, () => false);
    const first = rows.transact((tx) => tx.put('first', value(1)));
    await Promise.resolve();
    const large = rows.transact((tx) => {
      for (let i = 0; i < 2_000; i++) tx.put(`large ${i}`, value(1));
    });
    const after = rows.transact((tx) => tx.put('after', value(1)));
    await disk.letThrough();
    await disk.letThrough();
    await disk.letThrough();
    await Promise.all([first, large, after]);
    expect(disk.batches.map(({ length }) => length)).to.deep.equal([1, 2_000, 1]);
  });

  it('closes a batch at a quarter of a MiB', async () => {
    const disk = new SlowDisk();
    const rows = new StagedRows(disk, () => false);
    const all = [rows.transact((tx) => tx.put('first', value(1)))];
    await Promise.resolve();
    for (let i = 0; i < 6; i++) all.push(rows.transact((tx) => tx.put(`${i}`, value(1, 100_000))));
    for (let i = 0; i < 4; i++) await disk.letThrough();
    await Promise.all(all);
    expect(disk.batches.map(({ length }) => length)).to.deep.equal([1, 3, 3]);
  });

  it('shows every transaction what was staged before it', async () => {
    const disk = new SlowDisk();
    const rows = new StagedRows(disk, (key) => key === 'hot');
    const seen: (number | undefined)[] = [];
    const step = (key: string, next: number) =>
      rows.transact((tx) => {
        seen.push(tx.get(key)?.[0]);
        tx.put(key, value(next));
        seen.push(tx.get(key)?.[0]);
      });
    const all = [step('hot', 1), step('cold', 1)];
    await Promise.resolve();
    all.push(step('hot', 2), step('cold', 2));
    expect([rows.get('hot')?.[0], rows.get('cold')?.[0]]).to.deep.equal([2, 2]);
    await disk.letThrough();
    expect([rows.get('hot')?.[0], rows.get('cold')?.[0]]).to.deep.equal([2, 2]);
    await disk.letThrough();
    await Promise.all(all);
    expect([rows.get('hot')?.[0], rows.get('cold')?.[0]]).to.deep.equal([2, 2]);
    expect(seen).to.deep.equal([undefined, 1, undefined, 1, 1, 2, 1, 2]);
  });

  it('does not show a deleted row that is still on the disk', async () => {
    const disk = new MemoryDisk();
    const rows = new StagedRows(disk, () => true);
    await rows.transact((tx) => tx.put('a', value(1)));
    expect(rows.get('a')).to.deep.equal(value(1));
    const deleted = rows.transact((tx) => tx.delete('a'));
    expect(rows.get('a')).to.equal(undefined);
    expect(await rows.getMany(['a', 'b'])).to.deep.equal([undefined, undefined]);
    await deleted;
    expect(rows.get('a')).to.equal(undefined);
  });

  it('answers a transaction without writes only when what it read is durable', async () => {
    const disk = new SlowDisk();
    const rows = new StagedRows(disk, () => false);
    const written = rows.transact((tx) => tx.put('a', value(1)));
    let answered = false;
    const read = rows
      .transact((tx) => tx.get('a')?.[0])
      .then((result) => {
        answered = true;
        return result;
      });
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).to.equal(false);
    await disk.letThrough();
    await written;
    expect(await read).to.equal(1);
    expect(await rows.transact((tx) => tx.get('none'))).to.equal(undefined);
    await rows.flush();
  });

  it('takes back everything of a transaction that throws', async () => {
    const rows = new StagedRows(new MemoryDisk(), () => true);
    await rows.transact((tx) => tx.put('kept', value(1)));
    const staged = rows.transact((tx) => tx.put('staged', value(1)));
    const refused = rows.transact((tx) => {
      tx.put('kept', value(2));
      tx.put('staged', value(2));
      tx.put('staged', value(3));
      tx.put('new', value(2));
      tx.delete('kept');
      throw new RangeError('refused');
    });
    expect(await refused.catch((error: unknown) => error)).to.be.instanceOf(RangeError);
    await staged;
    expect(['kept', 'staged', 'new'].map((key) => rows.get(key)?.[0])).to.deep.equal([1, 1, undefined]);
    await rows.flush();
  });

  it('rejects all that waits when a write fails, shows the old rows, and recovers', async () => {
    const disk = new MemoryDisk();
    const rows = new StagedRows(disk, () => true);
    let voided = 0;
    rows.onVoided(() => voided++);
    await rows.transact((tx) => tx.put('a', value(1)));
    disk.beforeWrite = () => Promise.reject(new Error('no space left'));
    const lost = [2, 3].map((next) => rejectionOf(rows.transact((tx) => tx.put('a', value(next)))));
    await Promise.resolve();
    lost.push(rejectionOf(rows.transact((tx) => tx.put('a', value(4)))));
    expect(await Promise.all(lost)).to.deep.equal(['read-only', 'read-only', 'read-only']);
    expect([rows.readOnly, voided, rows.get('a')?.[0]]).to.deep.equal([true, 1, 1]);
    expect(await rejectionOf(rows.transact((tx) => tx.put('a', value(5))))).to.equal('read-only');
    disk.beforeWrite = undefined;
    disk.room = false;
    await rows.upkeep();
    expect(rows.readOnly).to.equal(true);
    disk.room = true;
    await rows.upkeep();
    expect(rows.readOnly).to.equal(false);
    await rows.transact((tx) => tx.put('a', value(6)));
    expect(rows.get('a')?.[0]).to.equal(6);
  });

  it('counts nothing of transactions that threw', async () => {
    const rows = new StagedRows(new MemoryDisk(), () => false);
    const large = new Uint8Array(1_048_576);
    for (let i = 0; i < 70; i++) {
      const failed = rows.transact((tx) => {
        tx.put(`${i}`, large);
        throw relayError('internal');
      });
      expect(await rejectionOf(failed)).to.equal('internal');
    }
    await rows.transact((tx) => tx.put('a', value(1)));
    expect(rows.get('a')).to.deep.equal(value(1));
    expect(rows.get('0')).to.equal(undefined);
  });

  it('answers a reader when what it saw is durable, and not when it never will be', async () => {
    const disk = new SlowDisk();
    const rows = new StagedRows(disk, () => false);
    const seen: (number | undefined)[] = [];
    const read = (): Promise<unknown> =>
      rows.settled(() => rows.get('a')?.[0]).then((first) => seen.push(first));
    await read();
    expect(seen).to.deep.equal([undefined]);
    const written = rows.transact((tx) => tx.put('a', value(1)));
    const reading = read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).to.have.length(1);
    await disk.letThrough();
    await Promise.all([written, reading]);
    expect(seen).to.deep.equal([undefined, 1]);
    disk.beforeWrite = () => Promise.reject(new Error('disk'));
    const lost = rejectionOf(rows.transact((tx) => tx.put('a', value(2))));
    expect(await rejectionOf(read())).to.equal('read-only');
    expect(await lost).to.equal('read-only');
    await read();
    expect(seen).to.deep.equal([undefined, 1, 1]);
  });

  it('tells writers to come back when too much waits for the disk', async () => {
    const disk = new SlowDisk();
    const rows = new StagedRows(disk, () => false);
    const huge = new Uint8Array(68_000_000);
    const first = rows.transact((tx) => tx.put('huge', huge));
    expect(await rejectionOf(rows.transact((tx) => tx.put('a', value(1))))).to.equal('busy');
    await Promise.resolve();
    await disk.letThrough();
    await first;
    const second = rows.transact((tx) => tx.put('a', value(1)));
    await Promise.resolve();
    await disk.letThrough();
    await second;
  });
});

describe('two-generation cache', () => {
  it('keeps what is asked for and forgets the rest', () => {
    const cache = new TwoGenerationCache<number>(3);
    cache.set('kept', 1);
    for (let i = 0; i < 20; i++) {
      cache.set(`${i}`, i);
      expect(cache.get('kept')).to.equal(1);
    }
    expect(cache.get('0')).to.equal(undefined);
    cache.delete('kept');
    expect(cache.get('kept')).to.equal(undefined);
    cache.clear();
    expect(cache.get('19')).to.equal(undefined);
  });
});
