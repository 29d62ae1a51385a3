/**
 * Numbered 32-byte secrets by ascending number, packed into small sealed blocks, so that adding or taking one
 * copies a block and a few pointers, never the whole store. Stores are values.
 */

import { readUint32 } from '../bytes.ts';
import { Secret } from '../secret.ts';

/** number u32 | secret(32): also the form in which a block is stored */
export const PACKED_ENTRY_BYTES = 36;
const NUMBER_BYTES = 4;
/** Keeps a copied block near 1 KiB. */
const BLOCK_BYTES = 32 * PACKED_ENTRY_BYTES;

export interface PackedSecrets<Name extends string> {
  readonly count: number;
  readonly blocks: readonly Secret<Name>[];
}

/** Whether packed entries ascend, from `first` on and below `end`: every look-up relies on it. */
export function isAscending(entries: Uint8Array, first: number, end: number): boolean {
  let least = first;
  for (let offset = 0; offset < entries.length; offset += PACKED_ENTRY_BYTES) {
    const number = readUint32(entries, offset);
    if (number < least || number >= end) return false;
    least = number + 1;
  }
  return true;
}

/** Appends packed entries, whose numbers ascend from above all that are stored; the caller keeps its bytes. */
export function appendPacked<Name extends string>(
  store: PackedSecrets<Name>,
  added: Secret<Name>,
): PackedSecrets<Name> {
  const entries = added.expose();
  if (entries.length === 0) return store;
  const blocks = store.blocks.slice();
  let offset = 0;
  const last = blocks.at(-1);
  if (last !== undefined && last.length < BLOCK_BYTES) {
    offset = Math.min(BLOCK_BYTES - last.length, entries.length);
    const filled = new Uint8Array(last.length + offset);
    filled.set(last.expose());
    filled.set(entries.subarray(0, offset), last.length);
    blocks[blocks.length - 1] = new Secret(added.name, filled);
  }
  for (; offset < entries.length; offset += BLOCK_BYTES) {
    blocks.push(new Secret(added.name, entries.slice(offset, offset + BLOCK_BYTES)));
  }
  return { count: store.count + entries.length / PACKED_ENTRY_BYTES, blocks };
}

/** Takes one secret out, in a box of its own; undefined when there is none of that number. */
export function takePacked<Name extends string, TakenName extends string>(
  store: PackedSecrets<Name>,
  number: number,
  takenName: TakenName,
): { readonly taken: Secret<TakenName>; readonly rest: PackedSecrets<Name> } | undefined {
  const position = findBlock(store.blocks, number);
  const block = store.blocks[position];
  if (block === undefined) return undefined;
  const bytes = block.expose();
  let offset = 0;
  while (offset < bytes.length && readUint32(bytes, offset) !== number) offset += PACKED_ENTRY_BYTES;
  if (offset === bytes.length) return undefined;
  const after = offset + PACKED_ENTRY_BYTES;
  const taken = new Secret(takenName, bytes.slice(offset + NUMBER_BYTES, after));
  const blocks = store.blocks.slice();
  if (bytes.length === PACKED_ENTRY_BYTES) {
    blocks.splice(position, 1);
  } else {
    const rest = new Uint8Array(bytes.length - PACKED_ENTRY_BYTES);
    rest.set(bytes.subarray(0, offset));
    rest.set(bytes.subarray(after), offset);
    blocks[position] = new Secret(block.name, rest);
  }
  return { taken, rest: { count: store.count - 1, blocks } };
}

/** Drops the lowest numbers until at most `limit` are left. */
export function keepNewest<Name extends string>(
  store: PackedSecrets<Name>,
  limit: number,
): PackedSecrets<Name> {
  let surplus = store.count - limit;
  if (surplus <= 0) return store;
  const blocks = store.blocks.slice();
  while (surplus > 0) {
    const first = blocks.shift() as Secret<Name>;
    const inFirst = first.length / PACKED_ENTRY_BYTES;
    if (inFirst > surplus) {
      blocks.unshift(new Secret(first.name, first.expose().slice(surplus * PACKED_ENTRY_BYTES)));
    }
    surplus -= inFirst;
  }
  return { count: limit, blocks };
}

/** Drops every number below `floor`. */
export function dropBelow<Name extends string>(
  store: PackedSecrets<Name>,
  floor: number,
): PackedSecrets<Name> {
  let below = 0;
  for (const block of store.blocks) {
    const bytes = block.expose();
    for (let offset = 0; offset < bytes.length; offset += PACKED_ENTRY_BYTES) {
      if (readUint32(bytes, offset) >= floor) return keepNewest(store, store.count - below);
      below++;
    }
  }
  return keepNewest(store, 0);
}

/** The blocks of `before` that `after` no longer has. */
export function replacedBlocks<Name extends string>(
  before: PackedSecrets<Name>,
  after: PackedSecrets<Name>,
): readonly Secret<Name>[] {
  if (before === after) return [];
  const kept = new Set(after.blocks);
  return before.blocks.filter((block) => !kept.has(block));
}

/** Wipes the blocks that only a store on the way from one to another has. */
export function wipeBetween<Name extends string>(
  before: PackedSecrets<Name>,
  between: PackedSecrets<Name>,
  after: PackedSecrets<Name>,
): void {
  const kept = new Set([...before.blocks, ...after.blocks]);
  for (const block of between.blocks) if (!kept.has(block)) block.wipe();
}

/** Position of the last block that begins at or below the number; -1 when there is none. */
function findBlock(blocks: readonly Secret<string>[], number: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const block = blocks[middle] as Secret<string>;
    if (readUint32(block.expose(), 0) <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
