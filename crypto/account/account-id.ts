/** The name of an account that nobody can give to another one: a hash of its first record, as a UUID. */

import { concatBytes, fromHex, utf8 } from '../bytes.ts';
import { CodecError } from '../errors.ts';
import { accountName } from '../keys/address.ts';
import { sha256 } from '../primitives/hash.ts';

declare const accountIdBrand: unique symbol;

/** 16 bytes of a UUID version 8. */
export type AccountId = Uint8Array & { readonly [accountIdBrand]: true };

export const ACCOUNT_ID_BYTES = 16;
const DOMAIN = utf8('InteChat account v1');
const UUID_VERSION = 0x80;
const UUID_VARIANT = 0x80;
const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * @param body - the body bytes of record 0, as received.
 * @returns the first 16 bytes of SHA-256("InteChat account v1" || body), with the bits of UUID version 8.
 */
export function deriveAccountId(body: Uint8Array): AccountId {
  const id = sha256(DOMAIN, body).slice(0, ACCOUNT_ID_BYTES);
  id[6] = ((id[6] as number) & 0x0f) | UUID_VERSION;
  id[8] = ((id[8] as number) & 0x3f) | UUID_VARIANT;
  return id as AccountId;
}

/**
 * Checks the form of an account id and copies it.
 * @throws CodecError `bad-account-id` unless there are 16 bytes with the bits of UUID version 8.
 */
export function parseAccountId(bytes: Uint8Array): AccountId {
  const hasBits =
    bytes.length === ACCOUNT_ID_BYTES &&
    ((bytes[6] as number) & 0xf0) === UUID_VERSION &&
    ((bytes[8] as number) & 0xc0) === UUID_VARIANT;
  if (!hasBits) throw new CodecError('bad-account-id', 'an account id is a UUID of version 8');
  return concatBytes(bytes) as AccountId;
}

/** Lower-case hex in groups of 8-4-4-4-12. */
export function formatAccountId(id: AccountId): string {
  return accountName(id);
}

/** @throws CodecError `bad-account-id` unless the text is a UUID of version 8. */
export function parseAccountIdText(text: string): AccountId {
  if (!UUID_TEXT.test(text)) throw new CodecError('bad-account-id', 'an account id is a UUID of version 8');
  return parseAccountId(fromHex(text.replaceAll('-', '')));
}
