/** Presenting a capability: the one way to be let in without being known. */

import { equalBytes } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import { relayError } from '../protocol/errors.ts';
import { CAPABILITY_END } from '../protocol/operations.ts';
import type { Caller } from './caller.ts';
import type { RelayContext } from './context.ts';

export interface UsedCapability {
  readonly hash: Uint8Array;
  readonly account: Uint8Array;
  /** One of CAPABILITY_KIND. */
  readonly kind: number;
}

/**
 * Charges a capability for one use of an account. A swallowed one passes like a live one.
 *
 * @param account - whose it must be; undefined: anybody's
 * @throws RelayError `capability-unknown`, `capability-retired`, `rate-limited`
 */
export async function useCapability(
  context: RelayContext,
  caller: Caller,
  capability: Uint8Array,
  account: Uint8Array | undefined,
  bytes: number,
): Promise<UsedCapability> {
  const hash = sha256(capability);
  context.admission.capability(hash, bytes, context.nowMs);
  const known = await context.store.capability(hash);
  if (known === undefined || (account !== undefined && !equalBytes(known.account, account))) {
    throw unknownCapability(context, caller, hash, known !== undefined);
  }
  if (known.end === CAPABILITY_END.retired) throw relayError('capability-retired');
  return { hash, account: known.account, kind: known.kind };
}

/** Guessing is hopeless; that it is tried at all ends the connection soon. */
export function unknownCapability(
  context: RelayContext,
  caller: Caller,
  hash: Uint8Array,
  issued: boolean,
): Error {
  if (!issued) context.admission.forgetCapability(hash);
  caller.suspect('capability');
  return relayError('capability-unknown');
}
