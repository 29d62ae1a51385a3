/** The key bundle of the own device. */

import { relayError } from '../protocol/errors.ts';
import type { PreKeyCounts, PreKeyUpload } from '../protocol/operations.ts';
import { type Caller, requireDevice } from './caller.ts';
import type { RelayContext } from './context.ts';
import { checkPreKeys } from './pre-key-check.ts';

export async function uploadPreKeys(
  context: RelayContext,
  caller: Caller,
  upload: PreKeyUpload,
): Promise<PreKeyCounts> {
  const { account, device } = requireDevice(caller);
  context.admission.change(account, context.nowMs);
  const listed = (await context.store.account(account))?.devices.find(({ id }) => id === device);
  if (listed === undefined) throw relayError('session-revoked');
  const keys = checkPreKeys(listed.identityKey, upload);
  const max = context.limits.oneTimeKeys;
  const outcome = await context.store.addPreKeys({ account, device, keys, max });
  switch (outcome.kind) {
    case 'added':
      return outcome.counts;
    case 'quota-exceeded':
      throw relayError('quota-exceeded');
    case 'not-listed':
      throw relayError('session-revoked');
  }
}

export async function countPreKeys(context: RelayContext, caller: Caller): Promise<PreKeyCounts> {
  const { account, device } = requireDevice(caller);
  return context.store.preKeyCounts(account, device);
}
