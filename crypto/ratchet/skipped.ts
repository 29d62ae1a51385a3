/**
 * The message seeds of one receiving chain that were stepped over, by ascending counter. They stand packed in
 * small sealed blocks, so that adding or taking one copies a block and a few pointers, never the whole table.
 *
 * @see Double Ratchet, section 2.6
 */

import { readUint32 } from '../bytes.ts';
import { MAX_SKIPPED_SEEDS } from '../constants.ts';
import { Secret } from '../secret.ts';

/** counter u32 | seed(32): also the form in which a block is stored */
export const SKIPPED_ENTRY_BYTES = 36;
const COUNTER_BYTES = 4;
/** Keeps a copied block near 1 KiB. */
const BLOCK_BYTES = 32 * SKIPPED_ENTRY_BYTES;

export type SkippedBlock = Secret<'SkippedSeeds'>;

export interface SkippedSeeds {
  readonly count: number;
  readonly blocks: readonly SkippedBlock[];
}

export interface TakenSeed {
  readonly seed: Secret<'MessageSeed'>;
  readonly rest: SkippedSeeds;
}

export const NO_SKIPPED_SEEDS: SkippedSeeds = { count: 0, blocks: [] };

/**
 * Appends packed entries, whose counters ascend from above all that are stored, and forgets the oldest beyond
 * the limit.
 *
 * @param added a multiple of 36 bytes; the caller keeps it
 */
export function appendSkipped(table: SkippedSeeds, added: SkippedBlock): SkippedSeeds {
  const entries = added.expose();
  if (entries.length === 0) return table;
  const blocks = table.blocks.slice();
  let offset = 0;
  const last = blocks.at(-1);
  if (last !== undefined && last.length < BLOCK_BYTES) {
    offset = Math.min(BLOCK_BYTES - last.length, entries.length);
    const filled = new Uint8Array(last.length + offset);
    filled.set(last.expose());
    filled.set(entries.subarray(0, offset), last.length);
    blocks[blocks.length - 1] = new Secret('SkippedSeeds', filled);
  }
  for (; offset < entries.length; offset += BLOCK_BYTES) {
    blocks.push(new Secret('SkippedSeeds', entries.slice(offset, offset + BLOCK_BYTES)));
  }
  return trim({ count: table.count + entries.length / SKIPPED_ENTRY_BYTES, blocks });
}

/** Takes out the seed of a counter; undefined when it is not there (used before, or forgotten). */
export function takeSkipped(table: SkippedSeeds, counter: number): TakenSeed | undefined {
  const position = findBlock(table.blocks, counter);
  const block = table.blocks[position]?.expose();
  if (block === undefined) return undefined;
  let offset = 0;
  while (offset < block.length && readUint32(block, offset) !== counter) offset += SKIPPED_ENTRY_BYTES;
  if (offset === block.length) return undefined;
  const after = offset + SKIPPED_ENTRY_BYTES;
  const seed = new Secret('MessageSeed', block.slice(offset + COUNTER_BYTES, after));
  const blocks = table.blocks.slice();
  if (block.length === SKIPPED_ENTRY_BYTES) {
    blocks.splice(position, 1);
  } else {
    const rest = new Uint8Array(block.length - SKIPPED_ENTRY_BYTES);
    rest.set(block.subarray(0, offset));
    rest.set(block.subarray(after), offset);
    blocks[position] = new Secret('SkippedSeeds', rest);
  }
  return { seed, rest: { count: table.count - 1, blocks } };
}

/** The table of packed entries that were stored; copies them, and the caller keeps and wipes its bytes. */
export function loadSkipped(entries: Uint8Array): SkippedSeeds {
  return appendSkipped(NO_SKIPPED_SEEDS, new Secret('SkippedSeeds', entries));
}

/** The blocks of `before` that `after` no longer has. */
export function replacedBlocks(before: SkippedSeeds, after: SkippedSeeds): readonly SkippedBlock[] {
  if (before === after) return [];
  const kept = new Set(after.blocks);
  return before.blocks.filter((block) => !kept.has(block));
}

function trim(table: SkippedSeeds): SkippedSeeds {
  let surplus = table.count - MAX_SKIPPED_SEEDS;
  if (surplus <= 0) return table;
  const blocks = table.blocks.slice();
  while (surplus > 0) {
    const first = blocks[0] as SkippedBlock;
    const inFirst = first.length / SKIPPED_ENTRY_BYTES;
    if (inFirst <= surplus) {
      blocks.shift();
    } else {
      blocks[0] = new Secret('SkippedSeeds', first.expose().slice(surplus * SKIPPED_ENTRY_BYTES));
    }
    surplus -= inFirst;
  }
  return { count: MAX_SKIPPED_SEEDS, blocks };
}

/** Position of the last block that begins at or below the counter; -1 when there is none. */
function findBlock(blocks: readonly SkippedBlock[], counter: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const block = blocks[middle] as SkippedBlock;
    if (readUint32(block.expose(), 0) <= counter) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
