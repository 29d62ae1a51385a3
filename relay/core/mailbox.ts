/** The own mailbox: subscribing to its push, and acknowledging. */

import { relayError } from '../protocol/errors.ts';
import type { AcknowledgeRequest, Empty, SubscribeRequest } from '../protocol/operations.ts';
import { type Caller, requireDevice } from './caller.ts';
import type { RelayContext } from './context.ts';

export async function subscribe(
  _context: RelayContext,
  caller: Caller,
  { window }: SubscribeRequest,
): Promise<Empty> {
  requireDevice(caller);
  caller.subscribe(window);
  return {};
}

/** Never beyond what this connection was sent, so that a confused client cannot delete what it never saw. */
export async function acknowledge(
  context: RelayContext,
  caller: Caller,
  request: AcknowledgeRequest,
): Promise<Empty> {
  const { account, device, fence } = requireDevice(caller);
  const sequence = caller.clampToPushed(request.sequence);
  const outcome = context.store.ackUpTo({ account, device }, sequence, fence);
  caller.acknowledged(sequence);
  if ((await outcome) === 'superseded') throw relayError('superseded');
  return {};
}
