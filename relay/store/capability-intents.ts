/** Capabilities: what the relay knows of them is a hash, whose they are, what for, and how they ended. */

import { equalBytes } from '../../crypto/bytes.ts';
import { CAPABILITY_END } from '../protocol/operations.ts';
import { type Reader, readAccountRow } from './account-row.ts';
import * as key from './keyspace.ts';
import { CapabilityCountsRow, CapabilityRow } from './rows.ts';
import type { RowTransaction } from './staged-rows.ts';
import type {
  AddCapabilitiesOutcome,
  CapabilityEntry,
  EndCapabilityOutcome,
  NewCapabilityEntry,
} from './store.ts';

/** Ended ones are kept so that they can be answered rightly; this bounds what an account can pile up. */
const ALL_PER_LIVE = 4;

interface Counts {
  readonly live: number;
  readonly all: number;
}

/** One of an account that is gone is an unknown one. */
export function readCapability(rows: Reader, hash: Uint8Array): CapabilityEntry | undefined {
  const row = rows.get(key.capabilityKey(hash));
  if (row === undefined) return undefined;
  const capability = CapabilityRow.decode(row);
  return readAccountRow(rows, capability.account) === undefined ? undefined : capability;
}

function readCounts(rows: Reader, account: Uint8Array): Counts {
  const row = rows.get(key.capabilitiesKey(account));
  return row === undefined ? { live: 0, all: 0 } : CapabilityCountsRow.decode(row);
}

export function addCapabilities(
  rows: RowTransaction,
  account: Uint8Array,
  capabilities: readonly NewCapabilityEntry[],
  max: number,
): AddCapabilitiesOutcome {
  if (readAccountRow(rows, account) === undefined) return 'not-found';
  const added = new Map<string, NewCapabilityEntry>();
  for (const capability of capabilities) {
    const known = rows.get(key.capabilityKey(capability.hash));
    if (known === undefined) added.set(key.capabilityKey(capability.hash), capability);
    else if (!equalBytes(CapabilityRow.decode(known).account, account)) return 'capability-taken';
  }
  if (added.size === 0) return 'added';
  const { live, all } = readCounts(rows, account);
  if (live + added.size > max || all + added.size > ALL_PER_LIVE * max) return 'quota-exceeded';
  for (const [rowKey, { kind }] of added) {
    rows.put(rowKey, CapabilityRow.encode({ account, kind, end: CAPABILITY_END.live }));
  }
  const counts = { live: live + added.size, all: all + added.size };
  rows.put(key.capabilitiesKey(account), CapabilityCountsRow.encode(counts));
  return 'added';
}

export function endCapability(
  rows: RowTransaction,
  account: Uint8Array,
  hash: Uint8Array,
  end: number,
  max: number,
): EndCapabilityOutcome {
  const capability = readCapability(rows, hash);
  if (capability === undefined || !equalBytes(capability.account, account)) return 'capability-unknown';
  if (capability.end === end) return 'ended';
  if (capability.end === CAPABILITY_END.retired) return 'final';
  const { live, all } = readCounts(rows, account);
  const change = Number(end === CAPABILITY_END.live) - Number(capability.end === CAPABILITY_END.live);
  if (live + change > max) return 'quota-exceeded';
  rows.put(key.capabilityKey(hash), CapabilityRow.encode({ ...capability, end }));
  rows.put(key.capabilitiesKey(account), CapabilityCountsRow.encode({ live: live + change, all }));
  return 'ended';
}
