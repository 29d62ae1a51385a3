/** Queries about people and their keys. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { keyFingerprint } from '../../crypto/account/challenge.ts';
import { equalBytes, toHex } from '../../crypto/bytes.ts';
import { conversationWith } from './history.ts';
import { displayName, knownPerson, notFound } from './names.ts';
import type { ContactView, FingerprintView, IdentityView, RequestView } from './queries.ts';
import { ownAccount } from './state.ts';
import { contactsTable, identitiesTable, peersTable, trustTable } from './tables/people.ts';
import type { View } from './tables.ts';
import { trustState } from './trust.ts';
import { accountText, contactView, requestView } from './views.ts';

/** Everybody who is a contact or was written to, by name; requests without an answer are a list of their own. */
export function listContacts(view: View): readonly ContactView[] {
  const rows = [...view.list(contactsTable)].map(([, row]) => row);
  return rows
    .filter(
      ({ state, removed, blocked }) => !removed && (blocked || state === 'accepted' || state === 'requested'),
    )
    .map((row) => contactView(view, row))
    .sort(byName);
}

export function oneContact(view: View, who: string): ContactView {
  const row = view.get(contactsTable, knownPerson(view, who));
  if (row === undefined) throw notFound();
  return contactView(view, row);
}

/** Oldest first. */
export function listRequests(view: View): readonly RequestView[] {
  const requests: RequestView[] = [];
  for (const [, { accountId, state, blocked, removed }] of view.list(contactsTable)) {
    if (state !== 'incoming' || blocked || removed) continue;
    const conversation = conversationWith(view, accountId);
    if (conversation !== undefined) requests.push(requestView(view, conversation));
  }
  return requests.sort((a, b) => a.receivedMs - b.receivedMs || byName(a, b));
}

/** Without a name: the own account. */
export function fingerprint(view: View, who: string | undefined): FingerprintView {
  const own = ownAccount(view);
  if (who === undefined) {
    return {
      name: own.username,
      account: accountText(own.accountId),
      fingerprint: toHex(keyFingerprint(own.rootKey)),
    };
  }
  const account = knownPerson(view, who);
  const peer = view.get(peersTable, account);
  if (peer === undefined) throw notFound();
  return {
    name: displayName(view, account),
    account: accountText(account),
    number: peer.safetyNumber,
    fingerprint: toHex(keyFingerprint(peer.rootKey)),
    trust: trustState(view, account),
  };
}

/** Every root key that was seen, oldest first; without a name of everybody. */
export function identities(view: View, who: string | undefined): readonly IdentityView[] {
  if (who !== undefined) return identitiesOf(view, knownPerson(view, who));
  const all: IdentityView[] = [];
  for (const [, { accountId, removed }] of view.list(contactsTable)) {
    if (!removed) all.push(...identitiesOf(view, accountId));
  }
  return all.sort((a, b) => byName(a, b) || a.sinceMs - b.sinceMs);
}

function identitiesOf(view: View, account: AccountId): readonly IdentityView[] {
  const current = view.get(peersTable, account)?.rootKey;
  const verified = view.get(trustTable, account)?.verifiedRootKey;
  return (view.get(identitiesTable, account)?.entries ?? []).map(({ rootKey, sinceMs }) => {
    const isCurrent = current !== undefined && equalBytes(rootKey, current);
    const wasVerified = verified !== undefined && equalBytes(rootKey, verified);
    return {
      account: accountText(account),
      name: displayName(view, account),
      fingerprint: toHex(keyFingerprint(rootKey)),
      current: isCurrent,
      trust: isCurrent ? trustState(view, account) : wasVerified ? 'verified' : 'unverified',
      sinceMs,
    };
  });
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
