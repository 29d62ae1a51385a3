/** What people are called here, and who is meant by a name. */

import { type AccountId, formatAccountId, parseAccountIdText } from '../../crypto/account/account-id.ts';
import { foldName } from '../../crypto/account/username.ts';
import { toHex, utf8 } from '../../crypto/bytes.ts';
import { ChatError, UsageError } from '../../crypto/errors.ts';
import { parseUri } from '../wire/uri.ts';
import { LOCAL_NAME_MAX_BYTES, LOCAL_NAME_MAX_CHARACTERS } from './limits.ts';
import { ownAccount } from './state.ts';
import { type ContactRow, contactsTable, peersTable } from './tables/people.ts';
import type { View } from './tables.ts';

const SCHEME = /^\s*ic:\/\//i;
/** What tells two people of one name apart: the beginning of the account id. */
const SUFFIX_DIGITS = 8;

export function isAddress(who: string): boolean {
  return SCHEME.test(who);
}

/**
 * The local name, else the name on the relay; the latter with a suffix when somebody else here was called so
 * before, so that nobody slips into a name the user gave, and no relay puts a second bob beside the first.
 */
export function displayName(view: View, account: AccountId): string {
  const localName = view.get(contactsTable, account)?.localName;
  if (localName !== undefined) return localName;
  const username = view.get(peersTable, account)?.username ?? formatAccountId(account);
  return belongsToOther(view, account, username) ? withSuffix(username, account) : username;
}

/** The contact that a name, an address or an account id means; undefined when nobody here is called so. */
export function findPerson(view: View, who: string): AccountId | undefined {
  if (isAddress(who)) {
    const uri = parseUri(who);
    if (uri.kind !== 'person') throw new UsageError('bad-uri', 'this address is not that of a person');
    return view.get(contactsTable, uri.account) === undefined ? undefined : uri.account;
  }
  const id = readAccountId(who);
  if (id !== undefined) return view.get(contactsTable, id) === undefined ? undefined : id;
  const contacts = [...view.list(contactsTable)].map(([, contact]) => contact);
  const byLocalName = contacts.find(({ localName }) => localName !== undefined && sameName(localName, who));
  if (byLocalName !== undefined) return byLocalName.accountId;
  const called = contacts.filter((contact) => isCalled(view, contact, who));
  return (called.find(({ accountId }) => sameName(displayName(view, accountId), who)) ?? called[0])
    ?.accountId;
}

/** @throws UsageError `not-found`. */
export function knownPerson(view: View, who: string): AccountId {
  const account = findPerson(view, who);
  if (account === undefined) throw notFound();
  return account;
}

export function notFound(): UsageError {
  return new UsageError('not-found', 'nobody of this name is known here');
}

/**
 * Checks a name that the user gives to a contact.
 * @throws UsageError `bad-name`, `name-in-use`.
 */
export function checkLocalName(view: View, account: AccountId, name: string): string {
  const trimmed = name.trim().normalize('NFC');
  const fits =
    [...trimmed].length <= LOCAL_NAME_MAX_CHARACTERS && utf8(trimmed).length <= LOCAL_NAME_MAX_BYTES;
  // An account id is always taken for one, so nobody could be found under such a name.
  const isId = readAccountId(trimmed) !== undefined;
  if (trimmed === '' || !fits || isId || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}#@:/]/u.test(trimmed)) {
    throw new UsageError(
      'bad-name',
      `a name has 1 to ${LOCAL_NAME_MAX_CHARACTERS} visible characters, none of # @ : /`,
    );
  }
  const holder = findPerson(view, trimmed);
  const isOwn = sameName(trimmed, ownAccount(view).username);
  if (isOwn || (holder !== undefined && toHex(holder) !== toHex(account))) {
    throw new UsageError('name-in-use', 'another contact is called so');
  }
  return trimmed;
}

function isCalled(view: View, contact: ContactRow, who: string): boolean {
  if (contact.removed) return false;
  const username = view.get(peersTable, contact.accountId)?.username;
  if (username === undefined) return false;
  return sameName(username, who) || withSuffix(username, contact.accountId) === who;
}

function belongsToOther(view: View, account: AccountId, username: string): boolean {
  const own = view.get(contactsTable, account);
  for (const [, other] of view.list(contactsTable)) {
    if (toHex(other.accountId) === toHex(account)) continue;
    if (other.localName !== undefined && sameName(other.localName, username)) return true;
    const name = view.get(peersTable, other.accountId)?.username;
    const wasFirst = own === undefined || isEarlier(other, own);
    if (!other.removed && wasFirst && name !== undefined && sameName(name, username)) return true;
  }
  return false;
}

function isEarlier(a: ContactRow, b: ContactRow): boolean {
  return a.addedMs === b.addedMs ? toHex(a.accountId) < toHex(b.accountId) : a.addedMs < b.addedMs;
}

function withSuffix(username: string, account: AccountId): string {
  return `${username}#${toHex(account).slice(0, SUFFIX_DIGITS)}`;
}

/** Names are compared as the relay folds them; what is no user name is compared without case. */
function sameName(a: string, b: string): boolean {
  return foldLoosely(a) === foldLoosely(b);
}

/** Folding goes character by character, and every shown line compares names. */
const FOLDED_MAX = 4_096;
const foldedNames = new Map<string, string>();

function foldLoosely(name: string): string {
  const known = foldedNames.get(name);
  if (known !== undefined) return known;
  const folded = computeFolded(name);
  if (foldedNames.size >= FOLDED_MAX) foldedNames.clear();
  foldedNames.set(name, folded);
  return folded;
}

function computeFolded(name: string): string {
  try {
    return foldName(name);
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    return name.normalize('NFKC').toLowerCase();
  }
}

function readAccountId(text: string): AccountId | undefined {
  try {
    return parseAccountIdText(text);
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    return undefined;
  }
}
