/** Who may do how much of what: every rate limit of the relay, in memory. Each method refuses with `rate-limited`. */

import type { Random } from '../../crypto/random.ts';
import { relayError } from '../protocol/errors.ts';
import { DAY_MS, DayCounters } from './day-counters.ts';
import type { RelayLimits } from './limits.ts';
import { LoginBackoff } from './login-backoff.ts';
import { binaryText, networkOf } from './map-keys.ts';
import { PairBudget, type PairRequest } from './pair-budget.ts';
import { TokenBuckets } from './token-buckets.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

function refuse(retryAfterMs: number): void {
  if (retryAfterMs > 0) throw relayError('rate-limited', { retryAfterMs });
}

export class Admission {
  readonly #capabilityMessages: TokenBuckets;
  readonly #capabilityBytes: TokenBuckets;
  readonly #oneTimeBundles: DayCounters;
  readonly #strangerBundles: DayCounters;
  readonly #targetBundles: DayCounters;
  readonly #lookUps: DayCounters;
  readonly #changes: DayCounters;
  readonly #capabilities: DayCounters;
  readonly #requests: TokenBuckets;
  readonly #pairs: PairBudget;
  readonly #registrations: TokenBuckets;
  readonly #loginsByName: LoginBackoff;
  readonly #loginsByNetwork: LoginBackoff;

  constructor(limits: RelayLimits, random: Random) {
    const { capabilityBurst, capabilityPerDay, capabilityBytesPerDay } = limits;
    this.#capabilityMessages = new TokenBuckets(capabilityBurst, capabilityPerDay, DAY_MS);
    this.#capabilityBytes = new TokenBuckets(capabilityBytesPerDay, capabilityBytesPerDay, DAY_MS);
    this.#oneTimeBundles = new DayCounters(limits.oneTimeBundlesPerDay);
    this.#strangerBundles = new DayCounters(limits.strangerBundlesPerDay);
    this.#targetBundles = new DayCounters(limits.targetBundlesPerDay);
    this.#lookUps = new DayCounters(limits.lookUpsPerDay);
    this.#changes = new DayCounters(limits.changesPerDay);
    this.#capabilities = new DayCounters(limits.capabilitiesPerDay);
    this.#requests = new TokenBuckets(limits.requestsPerMinute, limits.requestsPerMinute, MINUTE_MS);
    this.#pairs = new PairBudget(
      { requests: limits.requestsPerPairAndDay, bytes: limits.requestBytesPerPairAndDay },
      random,
    );
    this.#registrations = new TokenBuckets(limits.registrationsPerHour, limits.registrationsPerHour, HOUR_MS);
    this.#loginsByName = new LoginBackoff(limits.loginFailures);
    this.#loginsByNetwork = new LoginBackoff(limits.loginFailuresPerAddress);
  }

  /** One use of a capability, and the bytes that come with it. */
  capability(hash: Uint8Array, bytes: number, nowMs: number): void {
    const key = binaryText(hash);
    refuse(this.#capabilityMessages.take(key, 1, nowMs));
    const waitMs = this.#capabilityBytes.take(key, bytes, nowMs);
    if (waitMs > 0) this.#capabilityMessages.giveBack(key, 1);
    refuse(waitMs);
  }

  /** Nobody issued it: nothing about it is worth remembering. */
  forgetCapability(hash: Uint8Array): void {
    this.#capabilityMessages.forget(binaryText(hash));
    this.#capabilityBytes.forget(binaryText(hash));
  }

  /** @returns whether this capability may still take one-time keys today; it gets the last-resort set if not */
  takesOneTimeKeys(hash: Uint8Array, nowMs: number): boolean {
    return this.#oneTimeBundles.take(binaryText(hash), 1, nowMs) === 0;
  }

  strangerBundles(requester: Uint8Array, target: Uint8Array, nowMs: number): void {
    refuse(this.#strangerBundles.take(binaryText(requester), 1, nowMs));
    refuse(this.#targetBundles.take(binaryText(target), 1, nowMs));
  }

  lookUp(account: Uint8Array, nowMs: number): void {
    refuse(this.#lookUps.take(binaryText(account), 1, nowMs));
  }

  /** New records, auth keys and key uploads: each costs signatures, a bcrypt or disk for ever. */
  change(account: Uint8Array, nowMs: number): void {
    refuse(this.#changes.take(binaryText(account), 1, nowMs));
  }

  newCapabilities(account: Uint8Array, count: number, nowMs: number): void {
    refuse(this.#capabilities.take(binaryText(account), count, nowMs));
  }

  request(request: PairRequest, nowMs: number): void {
    refuse(this.#requests.take(binaryText(request.from), 1, nowMs));
    refuse(this.#pairs.take(request, nowMs));
  }

  giveBackRequest(request: PairRequest, nowMs: number): void {
    this.#pairs.giveBack(request, nowMs);
  }

  registration(address: string, nowMs: number): void {
    refuse(this.#registrations.take(networkOf(address), 1, nowMs));
  }

  /** Begins a login; names that nobody has are counted like any other. */
  login(name: string, address: string, nowMs: number): LoginTry {
    const network = networkOf(address);
    refuse(this.#loginsByNetwork.begin(network, nowMs));
    const waitMs = this.#loginsByName.begin(name, nowMs);
    if (waitMs > 0) this.#loginsByNetwork.takeBack(network);
    refuse(waitMs);
    return {
      succeed: () => {
        this.#loginsByName.succeed(name);
        this.#loginsByNetwork.takeBack(network);
      },
      abandon: () => {
        this.#loginsByName.takeBack(name);
        this.#loginsByNetwork.takeBack(network);
      },
    };
  }

  sweep(nowMs: number): void {
    for (const buckets of [
      this.#capabilityMessages,
      this.#capabilityBytes,
      this.#requests,
      this.#registrations,
    ]) {
      buckets.sweep(nowMs);
    }
    this.#loginsByName.sweep(nowMs);
    this.#loginsByNetwork.sweep(nowMs);
  }
}

/** A login counts as failed until one of these is called. */
export interface LoginTry {
  succeed(): void;
  /** It was never judged. */
  abandon(): void;
}
