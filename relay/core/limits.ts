/** The limits an operator may change, each with its default; those of the wire format itself are fixed. */

import {
  CAPABILITIES_MAX,
  CAPABILITY_BURST,
  CAPABILITY_BYTES_PER_DAY,
  CAPABILITY_PER_DAY,
  LOOK_UPS_PER_DAY,
  MAILBOX_EXPIRY_MS,
  MAILBOX_MAX_BYTES,
  MAILBOX_MAX_MESSAGES,
  ONE_TIME_KEYS_MAX,
  REQUEST_BYTES_PER_PAIR_AND_DAY,
  REQUESTS_IN_FLIGHT_MAX,
  REQUESTS_PER_MINUTE,
  REQUESTS_PER_PAIR_AND_DAY,
} from '../protocol/limits.ts';

export interface RelayLimits {
  readonly mailboxMessages: number;
  readonly mailboxBytes: number;
  readonly mailboxExpiryMs: number;
  readonly oneTimeKeys: number;
  /** Live capabilities of an account; ended ones are kept too, four times as many at most. */
  readonly capabilities: number;
  readonly capabilityBurst: number;
  readonly capabilityPerDay: number;
  readonly capabilityBytesPerDay: number;
  /** One-time keys that one capability may take a day; beyond it gets the last-resort set (prekey depletion). */
  readonly oneTimeBundlesPerDay: number;
  /** Last-resort bundles a stranger may fetch, and that may be fetched of one account, a day. */
  readonly strangerBundlesPerDay: number;
  readonly targetBundlesPerDay: number;
  readonly requestsPerPairAndDay: number;
  readonly requestBytesPerPairAndDay: number;
  readonly requestsPerMinute: number;
  readonly lookUpsPerDay: number;
  /** New records, auth keys and key uploads of an account a day: each costs signatures, a bcrypt or disk. */
  readonly changesPerDay: number;
  /** Capabilities that an account may register a day. */
  readonly capabilitiesPerDay: number;
  /** Accounts that one address may make an hour; each costs the relay a bcrypt and some disk for ever. */
  readonly registrationsPerHour: number;
  /** Wrong passphrases per name before the waiting time doubles; an address has `loginFailuresPerAddress`. */
  readonly loginFailures: number;
  readonly loginFailuresPerAddress: number;
  /** Capabilities that nobody issued, presented on one connection, before it is closed: guessing is pointless. */
  readonly wrongCapabilities: number;
  /** Signatures that do not verify, on one connection, before it is closed. */
  readonly wrongSignatures: number;
  readonly requestsInFlight: number;
  /** Requests of one connection, whatever they ask for: one busy client must not starve the others. */
  readonly requestsPerSecond: number;
  /** Memory for staged parts of all connections. */
  readonly stagedBytes: number;
}

export const defaultLimits: RelayLimits = {
  mailboxMessages: MAILBOX_MAX_MESSAGES,
  mailboxBytes: MAILBOX_MAX_BYTES,
  mailboxExpiryMs: MAILBOX_EXPIRY_MS,
  oneTimeKeys: ONE_TIME_KEYS_MAX,
  capabilities: CAPABILITIES_MAX,
  capabilityBurst: CAPABILITY_BURST,
  capabilityPerDay: CAPABILITY_PER_DAY,
  capabilityBytesPerDay: CAPABILITY_BYTES_PER_DAY,
  oneTimeBundlesPerDay: 24,
  strangerBundlesPerDay: 200,
  targetBundlesPerDay: 2_000,
  requestsPerPairAndDay: REQUESTS_PER_PAIR_AND_DAY,
  requestBytesPerPairAndDay: REQUEST_BYTES_PER_PAIR_AND_DAY,
  requestsPerMinute: REQUESTS_PER_MINUTE,
  lookUpsPerDay: LOOK_UPS_PER_DAY,
  changesPerDay: 300,
  capabilitiesPerDay: 1_024,
  registrationsPerHour: 120,
  loginFailures: 5,
  loginFailuresPerAddress: 20,
  wrongCapabilities: 32,
  wrongSignatures: 4,
  requestsInFlight: REQUESTS_IN_FLIGHT_MAX,
  requestsPerSecond: 5_000,
  stagedBytes: 67_108_864,
};
