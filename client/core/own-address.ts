import { UsageError } from '../../crypto/errors.ts';
import { formatUri } from '../wire/uri.ts';
import { addressCapability } from './capabilities.ts';
import { ownAccount } from './state.ts';
import type { View } from './tables.ts';

/** The `ic://` address under which others reach this account; its fragment is a secret of the two. */
export function ownAddress(view: View): string {
  const { username, accountId, relay } = ownAccount(view);
  const entry = addressCapability(view);
  if (entry === undefined) throw new UsageError('no-address', 'this account has no address');
  const [, { capability }] = entry;
  return formatUri({ kind: 'person', relay, name: username, capability, account: accountId });
}
