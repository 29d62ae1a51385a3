/**
 * `ic://` addresses: a relay, an invitation to it, a person on it, a group. Everything secret stands after
 * `#`, which no program sends to a server by itself.
 *
 * @see docs/wire-content.md, "Addresses"
 */

import { type AccountId, formatAccountId, parseAccountIdText } from '../../crypto/account/account-id.ts';
import { isCanonicalName } from '../../crypto/account/username.ts';
import { fromHex, toHex } from '../../crypto/bytes.ts';
import { ChatError, UsageError } from '../../crypto/errors.ts';
import { Secret } from '../../crypto/secret.ts';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { formatEndpoint, parseEndpoint, type RelayEndpoint } from './endpoint.ts';
import { MAX_INVITE_CODE_CHARACTERS, MAX_URI_CHARACTERS } from './limits.ts';

export interface RelayAddress extends RelayEndpoint {
  /** SHA-256 of the relay's root key, 32 bytes; absent when the first connection is to learn it. */
  readonly fingerprint?: Uint8Array;
}

export type ChatUri =
  | { readonly kind: 'relay'; readonly relay: RelayAddress }
  | { readonly kind: 'invitation'; readonly relay: RelayAddress; readonly code: string }
  | {
      readonly kind: 'person';
      readonly relay: RelayAddress;
      /** In canonical form. */
      readonly name: string;
      /** 32 bytes: lets its holder send a request and fetch records and keys. */
      readonly capability: Secret<'Capability'>;
      readonly account: AccountId;
    }
  | {
      readonly kind: 'group';
      readonly relay: RelayAddress;
      /** 32 bytes. */
      readonly group: Uint8Array;
      /** 32 bytes: locator and key of the invitation are derived from it. */
      readonly groupSecret: Secret<'GroupSecret'>;
    };

const SCHEME = 'ic://';
const FINGERPRINT = /^[0-9a-f]{64}$/i;
const INVITE_CODE = /^[A-Za-z0-9_-]+$/;
const TOKEN_BYTES = 32;

/** @returns the one spelling that `parseUri` and people see. */
export function formatUri(uri: ChatUri): string {
  const relay = formatRelay(uri.relay);
  switch (uri.kind) {
    case 'relay':
      return relay;
    case 'invitation':
      return `${relay}/i/${uri.code}`;
    case 'person': {
      const capability = toBase64Url(uri.capability.expose());
      return `${relay}/u/${encodeURIComponent(uri.name)}#${capability}.${formatAccountId(uri.account)}`;
    }
    case 'group':
      return `${relay}/g/${toBase64Url(uri.group)}#${toBase64Url(uri.groupSecret.expose())}`;
  }
}

/**
 * Reads an address as somebody pasted it; surrounding white space and one trailing slash are ignored.
 * @throws UsageError `bad-uri`; the text never holds any part of the address, which may be secret.
 */
export function parseUri(text: string): ChatUri {
  const trimmed = text.trim();
  if (trimmed.length > MAX_URI_CHARACTERS) throw badUri('it is too long');
  if (!trimmed.toLowerCase().startsWith(SCHEME)) throw badUri('it does not begin with ic://');
  const [address, fragment, ...more] = trimmed.slice(SCHEME.length).split('#');
  if (address === undefined || more.length > 0) throw badUri('it has more than one #');
  const [authority = '', form, value, ...rest] = address.replace(/\/$/, '').split('/');
  if (rest.length > 0) throw badUri('it has too many parts');
  const relay = parseRelay(authority);
  if (form === undefined) {
    if (fragment !== undefined) throw badUri('nothing is expected after #');
    return { kind: 'relay', relay };
  }
  if (value === undefined || value === '') throw badUri('it is cut off');
  try {
    return parseForm(relay, form, value, fragment);
  } catch (cause) {
    if (cause instanceof UsageError || !(cause instanceof ChatError)) throw cause;
    throw badUri('one of its parts is mistyped or cut off', cause);
  }
}

function parseForm(relay: RelayAddress, form: string, value: string, fragment: string | undefined): ChatUri {
  switch (form) {
    case 'i':
      if (fragment !== undefined) throw badUri('nothing is expected after #');
      if (!INVITE_CODE.test(value) || value.length > MAX_INVITE_CODE_CHARACTERS) {
        throw badUri('the invitation code is mistyped or cut off');
      }
      return { kind: 'invitation', relay, code: value };
    case 'u': {
      const [capability, account, ...rest] = (fragment ?? '').split('.');
      if (capability === undefined || account === undefined || rest.length > 0) {
        throw badUri('the part after # is cut off');
      }
      return {
        kind: 'person',
        relay,
        name: parseName(value),
        capability: new Secret('Capability', parseToken(capability)),
        account: parseAccountIdText(account),
      };
    }
    case 'g':
      if (fragment === undefined) throw badUri('the part after # is cut off');
      return {
        kind: 'group',
        relay,
        group: parseToken(value),
        groupSecret: new Secret('GroupSecret', parseToken(fragment)),
      };
    default:
      throw badUri('its kind is unknown; a newer version may know it');
  }
}

function formatRelay(relay: RelayAddress): string {
  const pin = relay.fingerprint === undefined ? '' : `${toHex(relay.fingerprint)}@`;
  return `${SCHEME}${pin}${formatEndpoint(relay)}`;
}

function parseRelay(authority: string): RelayAddress {
  const at = authority.indexOf('@');
  if (at < 0) return parseEndpoint(authority);
  const fingerprint = authority.slice(0, at);
  if (!FINGERPRINT.test(fingerprint)) throw badUri('the fingerprint before @ is not 64 hex digits');
  return { fingerprint: fromHex(fingerprint), ...parseEndpoint(authority.slice(at + 1)) };
}

function parseName(value: string): string {
  let name: string;
  try {
    name = decodeURIComponent(value);
  } catch (cause) {
    throw badUri('the name is mistyped', cause);
  }
  if (!isCanonicalName(name)) throw badUri('the name is not a user name');
  return name;
}

function parseToken(text: string): Uint8Array {
  const bytes = fromBase64Url(text);
  if (bytes.length !== TOKEN_BYTES) throw badUri('one of its parts is cut off');
  return bytes;
}

function badUri(why: string, cause?: unknown): UsageError {
  return new UsageError('bad-uri', `not an ic:// address: ${why}`, { cause });
}
