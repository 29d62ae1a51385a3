/** Moments that nobody chose and that can be had again: the seed stands in the name of the test. */

import { randomBytes } from 'node:crypto';
import { seededBytes } from './seeded-bytes.ts';

/** `INTECHAT_TEST_SEED` repeats a run. */
export function testSeed(): string {
  return process.env['INTECHAT_TEST_SEED'] ?? randomBytes(4).toString('hex');
}

/** A whole number from `min` to `max`, the same for the same seed and label. */
export function seededNumber(seed: string, label: string, min: number, max: number): number {
  const bytes = Buffer.from(seededBytes(`${seed} ${label}`, 4));
  return min + (bytes.readUInt32BE(0) % (max - min + 1));
}
