import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from '../../../../crypto/bytes.ts';
import {
  appendSkipped,
  dropSkippedBelow,
  NO_SKIPPED_KEYS,
  type SkippedKeys,
  takeSkipped,
} from '../../../../crypto/ratchet/spqr/skipped-keys.ts';
import { Secret } from '../../../../crypto/secret.ts';

/** The key of index i: its number in every four bytes. */
function keyOf(index: number): string {
  return index.toString(16).padStart(8, '0').repeat(8);
}

function entries(from: number, count: number): Secret<'PqSkippedKeys'> {
  const bytes = new Uint8Array(36 * count);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    for (let offset = 0; offset < 36; offset += 4) view.setUint32(36 * i + offset, from + i);
  }
  return new Secret('PqSkippedKeys', bytes);
}

function contents(store: SkippedKeys): string {
  return store.blocks.map((block) => toHex(block.expose())).join('');
}

function indexesOf(store: SkippedKeys): number[] {
  return (contents(store).match(/.{72}/g) ?? []).map((entry) => Number.parseInt(entry.slice(0, 8), 16));
}

describe('skipped keys', () => {
  it('give every key once, in any order', () => {
    let store = appendSkipped(NO_SKIPPED_KEYS, entries(1, 100));
    for (let i = 0; i < 100; i++) {
      const index = ((i * 37) % 100) + 1;
      const taken = takeSkipped(store, index);
      expect(toHex(taken?.key.expose() ?? new Uint8Array())).to.equal(keyOf(index));
      store = taken?.store ?? store;
      expect(takeSkipped(store, index)).to.equal(undefined);
      expect(store.count).to.equal(99 - i);
    }
    expect(store.blocks).to.have.lengthOf(0);
  });

  it('know no key below, between and above the stored ones', () => {
    const store = appendSkipped(appendSkipped(NO_SKIPPED_KEYS, entries(5, 40)), entries(100, 2));
    for (const index of [0, 1, 4, 45, 99, 102, 0xffff_ffff]) {
      expect(takeSkipped(store, index)).to.equal(undefined);
    }
    expect(takeSkipped(NO_SKIPPED_KEYS, 1)).to.equal(undefined);
  });

  it('stay what they were when something is added, taken or dropped', () => {
    const store = appendSkipped(NO_SKIPPED_KEYS, entries(1, 70));
    const before = contents(store);
    appendSkipped(store, entries(71, 5));
    takeSkipped(store, 33);
    dropSkippedBelow(store, 40);
    expect(contents(store)).to.equal(before);
    expect(store.count).to.equal(70);
  });

  it('share the blocks that a change does not touch', () => {
    const store = appendSkipped(NO_SKIPPED_KEYS, entries(1, 320));
    const shared = (next: SkippedKeys | undefined) =>
      next?.blocks.filter((block) => store.blocks.includes(block)).length;
    expect(store.blocks).to.have.lengthOf(10);
    expect(shared(takeSkipped(store, 150)?.store)).to.equal(9);
    expect(shared(appendSkipped(store, entries(321, 1)))).to.equal(10);
    expect(shared(dropSkippedBelow(store, 33))).to.equal(9);
  });

  it('fill the last block before they begin a new one', () => {
    let store = NO_SKIPPED_KEYS;
    for (let index = 1; index <= 100; index++) store = appendSkipped(store, entries(index, 1));
    expect(store.blocks).to.have.lengthOf(4);
  });

  it('keep no view of the added bytes', () => {
    const added = entries(1, 3);
    const store = appendSkipped(NO_SKIPPED_KEYS, added);
    added.wipe();
    expect(indexesOf(store)).to.deep.equal([1, 2, 3]);
  });

  it('behave as a sorted map under any sequence of operations', () => {
    const operation = fc.oneof(
      fc.record({ op: fc.constant('append' as const), value: fc.nat(80) }),
      fc.record({ op: fc.constant('take' as const), value: fc.nat(400) }),
      fc.record({ op: fc.constant('drop' as const), value: fc.nat(400) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        let store = NO_SKIPPED_KEYS;
        let model: number[] = [];
        let next = 1;
        for (const { op, value } of operations) {
          if (op === 'append') {
            store = appendSkipped(store, entries(next, value));
            for (let i = 0; i < value; i++) model.push(next + i);
            next += value + 1;
          } else if (op === 'take') {
            const taken = takeSkipped(store, value);
            expect(taken !== undefined).to.equal(model.includes(value));
            if (taken !== undefined) expect(toHex(taken.key.expose())).to.equal(keyOf(value));
            store = taken?.store ?? store;
            model = model.filter((index) => index !== value);
          } else {
            store = dropSkippedBelow(store, value);
            model = model.filter((index) => index >= value);
          }
          expect(indexesOf(store)).to.deep.equal(model);
          expect(store.count).to.equal(model.length);
        }
      }),
      { numRuns: 60 },
    );
  });
});
