/** The row of an account, which nearly every transaction looks at. */

import { accountKey } from './keyspace.ts';
import { AccountRow } from './rows.ts';
import type { RowTransaction } from './staged-rows.ts';
import type { DeviceEntry } from './store.ts';

/** The same row object comes again from the cache, and decoding it is most of what a look-up costs. */
const decoded = new WeakMap<Uint8Array, AccountRow>();

export type Reader = Pick<RowTransaction, 'get'>;

export function readAccountRow(rows: Reader, account: Uint8Array): AccountRow | undefined {
  const encoded = rows.get(accountKey(account));
  if (encoded === undefined) return undefined;
  const known = decoded.get(encoded);
  if (known !== undefined) return known;
  const row = AccountRow.decode(encoded);
  decoded.set(encoded, row);
  return row;
}

export function findDevice(row: AccountRow | undefined, device: number): DeviceEntry | undefined {
  return row?.devices.find(({ id }) => id === device);
}
