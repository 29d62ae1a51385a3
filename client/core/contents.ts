/** What each kind of content does, once it is known whose it is. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import type { BodyOf } from '../wire/content-kinds.ts';
import { holdCapability } from './capabilities.ts';
import { contactOf } from './contacts.ts';
import { arrive, type Incoming, skipDropped } from './ordering.ts';
import { extendPeer, wantRecords } from './peers.ts';
import { takeReceipt } from './receipts.ts';
import { markAccepted } from './requests.ts';
import { takeRequest } from './requests-in.ts';
import { countDropped } from './state.ts';
import { peersTable } from './tables/people.ts';
import type { Transaction } from './transaction.ts';

/** @throws ChatError for a content that no honest client sends. */
export function takeContent(tx: Transaction, incoming: Incoming): void {
  const { account, content } = incoming;
  // Groups come later; until then nobody can have a reason to send one of their contents.
  if (content.recipient.kind === 'group') {
    countDropped(tx);
    return;
  }
  const { body } = content;
  switch (body.kind) {
    case 'text':
    case 'unknown':
      takeMessage(tx, incoming);
      break;
    case 'request':
      takeRequest(tx, incoming, body);
      break;
    case 'accept':
      takeAccept(tx, account, body);
      break;
    case 'capability':
      takeCapability(tx, account, body);
      break;
    case 'receipt':
      takeReceipt(tx, account, body);
      break;
    case 'typing':
    case 'distribution':
      countDropped(tx);
      break;
  }
  const known = tx.get(peersTable, account)?.sequence;
  if (known !== undefined && content.recordSequence > known) wantRecords(tx, account);
}

function takeMessage(tx: Transaction, incoming: Incoming): void {
  const { account, device, content } = incoming;
  const { state, removed } = contactOf(tx, account);
  if (removed || state === 'incoming' || state === 'rejected') {
    if (content.link !== undefined) skipDropped(tx, account, device);
    countDropped(tx);
    return;
  }
  // Who writes over the capability of our request has accepted it, even if the words of it were lost.
  markAccepted(tx, account);
  // A newer kind without a counter makes nothing visible.
  if (content.link !== undefined) arrive(tx, incoming, content.link);
}

function takeAccept(tx: Transaction, account: AccountId, body: BodyOf<'accept'>): void {
  const { state, removed } = contactOf(tx, account);
  // Nobody can accept what was not asked.
  if (removed || state === 'incoming' || state === 'rejected') {
    countDropped(tx);
    return;
  }
  const peer = tx.get(peersTable, account);
  if (peer !== undefined) extendPeer(tx, peer, body.records.slice(peer.sequence + 1));
  holdCapability(tx, account, body.capability);
  markAccepted(tx, account);
}

function takeCapability(tx: Transaction, account: AccountId, body: BodyOf<'capability'>): void {
  const { state, removed } = contactOf(tx, account);
  if (removed || state !== 'accepted') countDropped(tx);
  else holdCapability(tx, account, body.capability);
}
