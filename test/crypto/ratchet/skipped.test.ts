import { expect } from 'chai';
import fc from 'fast-check';
import { readUint32, toHex } from '../../../crypto/bytes.ts';
import { PACKED_ENTRY_BYTES, replacedBlocks } from '../../../crypto/ratchet/packed-secrets.ts';
import {
  appendSkipped,
  loadSkipped,
  NO_SKIPPED_SEEDS,
  type SkippedBlock,
  type SkippedSeeds,
  takeSkipped,
} from '../../../crypto/ratchet/skipped.ts';
import { Secret } from '../../../crypto/secret.ts';

function entries(from: number, to: number): SkippedBlock {
  const bytes = new Uint8Array((to - from) * PACKED_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  for (let counter = from; counter < to; counter++) {
    const offset = (counter - from) * PACKED_ENTRY_BYTES;
    view.setUint32(offset, counter);
    bytes.fill(counter % 251, offset + 4, offset + PACKED_ENTRY_BYTES);
  }
  return new Secret('SkippedSeeds', bytes);
}

function countersOf(table: SkippedSeeds): number[] {
  const out: number[] = [];
  for (const block of table.blocks) {
    const bytes = block.expose();
    for (let offset = 0; offset < bytes.length; offset += PACKED_ENTRY_BYTES) {
      out.push(readUint32(bytes, offset));
    }
  }
  return out;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe('skipped seeds', () => {
  it('come out once, under their counter', () => {
    const table = appendSkipped(NO_SKIPPED_SEEDS, entries(10, 100));
    const taken = takeSkipped(table, 42);
    expect(toHex(taken?.seed.expose() ?? new Uint8Array())).to.equal('2a'.repeat(32));
    expect(takeSkipped(taken?.rest ?? NO_SKIPPED_SEEDS, 42)).to.equal(undefined);
    expect(taken?.rest.count).to.equal(89);
  });

  it('are not there for counters outside', () => {
    const table = appendSkipped(NO_SKIPPED_SEEDS, entries(10, 20));
    for (const counter of [0, 9, 20, 0xffff_ffff]) expect(takeSkipped(table, counter)).to.equal(undefined);
    expect(takeSkipped(NO_SKIPPED_SEEDS, 0)).to.equal(undefined);
  });

  it('keep the 2000 newest', () => {
    let table = appendSkipped(NO_SKIPPED_SEEDS, entries(0, 2000));
    expect(countersOf(table)).to.deep.equal(range(0, 2000));
    table = appendSkipped(table, entries(2500, 2501));
    expect(countersOf(table)).to.deep.equal([...range(1, 2000), 2500]);
    table = appendSkipped(table, entries(3000, 4000));
    expect(countersOf(table)).to.deep.equal([...range(1001, 2000), 2500, ...range(3000, 4000)]);
    expect(table.count).to.equal(2000);
  });

  it('are not changed by steps that start from the same table', () => {
    const table = appendSkipped(NO_SKIPPED_SEEDS, entries(0, 70));
    const before = countersOf(table);
    takeSkipped(table, 3);
    appendSkipped(table, entries(70, 2070));
    expect(countersOf(table)).to.deep.equal(before);
  });

  it('are stored as one packed list and loaded from a copy of it', () => {
    const table = appendSkipped(NO_SKIPPED_SEEDS, entries(5, 105));
    const packed = Uint8Array.from(table.blocks.flatMap((block) => [...block.expose()]));
    const loaded = loadSkipped(packed);
    packed.fill(0);
    expect(countersOf(loaded)).to.deep.equal(range(5, 105));
    expect(loaded.count).to.equal(100);
    expect(loadSkipped(new Uint8Array())).to.equal(NO_SKIPPED_SEEDS);
  });

  it('behave like a bounded map under any mix of steps, and never share a block with what replaced it', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), skip: fc.nat(40), count: fc.nat(300) }),
      fc.record({ kind: fc.constant('take' as const), back: fc.nat(2500) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = new Set<number>();
        let next = 0;
        let table = NO_SKIPPED_SEEDS;
        for (const each of steps) {
          const before = table;
          if (each.kind === 'append') {
            const from = next + each.skip;
            next = from + each.count;
            table = appendSkipped(table, entries(from, next));
            for (const counter of range(from, next)) model.add(counter);
            for (const counter of [...model].slice(0, Math.max(0, model.size - 2000))) model.delete(counter);
          } else {
            const counter = Math.max(0, next - each.back);
            const taken = takeSkipped(table, counter);
            expect(taken !== undefined).to.equal(model.delete(counter));
            if (taken !== undefined) table = taken.rest;
          }
          for (const block of replacedBlocks(before, table)) block.wipe();
          expect(table.count).to.equal(model.size);
        }
        expect(countersOf(table)).to.deep.equal([...model]);
      }),
      { numRuns: 60, seed: 20_261 },
    );
  });
});
