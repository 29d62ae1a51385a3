/** What the records of other accounts say. Every record that is kept was checked from record 0 on. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { type ChainVerdict, checkChain } from '../../crypto/account/check-chain.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { ProtocolError } from '../../crypto/errors.ts';
import type { PublicKey } from '../../crypto/keys/keys.ts';
import { recordSecrets } from '../../crypto/session/record.ts';
import { displayableFingerprint } from '../../crypto/trust/fingerprint.ts';
import { addNotice, conversationWith } from './history.ts';
import { IDENTITIES_MAX } from './limits.ts';
import { displayName } from './names.ts';
import { ownAccount } from './state.ts';
import { deviceKey } from './tables/define.ts';
import {
  chainsTable,
  contactsTable,
  fetchesTable,
  identitiesTable,
  type PeerRow,
  peersTable,
  sessionsTable,
} from './tables/people.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';
import { followSignedChange, trustFirstKey, trustState } from './trust.ts';
import { accountText } from './views.ts';

export type RecordNews = 'nothing' | 'signed' | 'reset';

/**
 * Checks the records of an account that is not known yet and keeps them.
 * @throws ProtocolError `bad-record-chain`, `other-relay`.
 */
export function addPeer(tx: Transaction, records: readonly Uint8Array[], expected?: AccountId): PeerRow {
  const verdict = checkChain(records, expected === undefined ? {} : { accountId: expected });
  const { relay } = ownAccount(tx);
  if (!equalBytes(verdict.current.relayFingerprint, relay.fingerprint)) {
    throw new ProtocolError('other-relay', 'the account belongs to another relay');
  }
  const known = tx.get(peersTable, verdict.accountId);
  if (known !== undefined) {
    extendPeer(tx, known, records.slice(known.sequence + 1));
    return tx.get(peersTable, verdict.accountId) ?? known;
  }
  const peer: PeerRow = { ...factsOf(tx, verdict), relay };
  tx.put(chainsTable, peer.accountId, { records });
  tx.put(peersTable, peer.accountId, peer);
  tx.put(identitiesTable, peer.accountId, {
    entries: [{ rootKey: peer.rootKey, sinceMs: tx.nowMs, signed: true }],
  });
  trustFirstKey(tx, peer.accountId, peer.rootKey);
  return peer;
}

/**
 * Continues what is known of an account with the records after `peer.sequence`.
 * @throws ProtocolError `bad-record-chain`; nothing changes then.
 */
export function extendPeer(tx: Transaction, peer: PeerRow, newer: readonly Uint8Array[]): RecordNews {
  if (newer.length === 0) return 'nothing';
  const { accountId } = peer;
  const records = [...(tx.get(chainsTable, accountId)?.records ?? []), ...newer];
  const known = { sequence: peer.sequence, hash: peer.hash };
  const verdict = checkChain(records, { accountId, known });
  const next: PeerRow = { ...factsOf(tx, verdict, peer), relay: peer.relay };
  tx.put(chainsTable, accountId, { records });
  tx.put(peersTable, accountId, next);
  dropUnlistedSessions(tx, peer, next);
  const news = verdict.kind === 'reset' ? 'reset' : 'signed';
  noteChange(tx, peer, next, news);
  return news;
}

/** Asks for the newest records; the chores send the request. */
export function wantRecords(tx: Transaction, account: AccountId): void {
  if (tx.get(fetchesTable, account) === undefined) tx.put(fetchesTable, account, { sinceMs: tx.nowMs });
  tx.want('records');
}

export function listedDevice(view: View, account: AccountId, device: number): PublicKey | undefined {
  return view.get(peersTable, account)?.devices.find(({ id }) => id === device)?.identityKey;
}

function factsOf(view: View, verdict: ChainVerdict, before?: PeerRow): Omit<PeerRow, 'relay'> {
  const { accountId, current, sequence, hash } = verdict;
  const sameRoot = before !== undefined && equalBytes(before.rootKey, current.rootKey);
  return {
    accountId,
    username: current.username,
    sequence,
    hash,
    rootKey: current.rootKey,
    devices: current.devices.map(({ id, registrationId, identityKey }) => ({
      id,
      registrationId,
      identityKey,
    })),
    safetyNumber: sameRoot ? before.safetyNumber : safetyNumber(view, accountId, current.rootKey),
  };
}

function safetyNumber(view: View, remoteId: AccountId, remoteKey: PublicKey): string {
  const { accountId: localId, rootKey: localKey } = ownAccount(view);
  return displayableFingerprint({ localId, localKey, remoteId, remoteKey });
}

function dropUnlistedSessions(tx: Transaction, before: PeerRow, after: PeerRow): void {
  for (const { id } of before.devices) {
    if (after.devices.some((device) => device.id === id)) continue;
    const key = deviceKey(before.accountId, id);
    const session = tx.get(sessionsTable, key);
    if (session === undefined) continue;
    tx.spend(...recordSecrets(session));
    tx.delete(sessionsTable, key);
  }
}

function noteChange(tx: Transaction, before: PeerRow, after: PeerRow, news: 'signed' | 'reset'): void {
  const { accountId } = before;
  const rootChanged = !equalBytes(before.rootKey, after.rootKey);
  if (rootChanged) {
    if (news === 'signed') followSignedChange(tx, accountId, { from: before.rootKey, to: after.rootKey });
    const entry = { rootKey: after.rootKey, sinceMs: tx.nowMs, signed: news === 'signed' };
    const entries = [...(tx.get(identitiesTable, accountId)?.entries ?? []), entry].slice(-IDENTITIES_MAX);
    tx.put(identitiesTable, accountId, { entries });
  }
  if (!rootChanged && sameDevices(before, after)) return;
  const conversation = conversationWith(tx, accountId);
  const state = tx.get(contactsTable, accountId)?.state;
  if (conversation !== undefined && (state === 'accepted' || state === 'requested')) {
    addNotice(tx, conversation.conversation, noticeOf(news, rootChanged));
  }
  if (!rootChanged) return;
  tx.event({
    type: 'trust',
    account: accountText(accountId),
    name: displayName(tx, accountId),
    trust: trustState(tx, accountId),
    signed: news === 'signed',
  });
}

function noticeOf(news: 'signed' | 'reset', rootChanged: boolean): string {
  if (news === 'reset') return 'identity-changed';
  return rootChanged ? 'key-changed' : 'devices-changed';
}

function sameDevices(a: PeerRow, b: PeerRow): boolean {
  return (
    a.devices.length === b.devices.length &&
    a.devices.every(({ id }) => b.devices.some((device) => device.id === id))
  );
}
