/** First contact from the receiving side: what a stranger may do, and what becomes of it. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { utf8 } from '../../crypto/bytes.ts';
import { ProtocolError } from '../../crypto/errors.ts';
import { equalPublicKeys } from '../../crypto/keys/keys.ts';
import type { ContentLink } from '../wire/content.ts';
import type { BodyOf } from '../wire/content-kinds.ts';
import { holdCapability } from './capabilities.ts';
import { addContact, changeContact, contactOf } from './contacts.ts';
import { conversationWith } from './history.ts';
import { type Mail, type Opened, readContent } from './inbox.ts';
import {
  ACCEPT_AGAIN_AFTER_MS,
  REQUEST_CONTENTS_MAX,
  REQUEST_LINES_MAX,
  REQUEST_TEXT_MAX_BYTES,
  REQUEST_WINDOW_MS,
  REQUESTS_MAX,
} from './limits.ts';
import { arrive, type Incoming, skipDropped } from './ordering.ts';
import { queueAccept } from './outbox.ts';
import { addPeer, extendPeer, listedDevice } from './peers.ts';
import { acceptContact, dropHidden, markAccepted } from './requests.ts';
import { countDropped, settingsOf } from './state.ts';
import { contactsTable, heldTable, peersTable, type Spent } from './tables/people.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';
import { requestView } from './views.ts';

/** Whether a first contact is looked at; refusing it costs neither a decryption nor a one-time key. */
export function takesStrangers(view: View): boolean {
  if (settingsOf(view).acceptFrom === 'nobody') return false;
  let waiting = 0;
  for (const [, { state, blocked, removed }] of view.list(contactsTable)) {
    // Only what the user sees in the list of requests takes one of its places.
    if (state === 'incoming' && !blocked && !removed) waiting++;
  }
  return waiting < REQUESTS_MAX;
}

/**
 * Takes a request of somebody unknown. The session is kept only if the records in the content hash to the
 * account that the envelope names and list the key of the session.
 * @throws ChatError where anything of that is not so; nothing is kept then.
 */
export function takeStranger(tx: Transaction, mail: Mail, opened: Opened): void {
  const incoming = readContent(tx, mail, opened);
  const { account, device, content } = incoming;
  if (content.body.kind !== 'request' || content.recipient.kind !== 'account') {
    throw new ProtocolError('not-a-request', 'a stranger sent something else than a request');
  }
  addPeer(tx, content.body.records, account);
  const listed = listedDevice(tx, account, device);
  if (listed === undefined || !equalPublicKeys(listed, opened.identityKey)) {
    throw new ProtocolError('unlisted-device', 'the records of a request do not list its device');
  }
  opened.commit(tx);
  addContact(tx, account, 'incoming');
  takeRequest(tx, incoming, content.body);
}

/** Takes a request of a known account, whatever we are to each other. */
export function takeRequest(tx: Transaction, incoming: Incoming, body: BodyOf<'request'>): void {
  const { account, device, content } = incoming;
  const { link } = content;
  if (link === undefined) throw new ProtocolError('bad-content-link', 'a request has a counter');
  takeRecords(tx, account, body.records);
  const before = contactOf(tx, account);
  if (before.removed && !takesStrangers(tx)) {
    skipDropped(tx, account, device);
    countDropped(tx);
    return;
  }
  const contact = before.removed ? changeContact(tx, account, { ...NEW_REQUEST, addedMs: tx.nowMs }) : before;
  switch (contact.state) {
    case 'incoming':
      takeAnotherRequest(tx, incoming, link, body);
      return;
    case 'requested':
      // Both wrote first: that is an answer to both.
      holdCapability(tx, account, body.capability);
      markAccepted(tx, account);
      queueAccept(tx, account);
      arrive(tx, incoming, link);
      return;
    case 'accepted':
      answerAgain(tx, account, body.capability);
      arrive(tx, incoming, link);
      return;
    case 'rejected':
      skipDropped(tx, account, device);
      countDropped(tx);
      return;
  }
}

const NEW_REQUEST = { removed: false, state: 'incoming', received: [], sent: [], written: false } as const;

function takeAnotherRequest(
  tx: Transaction,
  incoming: Incoming,
  link: ContentLink,
  body: BodyOf<'request'>,
): void {
  const { account, device } = incoming;
  const received = withinWindow(contactOf(tx, account).received, tx.nowMs);
  const sizeBytes = utf8(body.text).length;
  if (exceeds(received, sizeBytes)) {
    skipDropped(tx, account, device);
    countDropped(tx);
    return;
  }
  changeContact(tx, account, { received: [...received, { atMs: tx.nowMs, sizeBytes }] });
  holdCapability(tx, account, body.capability);
  arrive(tx, incoming, link);
  dropHidden(tx, account, REQUEST_LINES_MAX);
  if (settingsOf(tx).acceptFrom === 'everyone') {
    acceptContact(tx, account);
    return;
  }
  const conversation = conversationWith(tx, account);
  if (conversation !== undefined) tx.event({ type: 'request', request: requestView(tx, conversation) });
}

/** What counts against the limit of an unanswered request. */
export function withinWindow(spent: readonly Spent[], nowMs: number): readonly Spent[] {
  return spent.filter(({ atMs }) => atMs > nowMs - REQUEST_WINDOW_MS);
}

/** Whether one more content of this size is too much before an answer. */
export function exceeds(spent: readonly Spent[], sizeBytes: number): boolean {
  const total = spent.reduce((sum, each) => sum + each.sizeBytes, sizeBytes);
  return spent.length >= REQUEST_CONTENTS_MAX || total > REQUEST_TEXT_MAX_BYTES;
}

/** An accepted contact asks again: it lost our capability, or its own was replaced. */
function answerAgain(tx: Transaction, account: AccountId, capability: Uint8Array): void {
  const before = tx.get(heldTable, account)?.entries.length ?? 0;
  holdCapability(tx, account, capability);
  const isNew = (tx.get(heldTable, account)?.entries.length ?? 0) !== before;
  const { answeredMs } = contactOf(tx, account);
  const isLongAgo = answeredMs === undefined || answeredMs <= tx.nowMs - ACCEPT_AGAIN_AFTER_MS;
  if (isNew || isLongAgo) queueAccept(tx, account);
}

function takeRecords(tx: Transaction, account: AccountId, records: readonly Uint8Array[]): void {
  const peer = tx.get(peersTable, account);
  if (peer !== undefined) extendPeer(tx, peer, records.slice(peer.sequence + 1));
}
