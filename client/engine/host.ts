/** What the accounts of this process take from the system; tests put their own in. */

import type { Random } from '../../crypto/random.ts';
import type { LinkLimits } from '../transport/limits.ts';
import { type Clock, systemClock } from './clock.ts';
import { systemRandom } from './random.ts';
import { type Stretcher, systemStretcher } from './stretcher.ts';

export interface Host {
  readonly random: Random;
  readonly clock: Clock;
  readonly stretcher: Stretcher;
  /** Other limits of the links than the usual ones. */
  readonly links: Partial<LinkLimits>;
}

export function hostWith(changes: Partial<Host> = {}): Host {
  return {
    random: changes.random ?? systemRandom(),
    clock: changes.clock ?? systemClock,
    stretcher: changes.stretcher ?? systemStretcher(),
    links: changes.links ?? {},
  };
}

/** What takes time, for a front end that wants to say so. */
export type Progress = 'connecting' | 'securing' | 'registering' | 'signing-in';
