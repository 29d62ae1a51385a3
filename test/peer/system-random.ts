import { randomFillSync } from 'node:crypto';
import type { DrawName, Random } from '../../crypto/random.ts';

/** One system call per this many bytes instead of one per draw. */
const POOL_BYTES = 4096;

/** Randomness of the operating system; what was drawn is gone from the pool. */
export class SystemRandom implements Random {
  readonly #pool = new Uint8Array(POOL_BYTES);
  #used = POOL_BYTES;

  draw(_name: DrawName, length: number): Uint8Array {
    if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
    if (length > POOL_BYTES - this.#used) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const end = this.#used + length;
    const drawn = this.#pool.slice(this.#used, end);
    this.#pool.fill(0, this.#used, end);
    this.#used = end;
    return drawn;
  }
}
