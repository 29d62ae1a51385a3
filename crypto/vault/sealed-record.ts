/**
 * Rows at rest: version 1 | nonce 24 | ciphertext | tag 16, bound to the key under which the row stands, so
 * that no row can be moved to another place.
 *
 * @see docs/at-rest.md, "Sealed records"
 */

import { concatBytes, utf8 } from '../bytes.ts';
import { CodecError, StoreError } from '../errors.ts';
import { aeadOpen, aeadSeal } from '../primitives/aead.ts';
import type { Random } from '../random.ts';
import { MAX_RECORD_PLAINTEXT_BYTES, SEAL_NONCE_BYTES, SEAL_TAG_BYTES } from './limits.ts';
import type { StoreKey } from './store-key.ts';

const VERSION = 1;
const HEADER_BYTES = 1 + SEAL_NONCE_BYTES;
const AAD_DOMAIN = utf8('InteChat row v1\0');

/** What sealing adds to a row, in bytes. */
export const SEALED_RECORD_OVERHEAD = HEADER_BYTES + SEAL_TAG_BYTES;

/**
 * Seals one row.
 * @param row - the database key of the row, as associated data.
 * @throws StoreError `record-too-large` above 16 MiB.
 */
export function sealRecord(
  storeKey: StoreKey,
  row: Uint8Array,
  plaintext: Uint8Array,
  random: Random,
): Uint8Array {
  if (plaintext.length > MAX_RECORD_PLAINTEXT_BYTES) {
    throw new StoreError('record-too-large', `a row of ${plaintext.length} bytes cannot be stored`);
  }
  const nonce = random.draw('recordNonce', SEAL_NONCE_BYTES);
  const sealed = aeadSeal(storeKey.expose(), nonce, concatBytes(AAD_DOMAIN, row), plaintext);
  const out = new Uint8Array(HEADER_BYTES + sealed.length);
  out[0] = VERSION;
  out.set(nonce, 1);
  out.set(sealed, HEADER_BYTES);
  return out;
}

/**
 * Opens what `sealRecord` made for the same row.
 * @returns the plaintext, owned by the caller.
 * @throws StoreError `damaged-record` for any other bytes, key or row; `store-too-new` for a later version.
 */
export function openRecord(storeKey: StoreKey, row: Uint8Array, sealed: Uint8Array): Uint8Array {
  const version = sealed[0];
  if (version !== undefined && version > VERSION) {
    throw new StoreError('store-too-new', `a row has format ${version}, this program knows ${VERSION}`);
  }
  if (version !== VERSION || sealed.length < SEALED_RECORD_OVERHEAD) throw damaged();
  const nonce = sealed.subarray(1, HEADER_BYTES);
  try {
    const aad = concatBytes(AAD_DOMAIN, row);
    return aeadOpen(storeKey.expose(), nonce, aad, sealed.subarray(HEADER_BYTES));
  } catch (error) {
    if (error instanceof CodecError) throw damaged();
    throw error;
  }
}

function damaged(): StoreError {
  return new StoreError('damaged-record', 'a row of the store is damaged');
}
