/**
 * The message seeds of one receiving chain that were stepped over, under their counters.
 *
 * @see Double Ratchet, section 2.6
 */

import { MAX_SKIPPED_SEEDS } from '../constants.ts';
import { Secret } from '../secret.ts';
import { appendPacked, keepNewest, type PackedSecrets, takePacked, wipeBetween } from './packed-secrets.ts';

/** Packed entries: counter u32 | seed(32) */
export type SkippedBlock = Secret<'SkippedSeeds'>;
export type SkippedSeeds = PackedSecrets<'SkippedSeeds'>;

export interface TakenSeed {
  readonly seed: Secret<'MessageSeed'>;
  readonly rest: SkippedSeeds;
}

export const NO_SKIPPED_SEEDS: SkippedSeeds = { count: 0, blocks: [] };

/** Appends entries above all that are stored and forgets the oldest beyond 2000; the caller keeps its bytes. */
export function appendSkipped(table: SkippedSeeds, added: SkippedBlock): SkippedSeeds {
  const appended = appendPacked(table, added);
  const kept = keepNewest(appended, MAX_SKIPPED_SEEDS);
  wipeBetween(table, appended, kept);
  return kept;
}

/** Takes out the seed of a counter; undefined when it is not there (used before, or forgotten). */
export function takeSkipped(table: SkippedSeeds, counter: number): TakenSeed | undefined {
  const step = takePacked(table, counter, 'MessageSeed');
  return step === undefined ? undefined : { seed: step.taken, rest: step.rest };
}

/** The table of packed entries that were stored; copies them, and the caller keeps and wipes its bytes. */
export function loadSkipped(entries: Uint8Array): SkippedSeeds {
  return appendSkipped(NO_SKIPPED_SEEDS, new Secret('SkippedSeeds', entries));
}
