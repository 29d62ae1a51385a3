/** Whose keys may be written to, and what the user has compared. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { keyFingerprint } from '../../crypto/account/challenge.ts';
import { equalBytes, toHex } from '../../crypto/bytes.ts';
import { TrustError } from '../../crypto/errors.ts';
import type { PublicKey } from '../../crypto/keys/keys.ts';
import { displayName } from './names.ts';
import type { TrustState } from './queries.ts';
import { nextStamp } from './state.ts';
import { contactsTable, peersTable, type TrustRow, trustTable } from './tables/people.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';

/** Why nothing may be encrypted to an account now. */
export type HoldReason = 'identity-changed' | 'identity-unknown' | 'distrusted' | 'blocked';

export function trustState(view: View, account: AccountId): TrustState {
  const trust = view.get(trustTable, account);
  const rootKey = view.get(peersTable, account)?.rootKey;
  if (trust === undefined || rootKey === undefined) return 'unverified';
  if (trust.trustedRootKey !== undefined && !equalBytes(trust.trustedRootKey, rootKey)) return 'key changed';
  return isVerified(trust, rootKey) ? 'verified' : 'unverified';
}

/** Undefined: contents may be released. */
export function holdReason(view: View, account: AccountId): HoldReason | undefined {
  if (view.get(contactsTable, account)?.blocked === true) return 'blocked';
  const trust = view.get(trustTable, account);
  const rootKey = view.get(peersTable, account)?.rootKey;
  if (trust === undefined || rootKey === undefined) return 'identity-unknown';
  if (trust.distrusted) return 'distrusted';
  if (trust.trustedRootKey === undefined) return 'identity-unknown';
  return equalBytes(trust.trustedRootKey, rootKey) ? undefined : 'identity-changed';
}

/** The first key seen of an account; `hold` when the user wants to be asked even then. */
export function trustFirstKey(tx: Transaction, account: AccountId, rootKey: PublicKey): void {
  tx.put(trustTable, account, {
    trustedRootKey: rootKey,
    distrusted: false,
    firstUse: true,
    stamp: nextStamp(tx),
  });
}

/** Nothing goes out to a key that is trusted for no other reason than being the first. */
export function withholdFirstUse(tx: Transaction, account: AccountId): void {
  const trust = tx.get(trustTable, account);
  if (trust === undefined || !trust.firstUse) return;
  const { trustedRootKey: _, ...rest } = trust;
  tx.put(trustTable, account, { ...rest, stamp: nextStamp(tx) });
}

/** The old root signed for the new one: whatever was decided about the old one holds for it. */
export function followSignedChange(
  tx: Transaction,
  account: AccountId,
  change: { readonly from: PublicKey; readonly to: PublicKey },
): void {
  const trust = tx.get(trustTable, account);
  if (trust === undefined) return;
  const { trustedRootKey, verifiedRootKey, ...rest } = trust;
  tx.put(trustTable, account, {
    ...rest,
    ...present('trustedRootKey', follow(trustedRootKey, change)),
    ...present('verifiedRootKey', follow(verifiedRootKey, change)),
    stamp: nextStamp(tx),
  });
}

/** Marks the present key as compared. */
export function markVerified(tx: Transaction, account: AccountId): void {
  const { rootKey } = peerOf(tx, account);
  tx.put(trustTable, account, {
    trustedRootKey: rootKey,
    verifiedRootKey: rootKey,
    distrusted: false,
    firstUse: false,
    stamp: nextStamp(tx),
  });
}

export function clearVerified(tx: Transaction, account: AccountId): void {
  const trust = tx.get(trustTable, account);
  if (trust === undefined) return;
  const { verifiedRootKey: _, ...rest } = trust;
  tx.put(trustTable, account, { ...rest, stamp: nextStamp(tx) });
}

/**
 * Lets contents go out to the present key without a comparison.
 * @param fingerprint - 64 hex digits of the key that is meant; needed for a contact that was verified before.
 * @throws TrustError `identity-changed` where a comparison is needed, `fingerprint-mismatch`.
 */
export function trustPresentKey(tx: Transaction, account: AccountId, fingerprint?: string): void {
  const { rootKey } = peerOf(tx, account);
  const trust = tx.get(trustTable, account);
  if (fingerprint !== undefined && fingerprint.toLowerCase() !== toHex(keyFingerprint(rootKey))) {
    throw new TrustError('fingerprint-mismatch', 'the key of this contact has another fingerprint');
  }
  if (fingerprint === undefined && wasVerified(trust) && trustState(tx, account) === 'key changed') {
    throw identityChanged(displayName(tx, account));
  }
  const stays = trust?.verifiedRootKey !== undefined && equalBytes(trust.verifiedRootKey, rootKey);
  tx.put(trustTable, account, {
    trustedRootKey: rootKey,
    ...(stays ? { verifiedRootKey: rootKey } : {}),
    distrusted: false,
    firstUse: false,
    stamp: nextStamp(tx),
  });
}

export function distrust(tx: Transaction, account: AccountId): void {
  const trust = tx.get(trustTable, account);
  if (trust === undefined) return;
  const { verifiedRootKey, ...rest } = trust;
  // A compared key that has changed since is remembered: writing to the new one still takes a comparison.
  const kept = trustState(tx, account) === 'key changed' ? present('verifiedRootKey', verifiedRootKey) : {};
  tx.put(trustTable, account, { ...rest, ...kept, distrusted: true, stamp: nextStamp(tx) });
}

export function wasVerified(trust: TrustRow | undefined): boolean {
  return trust?.verifiedRootKey !== undefined;
}

/** A verified contact has another key: only a comparison releases what waits. */
export function identityChanged(name: string): TrustError {
  return new TrustError('identity-changed', 'the identity key of this contact has changed', {
    hints: [`intechat verify ${name}`, `intechat identities ${name}`],
  });
}

function isVerified(trust: TrustRow, rootKey: PublicKey): boolean {
  return trust.verifiedRootKey !== undefined && equalBytes(trust.verifiedRootKey, rootKey);
}

function peerOf(view: View, account: AccountId): { readonly rootKey: PublicKey } {
  const peer = view.get(peersTable, account);
  if (peer === undefined) throw new TrustError('identity-unknown', 'no key of this account is known');
  return peer;
}

function follow(
  key: PublicKey | undefined,
  change: { readonly from: PublicKey; readonly to: PublicKey },
): PublicKey | undefined {
  return key !== undefined && equalBytes(key, change.from) ? change.to : key;
}

function present<Name extends string>(
  name: Name,
  key: PublicKey | undefined,
): { [N in Name]?: PublicKey } | undefined {
  return key === undefined ? undefined : ({ [name]: key } as { [N in Name]?: PublicKey });
}
