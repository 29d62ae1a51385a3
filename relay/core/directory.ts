/** Other people's records and bundles: for those who hold a capability, and within limits for strangers. */

import { foldName } from '../../crypto/account/username.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { ChatError } from '../../crypto/errors.ts';
import { relayError } from '../protocol/errors.ts';
import {
  type BundlesResponse,
  CAPABILITY_KIND,
  type FetchBundlesRequest,
  type FetchRecordsRequest,
  type LookUpRequest,
  type RecordsResponse,
} from '../protocol/operations.ts';
import type { AccountEntry, BundlesEntry } from '../store/store.ts';
import { type Caller, requireDevice } from './caller.ts';
import { useCapability } from './capability-use.ts';
import type { RelayContext } from './context.ts';
import { rangeAfter } from './record-range.ts';

/** Exact names only; an unlisted account answers as an unknown one. */
export async function lookUp(
  context: RelayContext,
  caller: Caller,
  { username }: LookUpRequest,
): Promise<RecordsResponse> {
  const { account: requester } = requireDevice(caller);
  context.admission.lookUp(requester, context.nowMs);
  const entry = visibleTo(requester, await context.store.accountByName(fold(username)));
  return {
    account: entry.account,
    records: await context.store.records(entry.account, rangeAfter(undefined)),
  };
}

export async function fetchRecords(
  context: RelayContext,
  caller: Caller,
  { account, capability, afterSequence }: FetchRecordsRequest,
): Promise<RecordsResponse> {
  if (capability !== undefined) {
    await useCapability(context, caller, capability, account, 0);
  } else {
    const { account: requester } = requireDevice(caller);
    context.admission.lookUp(requester, context.nowMs);
    visibleTo(requester, await context.store.account(account));
  }
  return { account, records: await context.store.records(account, rangeAfter(afterSequence)) };
}

/** One-time keys are for contacts; everybody else gets the last-resort set, which cannot be used up. */
export async function fetchBundles(
  context: RelayContext,
  caller: Caller,
  request: FetchBundlesRequest,
): Promise<BundlesResponse> {
  const { account, devices } = request;
  const oneTime = await mayTakeOneTimeKeys(context, caller, request);
  const taken = await context.store.takeBundles({ account, devices, oneTime, day: context.today });
  if (taken === undefined) throw relayError('not-found');
  if (taken.bundles.length === 0) throw relayError('no-keys');
  if (oneTime) tellOwner(context, account, taken);
  return {
    recordSequence: taken.recordSequence,
    bundles: taken.bundles.map(({ device, signedPreKey, kemPreKey, oneTimePreKey }) => ({
      device: device.id,
      registrationId: device.registrationId,
      identityKey: device.identityKey,
      signedPreKey,
      kemPreKey,
      ...(oneTimePreKey === undefined ? {} : { oneTimePreKey }),
    })),
  };
}

async function mayTakeOneTimeKeys(
  context: RelayContext,
  caller: Caller,
  { account, capability }: FetchBundlesRequest,
): Promise<boolean> {
  if (capability !== undefined) {
    const { hash, kind } = await useCapability(context, caller, capability, account, 0);
    return kind !== CAPABILITY_KIND.address && context.admission.takesOneTimeKeys(hash, context.nowMs);
  }
  const { account: requester } = requireDevice(caller);
  context.admission.strangerBundles(requester, account, context.nowMs);
  visibleTo(requester, await context.store.account(account));
  return false;
}

/** @throws RelayError `not-found` */
function visibleTo(requester: Uint8Array, entry: AccountEntry | undefined): AccountEntry {
  const visible = entry !== undefined && (entry.listed || equalBytes(entry.account, requester));
  if (!visible) throw relayError('not-found');
  return entry;
}

function fold(username: string): string {
  try {
    return foldName(username);
  } catch (cause) {
    if (cause instanceof ChatError) throw relayError('not-found', { cause });
    throw cause;
  }
}

function tellOwner(context: RelayContext, account: Uint8Array, { bundles }: BundlesEntry): void {
  for (const { device, counts } of bundles) {
    context.presence.find(account, device.id)?.preKeysLow(counts);
  }
}
