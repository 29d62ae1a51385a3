/**
 * Safety numbers: two parties compare 60 digits, or scan them, and know that nobody stands between them.
 *
 * @see signal-wire section 11
 */

import { concatBytes, equalBytes } from '../bytes.ts';
import {
  DEFAULT_FINGERPRINT_ITERATIONS,
  MAX_FINGERPRINT_ITERATIONS,
  MIN_FINGERPRINT_ITERATIONS,
} from '../constants.ts';
import { CodecError, UsageError } from '../errors.ts';
import type { PublicKey } from '../keys/keys.ts';
import { sha512 } from '../primitives/hash.ts';
import { bytes, type MessageOf, message, nested, required, uint32 } from '../wire/schema.ts';

export interface FingerprintParams {
  /** How often each side is hashed; both sides must use the same number. */
  readonly iterations?: number;
  /** Stable identifiers of the two parties, as bytes. */
  readonly localId: Uint8Array;
  readonly localKey: PublicKey;
  readonly remoteId: Uint8Array;
  readonly remoteKey: PublicKey;
}

/** Version 2 hashes account ids; version 1 hashed telephone numbers. */
export const FINGERPRINT_VERSION = 2;

/** Part of the format of hash 0, whatever the version of the scannable form is. */
const HASH_VERSION = new Uint8Array(2);
const SCANNABLE_HASH_BYTES = 32;
const GROUPS_PER_PARTY = 6;
const GROUP_BYTES = 5;
const GROUP_DIGITS = 5;
const GROUP_MODULUS = 100_000;
const DISPLAY_DIGITS = 2 * GROUPS_PER_PARTY * GROUP_DIGITS;
/** A hash has 64 bytes at most; longer ones are no fingerprints. */
const MAX_CONTENT_BYTES = 64;

const LogicalFingerprint = message('LogicalFingerprint', {
  content: required(1, bytes({ max: MAX_CONTENT_BYTES })),
});

const CombinedFingerprints = message('CombinedFingerprints', {
  version: required(1, uint32),
  local: required(2, nested(LogicalFingerprint)),
  remote: required(3, nested(LogicalFingerprint)),
});
type CombinedFingerprints = MessageOf<typeof CombinedFingerprints>;

/**
 * The iterated hash of one party.
 *
 * @returns 64 bytes
 * @throws UsageError `bad-iterations` outside 2 to 1,000,000
 */
export function fingerprintHash(
  iterations: number,
  stableId: Uint8Array,
  identityKey: PublicKey,
): Uint8Array {
  if (
    !Number.isInteger(iterations) ||
    iterations < MIN_FINGERPRINT_ITERATIONS ||
    iterations > MAX_FINGERPRINT_ITERATIONS
  ) {
    throw new UsageError(
      'bad-iterations',
      `iterations are ${MIN_FINGERPRINT_ITERATIONS} to ${MAX_FINGERPRINT_ITERATIONS}`,
    );
  }
  let hash = sha512(concatBytes(HASH_VERSION, identityKey, stableId, identityKey));
  const input = new Uint8Array(hash.length + identityKey.length);
  input.set(identityKey, hash.length);
  for (let i = 1; i < iterations; i++) {
    input.set(hash);
    hash = sha512(input);
  }
  return hash;
}

/**
 * The 60 digits, the same on both sides.
 *
 * @throws UsageError `bad-iterations`
 */
export function displayableFingerprint(params: FingerprintParams): string {
  const { local, remote } = hashBoth(params);
  return [digits(local), digits(remote)].sort().join('');
}

/**
 * What a QR code holds; the other side's has the two halves exchanged.
 *
 * @throws UsageError `bad-iterations`
 */
export function scannableFingerprint(params: FingerprintParams, version = FINGERPRINT_VERSION): Uint8Array {
  const { local, remote } = hashBoth(params);
  return CombinedFingerprints.encode({
    version,
    local: { content: local.subarray(0, SCANNABLE_HASH_BYTES) },
    remote: { content: remote.subarray(0, SCANNABLE_HASH_BYTES) },
  });
}

/**
 * Whether the scanned code is the counterpart of our own.
 *
 * @throws CodecError `version-mismatch` for fingerprints of different versions, `bad-fingerprint`
 */
export function compareScannable(mine: Uint8Array, theirs: Uint8Array): boolean {
  const ours = decodeScannable(mine);
  const scanned = decodeScannable(theirs);
  if (ours.version !== scanned.version) {
    throw new CodecError('version-mismatch', 'the fingerprints have different versions');
  }
  const theirsIsMyRemote = equalBytes(scanned.local.content, ours.remote.content);
  const mineIsTheirRemote = equalBytes(scanned.remote.content, ours.local.content);
  return theirsIsMyRemote && mineIsTheirRemote;
}

/**
 * The twelve groups of five digits in which a safety number is read out.
 *
 * @throws CodecError `bad-fingerprint` unless there are 60 digits
 */
export function formatSafetyNumber(display: string): readonly string[] {
  if (display.length !== DISPLAY_DIGITS || !/^\d+$/.test(display)) {
    throw new CodecError('bad-fingerprint', `a safety number has ${DISPLAY_DIGITS} digits`);
  }
  return Array.from({ length: DISPLAY_DIGITS / GROUP_DIGITS }, (_, i) =>
    display.slice(i * GROUP_DIGITS, (i + 1) * GROUP_DIGITS),
  );
}

function hashBoth(params: FingerprintParams): { readonly local: Uint8Array; readonly remote: Uint8Array } {
  const iterations = params.iterations ?? DEFAULT_FINGERPRINT_ITERATIONS;
  return {
    local: fingerprintHash(iterations, params.localId, params.localKey),
    remote: fingerprintHash(iterations, params.remoteId, params.remoteKey),
  };
}

function digits(hash: Uint8Array): string {
  let out = '';
  for (let group = 0; group < GROUPS_PER_PARTY; group++) {
    let value = 0;
    for (let i = 0; i < GROUP_BYTES; i++) value = value * 256 + (hash[group * GROUP_BYTES + i] as number);
    out += String(value % GROUP_MODULUS).padStart(GROUP_DIGITS, '0');
  }
  return out;
}

function decodeScannable(encoded: Uint8Array): CombinedFingerprints {
  try {
    return CombinedFingerprints.decode(encoded);
  } catch (cause) {
    throw new CodecError('bad-fingerprint', 'not a scannable fingerprint', { cause });
  }
}
