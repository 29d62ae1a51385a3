import { hmacSha256 } from '../primitives/hmac.ts';
import { ROW_ID_BYTES } from './limits.ts';
import type { StoreKey } from './store-key.ts';

/**
 * Stands for an id in a database key: without the store key nobody can tell which id it was.
 * @returns the first 16 bytes of HMAC-SHA256(store key, id).
 * @see docs/at-rest.md, "Row keys"
 */
export function rowId(storeKey: StoreKey, id: Uint8Array): Uint8Array {
  return hmacSha256(storeKey.expose(), id).slice(0, ROW_ID_BYTES);
}
