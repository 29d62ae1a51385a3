/**
 * Where an account lives on this machine. The contract:
 *
 * - **Atomic and durable.** `commit` takes the writes of any number of steps. When it resolves all of them are
 *   on the disk, fsynced; when it rejects none of them is, now or after a restart, as far as this process can
 *   know. A crash at any moment leaves the state after some earlier commit, never a part of one.
 * - **Order.** The later of two writes to one row wins. One commit at a time: the caller waits for it.
 * - **After a failure** every later commit is refused with the same error; the process must start again.
 * - **Reads** (`get`, `list`, `at`) are synchronous and see the last commit that resolved. Decoded rows are
 *   shared, so they are values: nobody changes one.
 * - **Snapshots** stay what they were, whatever is committed meanwhile, until they are closed.
 * - **Sealed.** Outside this process there are only hashes of keys and sealed values. A row that was changed,
 *   moved or cut by anybody without the store key is a StoreError `store-damaged`, never a wrong value.
 * - **Secrets** in rows belong to the rows. The store wipes what it encoded, nothing else.
 * - **Volatile tables** take part in `commit` and reads but never reach the disk.
 */

import type { Reader, View, Write } from '../core/tables.ts';

export interface StoreSnapshot extends Reader {
  close(): Promise<void>;
}

export interface Store extends View {
  snapshot(): StoreSnapshot;
  commit(writes: readonly Write[]): Promise<void>;
  /** Waits for a running commit. The store key is wiped: nothing can be read afterwards. */
  close(): Promise<void>;
}
