/**
 * Message keys of one receiving chain that were stepped over, in ascending order of their index. Kept in
 * small sealed blocks, so that taking or adding a key copies one block and a few pointers, never the store.
 */

import { readUint32 } from '../../bytes.ts';
import { Secret } from '../../secret.ts';
import { KEY_BYTES } from './constants.ts';

/** `index u32 | key(32)`, the form in which a block is stored, too. */
export const SKIPPED_ENTRY_BYTES = 4 + KEY_BYTES;
/** Keeps a copied block near 1 KiB. */
const BLOCK_ENTRIES = 32;
const BLOCK_BYTES = BLOCK_ENTRIES * SKIPPED_ENTRY_BYTES;

export interface SkippedKeys {
  readonly count: number;
  readonly blocks: readonly Secret<'PqSkippedKeys'>[];
}

export const NO_SKIPPED_KEYS: SkippedKeys = { count: 0, blocks: [] };

/** Appends packed entries, whose indexes ascend from above every stored one; the bytes are copied. */
export function appendSkipped(store: SkippedKeys, entries: Secret<'PqSkippedKeys'>): SkippedKeys {
  const added = entries.expose();
  if (added.length === 0) return store;
  const blocks = store.blocks.slice();
  let offset = 0;
  const last = blocks.at(-1);
  if (last !== undefined && last.length < BLOCK_BYTES) {
    const kept = last.expose();
    offset = Math.min(BLOCK_BYTES - kept.length, added.length);
    const filled = new Uint8Array(kept.length + offset);
    filled.set(kept);
    filled.set(added.subarray(0, offset), kept.length);
    blocks[blocks.length - 1] = new Secret('PqSkippedKeys', filled);
  }
  for (; offset < added.length; offset += BLOCK_BYTES) {
    blocks.push(new Secret('PqSkippedKeys', added.slice(offset, offset + BLOCK_BYTES)));
  }
  return { count: store.count + added.length / SKIPPED_ENTRY_BYTES, blocks };
}

/** @returns the key of `index` in a box of its own and the store without it, or undefined. */
export function takeSkipped(
  store: SkippedKeys,
  index: number,
): { store: SkippedKeys; key: Secret<'PqMessageKey'> } | undefined {
  const position = blockOf(store, index);
  const block = store.blocks[position]?.expose();
  if (block === undefined) return undefined;
  let offset = 0;
  while (offset < block.length && readUint32(block, offset) !== index) offset += SKIPPED_ENTRY_BYTES;
  if (offset >= block.length) return undefined;
  const key = new Secret('PqMessageKey', block.slice(offset + 4, offset + SKIPPED_ENTRY_BYTES));
  const blocks = store.blocks.slice();
  if (block.length === SKIPPED_ENTRY_BYTES) {
    blocks.splice(position, 1);
  } else {
    const rest = new Uint8Array(block.length - SKIPPED_ENTRY_BYTES);
    rest.set(block.subarray(0, offset));
    rest.set(block.subarray(offset + SKIPPED_ENTRY_BYTES), offset);
    blocks[position] = new Secret('PqSkippedKeys', rest);
  }
  return { store: { count: store.count - 1, blocks }, key };
}

/** Drops every key whose index is below `floor`. */
export function dropSkippedBelow(store: SkippedKeys, floor: number): SkippedKeys {
  const blocks: Secret<'PqSkippedKeys'>[] = [];
  let count = 0;
  for (const block of store.blocks) {
    const bytes = block.expose();
    let offset = 0;
    while (offset < bytes.length && readUint32(bytes, offset) < floor) offset += SKIPPED_ENTRY_BYTES;
    if (offset === bytes.length) continue;
    blocks.push(offset === 0 ? block : new Secret('PqSkippedKeys', bytes.slice(offset)));
    count += (bytes.length - offset) / SKIPPED_ENTRY_BYTES;
  }
  return { count, blocks };
}

/** Position of the last block that begins at or below `index`; -1 when there is none. */
function blockOf(store: SkippedKeys, index: number): number {
  let low = 0;
  let high = store.blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const block = store.blocks[middle] as Secret<'PqSkippedKeys'>;
    if (readUint32(block.expose(), 0) <= index) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
