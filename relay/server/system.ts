/** The machine's clock and randomness behind the ports that the core takes. */

import { randomBytes } from 'node:crypto';
import type { Random } from '../../crypto/random.ts';
import type { Clock } from '../core/ports.ts';

export const systemClock: Clock = { nowMs: () => Date.now() };

/** Throws when the system has no randomness; there is no fallback. */
export const systemRandom: Random = {
  draw: (_name, length) => new Uint8Array(randomBytes(length)),
};
