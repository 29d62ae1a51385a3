/**
 * Late encryption: a content becomes ciphertext in the very step that hands it to the relay, when the link is
 * up, the key is trusted and the devices are known. From then on the same bytes are repeated under the same
 * envelope id until the relay says that they are durable.
 */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { toHex, utf8 } from '../../crypto/bytes.ts';
import { BugError, ChatError } from '../../crypto/errors.ts';
import { accountName, makeAddress } from '../../crypto/keys/address.ts';
import { equalPublicKeys } from '../../crypto/keys/keys.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import type { Secret } from '../../crypto/secret.ts';
import { encryptMessage } from '../../crypto/session/encrypt.ts';
import { hasUsableSession } from '../../crypto/session/record.ts';
import { CAPABILITY_KIND, ENVELOPE_KIND } from '../../relay/protocol/operations.ts';
import { contentHash, encodeContent, type OutgoingContent } from '../wire/content.ts';
import type { ContentBody } from '../wire/content-kinds.ts';
import { conversationId, recordsThatFit } from '../wire/conversation.ts';
import { encodeUnsealedEnvelope } from '../wire/envelope.ts';
import { MAX_REQUEST_TEXT_BYTES } from '../wire/limits.ts';
import { padContent } from '../wire/padding.ts';
import { bestCapability, capabilityFor } from './capabilities.ts';
import { changeConversation, openConversation } from './history.ts';
import type { LinkName } from './input.ts';
import { headOf, putOutbox } from './outbox.ts';
import { fail, refreshHolds } from './outbox-state.ts';
import { localParty, ownAccount } from './state.ts';
import { deviceKey } from './tables/define.ts';
import { chainsTable, type PeerDevice, type PeerRow, peersTable, sessionsTable } from './tables/people.ts';
import { copiesTable, historyLog, type OutboxRow } from './tables/talk.ts';
import type { View } from './tables.ts';
import { ask, canAsk } from './traffic.ts';
import type { Transaction } from './transaction.ts';
import { holdReason } from './trust.ts';

const ENVELOPE_ID_BYTES = 16;
export const DELIVER_TAG = 'deliver/';
export const BUNDLES_TAG = 'bundles/';

/** By which link, and with whose permission, a content goes out. */
interface Route {
  readonly link: LinkName;
  readonly capability: Secret<'Capability'> | undefined;
  /** Only a request may go this way: the other side has not accepted, or has to be asked again. */
  readonly asRequest: boolean;
}

/** Sends the next content of this account as far as it can go now. */
export function release(tx: Transaction, account: AccountId): void {
  for (let row = headOf(tx, account); row !== undefined; row = headOf(tx, account)) {
    if (!releaseHead(tx, row)) return;
  }
}

/** @returns whether the row is gone, so that the next one may be tried. */
function releaseHead(tx: Transaction, row: OutboxRow): boolean {
  const { account } = row;
  const peer = tx.get(peersTable, account);
  if (peer === undefined) return false;
  const route = routeTo(tx, account);
  const hopeless = whyHopeless(row, route);
  if (hopeless !== undefined) {
    fail(tx, row, hopeless);
    return true;
  }
  const tag = `${DELIVER_TAG}${toHex(account)}`;
  if (!canAsk(tx, route.link, tag, tx.nowMs)) return false;
  const pending = peer.devices.filter(({ id }) => !row.devices.includes(id));
  if (pending.length === 0) {
    deliver(tx, row, peer, route);
    return false;
  }
  // From here on something would be encrypted; a hold comes before everything else.
  const hold = holdReason(tx, account);
  if (hold !== undefined) {
    if (row.state !== 'held' || row.reason !== hold) refreshHolds(tx, account);
    return false;
  }
  const strangers = pending.filter((device) => !hasSession(tx, account, device));
  if (strangers.length > 0) {
    askForBundles(tx, peer, route, strangers);
    return false;
  }
  return encryptAndDeliver(tx, row, peer, route, pending);
}

/** @returns whether the row is gone because nothing will ever make it go out. */
function encryptAndDeliver(
  tx: Transaction,
  row: OutboxRow,
  peer: PeerRow,
  route: Route,
  devices: readonly PeerDevice[],
): boolean {
  try {
    tx.attempt((inner) => {
      const finished = finishContent(inner, row, route);
      if (finished !== undefined) deliver(inner, encryptFor(inner, finished, devices), peer, route);
    });
    return false;
  } catch (error) {
    // One content that cannot be encrypted must not keep everything else from going out.
    fail(tx, row, error instanceof ChatError ? error.code : 'internal');
    return true;
  }
}

function whyHopeless(row: OutboxRow, route: Route): string | undefined {
  // A receipt is worth less than what the relay would learn from a signed-in delivery.
  if (row.kind === 'receipt' && route.capability === undefined) return 'no-capability';
  const isTooLong = row.kind === 'text' && route.asRequest && sizeOf(row) > MAX_REQUEST_TEXT_BYTES;
  return isTooLong && row.devices.length === 0 ? 'too-long-for-request' : undefined;
}

function sizeOf(row: OutboxRow): number {
  return utf8(row.text ?? '').length;
}

export function routeTo(view: View, account: AccountId): Route {
  const held = bestCapability(view, account);
  if (held === undefined) return { link: 'home', capability: undefined, asRequest: true };
  const asRequest = held.kind !== CAPABILITY_KIND.contact;
  return { link: 'anonymous', capability: held.capability, asRequest };
}

export function withCapability(route: Pick<Route, 'capability'>): { readonly capability?: Uint8Array } {
  // A copy: the box may be wiped before the request is on the wire.
  return route.capability === undefined ? {} : { capability: route.capability.expose().slice() };
}

export function aboutCapability(route: Pick<Route, 'capability'>): { readonly capabilityHash?: Uint8Array } {
  return route.capability === undefined ? {} : { capabilityHash: sha256(route.capability.expose()) };
}

function askForBundles(tx: Transaction, peer: PeerRow, route: Route, devices: readonly PeerDevice[]): void {
  ask(tx, {
    link: route.link,
    tag: `${BUNDLES_TAG}${toHex(peer.accountId)}`,
    operation: 'fetchBundles',
    request: { account: peer.accountId, ...withCapability(route), devices: devices.map(({ id }) => id) },
    about: aboutCapability(route),
  });
}

function deliver(tx: Transaction, row: OutboxRow, peer: PeerRow, route: Route): void {
  const { envelopeId } = row;
  if (envelopeId === undefined) throw new BugError('bug', 'a content was encrypted without an envelope');
  const devices = peer.devices.flatMap(({ id, registrationId }) => {
    const copy = tx.get(copiesTable, deviceKey(row.id, id));
    return copy === undefined ? [] : [{ device: id, registrationId, bytes: copy.bytes }];
  });
  ask(tx, {
    link: route.link,
    tag: `${DELIVER_TAG}${toHex(row.account)}`,
    operation: 'deliver',
    request: {
      account: row.account,
      ...withCapability(route),
      recordSequence: peer.sequence,
      envelopeId,
      kind: ENVELOPE_KIND.unsealed,
      devices,
    },
    about: { id: row.id, sequence: peer.sequence, ...aboutCapability(route) },
  });
}

/** The content bytes with counter and hash, made once; undefined while there is no capability to hand out. */
function finishContent(tx: Transaction, row: OutboxRow, route: Route): OutboxRow | undefined {
  const contentKind = row.kind === 'text' && route.asRequest ? 'request' : row.kind;
  // A text that went unanswered over a capability of old is asked again, in the place it already has.
  const isFinal = row.content !== undefined && (contentKind !== 'request' || row.contentKind === 'request');
  if (isFinal) return withEnvelopeId(tx, row);
  const body = bodyOf(tx, row, contentKind);
  if (body === undefined) return undefined;
  const { conversation, outCounter, outHash } = openConversation(tx, row.account);
  const isLinked = row.kind === 'text';
  const counter = row.counter ?? outCounter;
  const prevHash = row.prevHash ?? outHash;
  const { accountId, device, sequence } = ownAccount(tx);
  const content: OutgoingContent = {
    id: row.id,
    conversation: conversationId(accountId, row.account),
    sender: { account: accountId, device },
    recipient: { kind: 'account', account: row.account },
    sentMs: row.queuedMs,
    recordSequence: sequence,
    ...(isLinked ? { link: { counter, prevHash } } : {}),
    body,
  };
  const encoded = encodeContent(content);
  const finished: OutboxRow = {
    ...withEnvelopeId(tx, row),
    content: encoded,
    contentKind,
    ...(isLinked ? { counter, prevHash } : {}),
  };
  putOutbox(tx, finished);
  if (!isLinked) return finished;
  // An old content that is sent again keeps its place; only the newest one says where the chain stands.
  if (counter + 1 >= outCounter) {
    changeConversation(tx, conversation, { outCounter: counter + 1, outHash: contentHash(encoded) });
  }
  keepExactBytes(tx, conversation, finished, encoded);
  return finished;
}

function withEnvelopeId(tx: Transaction, row: OutboxRow): OutboxRow {
  return row.envelopeId === undefined ? { ...row, envelopeId: tx.random.draw('id', ENVELOPE_ID_BYTES) } : row;
}

function bodyOf(
  tx: Transaction,
  row: OutboxRow,
  contentKind: NonNullable<OutboxRow['contentKind']>,
): ContentBody | undefined {
  switch (contentKind) {
    case 'text':
      return { kind: 'text', text: row.text ?? '', ...(row.promptReceipt ? { wantReceipt: true } : {}) };
    case 'receipt':
      return { kind: 'receipt', ids: row.receiptIds };
    case 'request':
    case 'accept': {
      const capability = capabilityFor(tx, row.account)?.expose();
      if (capability === undefined) return undefined;
      const records = recordsThatFit(tx.get(chainsTable, ownAccount(tx).accountId)?.records ?? []);
      return contentKind === 'accept'
        ? { kind: 'accept', capability, records }
        : { kind: 'request', records, capability, text: row.text ?? '' };
    }
  }
}

function keepExactBytes(
  tx: Transaction,
  conversation: Uint8Array,
  row: OutboxRow,
  content: Uint8Array,
): void {
  const line = row.place === undefined ? undefined : tx.at(historyLog, conversation, row.place);
  if (row.place === undefined || line === undefined) return;
  const { text: _, ...rest } = line;
  tx.putAt(historyLog, conversation, row.place, { ...rest, content });
}

function encryptFor(tx: Transaction, row: OutboxRow, devices: readonly PeerDevice[]): OutboxRow {
  const local = localParty(tx);
  const plaintext = padContent(row.content ?? new Uint8Array(0));
  for (const { id, registrationId } of devices) {
    const key = deviceKey(row.account, id);
    const remote = makeAddress(accountName(row.account), id);
    const record = tx.get(sessionsTable, key);
    const { state, output, spent } = encryptMessage(
      { record, local, remote, plaintext, nowMs: tx.nowMs },
      tx.random,
    );
    tx.put(sessionsTable, key, state);
    tx.spend(...spent);
    const { accountId, device } = ownAccount(tx);
    const bytes = encodeUnsealedEnvelope({
      type: output.type,
      account: accountId,
      device,
      ciphertext: output.bytes,
    });
    tx.put(copiesTable, deviceKey(row.id, id), { registrationId, bytes });
  }
  const encrypted: OutboxRow = { ...row, devices: [...row.devices, ...devices.map(({ id }) => id)] };
  putOutbox(tx, encrypted);
  return encrypted;
}

/** Whether contents for this device can be encrypted now, with the key that its record lists. */
export function hasSession(tx: Transaction, account: AccountId, device: PeerDevice): boolean {
  const record = tx.get(sessionsTable, deviceKey(account, device.id));
  if (record?.current === undefined || !hasUsableSession(record, tx.nowMs)) return false;
  return equalPublicKeys(record.current.remoteIdentityKey, device.identityKey);
}
