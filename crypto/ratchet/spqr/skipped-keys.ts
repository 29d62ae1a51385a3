/** Message keys of one receiving chain that were stepped over, under their indexes. */

import type { Secret } from '../../secret.ts';
import {
  appendPacked,
  dropBelow,
  PACKED_ENTRY_BYTES,
  type PackedSecrets,
  takePacked,
} from '../packed-secrets.ts';

/** `index u32 | key(32)` */
export const SKIPPED_ENTRY_BYTES = PACKED_ENTRY_BYTES;

export type SkippedKeys = PackedSecrets<'PqSkippedKeys'>;

export const NO_SKIPPED_KEYS: SkippedKeys = { count: 0, blocks: [] };

/** Appends packed entries, whose indexes ascend from above every stored one; the bytes are copied. */
export function appendSkipped(store: SkippedKeys, entries: Secret<'PqSkippedKeys'>): SkippedKeys {
  return appendPacked(store, entries);
}

/** @returns the key of `index` in a box of its own and the store without it, or undefined. */
export function takeSkipped(
  store: SkippedKeys,
  index: number,
): { store: SkippedKeys; key: Secret<'PqMessageKey'> } | undefined {
  const step = takePacked(store, index, 'PqMessageKey');
  return step === undefined ? undefined : { store: step.rest, key: step.taken };
}

/** Drops every key whose index is below `floor`. */
export function dropSkippedBelow(store: SkippedKeys, floor: number): SkippedKeys {
  return dropBelow(store, floor);
}
