/** What every operation of one relay shares. */

import { keyFingerprint } from '../../crypto/account/challenge.ts';
import type { KeyPair } from '../../crypto/keys/keys.ts';
import type { Random } from '../../crypto/random.ts';
import type { RelayStore } from '../store/store.ts';
import { Admission } from './admission.ts';
import { AccountChains } from './chains.ts';
import { DAY_MS } from './day-counters.ts';
import { defaultLimits, type RelayLimits } from './limits.ts';
import { Passwords } from './passwords.ts';
import type { RelayOptions, RelayProblem } from './ports.ts';
import { Presence } from './presence.ts';
import { StagedParts } from './staged-parts.ts';

export const HOUR_MS = 3_600_000;

export class RelayContext {
  readonly store: RelayStore;
  readonly rootKey: KeyPair;
  /** SHA-256 of the root key: what clients pin. */
  readonly fingerprint: Uint8Array;
  readonly random: Random;
  readonly limits: RelayLimits;
  readonly open: boolean;
  readonly admission: Admission;
  readonly chains: AccountChains;
  readonly passwords: Passwords;
  readonly presence = new Presence();
  readonly stagedParts: StagedParts;
  readonly #options: RelayOptions;
  draining = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.store = options.store;
    this.rootKey = options.rootKey;
    this.fingerprint = keyFingerprint(options.rootKey.publicKey);
    this.random = options.random;
    this.limits = { ...defaultLimits, ...options.limits };
    this.open = options.open;
    this.admission = new Admission(this.limits, options.random);
    this.chains = new AccountChains(options.store);
    this.passwords = new Passwords(options.passwords, options.random);
    this.stagedParts = new StagedParts(this.limits.stagedBytes, options.random);
  }

  get nowMs(): number {
    return this.#options.clock.nowMs();
  }

  get today(): number {
    return Math.floor(this.nowMs / DAY_MS);
  }

  get nowHour(): number {
    return Math.floor(this.nowMs / HOUR_MS);
  }

  report(problem: RelayProblem): void {
    this.#options.report?.(problem);
  }
}
