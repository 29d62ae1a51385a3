/** The capabilities of the own account: registered ahead as hashes, ended one by one. */

import { relayError } from '../protocol/errors.ts';
import {
  CAPABILITY_END,
  CAPABILITY_KIND,
  type Empty,
  type EndCapabilityRequest,
  type NewCapability,
  type RegisterCapabilitiesRequest,
} from '../protocol/operations.ts';
import { type Caller, requireDevice } from './caller.ts';
import type { RelayContext } from './context.ts';

const kinds = new Set<number>(Object.values(CAPABILITY_KIND));
const ends = new Set<number>(Object.values(CAPABILITY_END));

/** @throws RelayError `bad-request` for a kind that does not exist */
export function checkCapabilities(capabilities: readonly NewCapability[]): void {
  if (capabilities.some(({ kind }) => !kinds.has(kind))) throw relayError('bad-request');
}

export async function registerCapabilities(
  context: RelayContext,
  caller: Caller,
  { capabilities }: RegisterCapabilitiesRequest,
): Promise<Empty> {
  const { account } = requireDevice(caller);
  checkCapabilities(capabilities);
  context.admission.newCapabilities(account, capabilities.length, context.nowMs);
  switch (await context.store.addCapabilities(account, capabilities, context.limits.capabilities)) {
    case 'added':
      return {};
    case 'quota-exceeded':
      throw relayError('quota-exceeded');
    case 'capability-taken':
      throw relayError('bad-request');
    case 'not-found':
      throw relayError('session-revoked');
  }
}

export async function endCapability(
  context: RelayContext,
  caller: Caller,
  { hash, end }: EndCapabilityRequest,
): Promise<Empty> {
  const { account } = requireDevice(caller);
  if (!ends.has(end)) throw relayError('bad-request');
  switch (await context.store.endCapability(account, hash, end, context.limits.capabilities)) {
    case 'ended':
      return {};
    case 'capability-unknown':
      throw relayError('capability-unknown');
    case 'final':
      throw relayError('capability-retired');
    case 'quota-exceeded':
      throw relayError('quota-exceeded');
  }
}
