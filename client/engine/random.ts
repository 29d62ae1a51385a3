/** The system's randomness behind the `Random` port. */

import { randomFillSync } from 'node:crypto';
import type { DrawName, Random } from '../../crypto/random.ts';

/** One system call fills this much: drawing 32 bytes one by one would cost ten times as much. */
const POOL_BYTES = 4_096;

/**
 * Draws from a pool that is refilled by the operating system. A failing generator throws out of `draw`: there
 * is no second source to fall back to.
 */
export function systemRandom(): Random {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return {
    draw(_name: DrawName, length: number): Uint8Array {
      if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
      if (used + length > POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      const drawn = pool.slice(used, used + length);
      // What was handed out must not stand in the pool for somebody who reads this process's memory.
      pool.fill(0, used, used + length);
      used += length;
      return drawn;
    },
  };
}

/** A number in 0 (included) to 1 (excluded), for jitter. */
export function drawFraction(random: Random): number {
  const bytes = random.draw('jitter', 4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 0x1_0000_0000;
}
