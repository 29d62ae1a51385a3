/**
 * Brings the visible contents of a sender's device into the order in which they were written. A content
 * waits a little for a missing one before it, is then shown after a line that says how many are missing, and
 * a late one takes the place that was kept for it.
 */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { ProtocolError } from '../../crypto/errors.ts';
import { type Content, type ContentLink, contentHash, decodeContent } from '../wire/content.ts';
import {
  addLine,
  addNotice,
  conversationRow,
  conversationWith,
  openConversation,
  placeOf,
  reservePlaces,
  unindexLine,
} from './history.ts';
import { COUNTER_MAX, EARLY_MAX, GAP_SLOTS_MAX, GAP_WAIT_MS, GAPS_MAX } from './limits.ts';
import { owesReceipt, showContent } from './show.ts';
import { isDue } from './state.ts';
import { deviceKey, orderKey } from './tables/define.ts';
import { contactsTable } from './tables/people.ts';
import {
  type EarlyRow,
  earlyTable,
  type Gap,
  historyLog,
  type StreamRow,
  streamsTable,
} from './tables/talk.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';

/** A content that was decrypted and belongs to this session. */
export interface Incoming {
  readonly account: AccountId;
  readonly device: number;
  readonly content: Content;
  /** The content as sent, without padding. */
  readonly bytes: Uint8Array;
  readonly stampMs: number;
  readonly receivedMs: number;
}

const CONTENT_ID_BYTES = 16;
const FIRST_COUNTER = 1;

/** Takes a content with a counter; shows it now, later, or late. @throws ProtocolError `bad-content-link`. */
export function arrive(tx: Transaction, incoming: Incoming, link: ContentLink): void {
  if (link.counter > COUNTER_MAX) throw new ProtocolError('bad-content-link', 'the counter is out of range');
  const key = streamKey(tx, incoming);
  const stream = resynced(streamOf(tx, key), link);
  if (link.counter < stream.nextCounter) {
    showLate(tx, incoming, link, key, stream);
    return;
  }
  if (link.counter > stream.nextCounter) {
    wait(tx, incoming, link, key, stream);
    return;
  }
  showNext(tx, incoming, link, key, stream);
  drain(tx, key);
}

/** What was dropped on purpose leaves no gap: the next content of this device is simply the next. */
export function skipDropped(tx: Transaction, account: AccountId, device: number): void {
  const { conversation } = openConversation(tx, account);
  const key = deviceKey(conversation, device);
  tx.put(streamsTable, key, { ...streamOf(tx, key), resync: true });
}

/** The same for all devices of an account, after it was blocked or rejected. */
export function resyncAll(tx: Transaction, account: AccountId): void {
  const conversation = conversationWith(tx, account)?.conversation;
  if (conversation === undefined) return;
  for (const [key, stream] of tx.list(streamsTable)) {
    if (equalBytes(key.subarray(0, conversation.length), conversation)) {
      tx.put(streamsTable, key, { ...stream, resync: true });
    }
  }
}

/** Ends the waiting of contents whose time is over. */
export function closeDueGaps(tx: Transaction): void {
  const due = tx.list(earlyTable).filter(([, row]) => isDue(row.waitUntilMs, tx.nowMs, GAP_WAIT_MS));
  for (const [earlyKey, { account, device }] of due) {
    // One that was drained together with an earlier one waits no more, and ends nobody else's waiting.
    if (tx.get(earlyTable, earlyKey) === undefined) continue;
    const { conversation } = openConversation(tx, account);
    closeGap(tx, deviceKey(conversation, device));
  }
}

/** What waits is forgotten with everything else of an account that was turned away. */
export function dropEarly(tx: Transaction, account: AccountId): void {
  for (const [key, row] of tx.list(earlyTable)) {
    if (equalBytes(row.account, account)) tx.delete(earlyTable, key);
  }
}

export function nextGapMs(view: View): number | undefined {
  let next: number | undefined;
  for (const [, { waitUntilMs }] of view.list(earlyTable)) {
    if (next === undefined || waitUntilMs < next) next = waitUntilMs;
  }
  return next;
}

function showNext(
  tx: Transaction,
  incoming: Incoming,
  link: ContentLink,
  key: Uint8Array,
  stream: StreamRow,
): void {
  const { conversation } = openConversation(tx, incoming.account);
  // An honest sender's hashes fit; where they do not, it has told others something else.
  if (!equalBytes(link.prevHash, stream.lastHash)) addNotice(tx, conversation, 'history-differs');
  showContent(tx, incoming, { late: false });
  tx.put(streamsTable, key, {
    ...stream,
    nextCounter: link.counter + 1,
    lastHash: contentHash(incoming.bytes),
    resync: false,
  });
}

function wait(
  tx: Transaction,
  incoming: Incoming,
  link: ContentLink,
  key: Uint8Array,
  stream: StreamRow,
): void {
  const { account, device, bytes, receivedMs, stampMs } = incoming;
  tx.put(streamsTable, key, stream);
  const waitUntilMs = tx.nowMs + GAP_WAIT_MS;
  const early: EarlyRow = {
    account,
    device,
    counter: link.counter,
    content: bytes,
    receivedMs,
    stampMs,
    waitUntilMs,
  };
  const earlyKey = orderKey(key, link.counter);
  if (tx.get(earlyTable, earlyKey) === undefined) tx.put(earlyTable, earlyKey, early);
  if (earlyOf(tx, key).length > EARLY_MAX) closeGap(tx, key);
}

/** Shows what waited for exactly the content that has just come. */
function drain(tx: Transaction, key: Uint8Array): void {
  for (;;) {
    const stream = streamOf(tx, key);
    const earlyKey = orderKey(key, stream.nextCounter);
    const early = tx.get(earlyTable, earlyKey);
    if (early === undefined) return;
    tx.delete(earlyTable, earlyKey);
    const { incoming, link } = reread(early);
    showNext(tx, incoming, link, key, stream);
  }
}

/** Gives up on what is missing before the first content that waits, keeps its places, and shows the rest. */
function closeGap(tx: Transaction, key: Uint8Array): void {
  const [first] = earlyOf(tx, key);
  if (first === undefined) return;
  const stream = streamOf(tx, key);
  const { incoming, link } = reread(first);
  if (link.counter < stream.nextCounter) {
    // The stream went on without it, after something was dropped on purpose.
    tx.delete(earlyTable, orderKey(key, link.counter));
    showLate(tx, incoming, link, key, stream);
    return;
  }
  const missing = link.counter - stream.nextCounter;
  if (missing > 0) {
    const gap = addGapLine(tx, incoming, stream.nextCounter, missing);
    tx.put(streamsTable, key, {
      ...stream,
      nextCounter: link.counter,
      lastHash: link.prevHash,
      gaps: [...stream.gaps, gap].slice(-GAPS_MAX),
    });
  }
  drain(tx, key);
}

function addGapLine(tx: Transaction, incoming: Incoming, from: number, missing: number): Gap {
  const { account, device } = incoming;
  const { conversation } = openConversation(tx, account);
  const place = addLine(tx, conversation, {
    id: tx.random.draw('id', CONTENT_ID_BYTES),
    kind: 'gap',
    direction: 'in',
    device,
    sentMs: tx.nowMs,
    receivedMs: tx.nowMs,
    timeFromRelay: false,
    late: false,
    missing,
    visible: isVisible(tx, account),
  });
  reservePlaces(tx, conversation, Math.min(missing, GAP_SLOTS_MAX));
  return { from, to: from + missing, place, missing };
}

function showLate(
  tx: Transaction,
  incoming: Incoming,
  link: ContentLink,
  key: Uint8Array,
  stream: StreamRow,
): void {
  if (placeOf(tx, incoming.account, incoming.content.id) !== undefined) {
    owesReceipt(tx, incoming);
    return;
  }
  const gap = stream.gaps.find(({ from, to }) => link.counter >= from && link.counter < to);
  if (gap === undefined) {
    showContent(tx, incoming, { late: true });
    return;
  }
  const { conversation } = openConversation(tx, incoming.account);
  const slot = link.counter - gap.from;
  const place = gap.place + 1 + slot;
  const isFree = slot < GAP_SLOTS_MAX && tx.at(historyLog, conversation, place) === undefined;
  showContent(tx, incoming, isFree ? { late: true, place } : { late: true });
  shrinkGap(tx, conversation, key, stream, gap);
}

function shrinkGap(
  tx: Transaction,
  conversation: Uint8Array,
  key: Uint8Array,
  stream: StreamRow,
  gap: Gap,
): void {
  const missing = gap.missing - 1;
  const others = stream.gaps.filter((each) => each !== gap);
  const line = tx.at(historyLog, conversation, gap.place);
  if (missing > 0) {
    tx.put(streamsTable, key, { ...stream, gaps: [...others, { ...gap, missing }] });
    if (line !== undefined) tx.putAt(historyLog, conversation, gap.place, { ...line, missing });
  } else {
    tx.put(streamsTable, key, { ...stream, gaps: others });
    tx.deleteAt(historyLog, conversation, gap.place);
    if (line !== undefined) unindexLine(tx, conversationRow(tx, conversation).account, line.id);
  }
}

function earlyOf(tx: Transaction, key: Uint8Array): readonly EarlyRow[] {
  return tx
    .list(earlyTable)
    .filter(([earlyKey]) => equalBytes(earlyKey.subarray(0, key.length), key))
    .map(([, row]) => row)
    .sort((a, b) => a.counter - b.counter);
}

function reread(row: EarlyRow): { readonly incoming: Incoming; readonly link: ContentLink } {
  const { account, device, counter, content: bytes, stampMs, receivedMs } = row;
  const content = decodeContent(bytes);
  const link = content.link ?? { counter, prevHash: new Uint8Array(32) };
  return { incoming: { account, device, content, bytes, stampMs, receivedMs }, link };
}

function resynced(stream: StreamRow, link: ContentLink): StreamRow {
  if (!stream.resync || link.counter < stream.nextCounter) return stream;
  return { ...stream, nextCounter: link.counter, lastHash: link.prevHash, resync: false };
}

function streamKey(tx: Transaction, { account, device }: Incoming): Uint8Array {
  return deviceKey(openConversation(tx, account).conversation, device);
}

function streamOf(view: View, key: Uint8Array): StreamRow {
  const none = { nextCounter: FIRST_COUNTER, lastHash: new Uint8Array(32), gaps: [], resync: false };
  return view.get(streamsTable, key) ?? none;
}

function isVisible(view: View, account: AccountId): boolean {
  return view.get(contactsTable, account)?.state !== 'incoming';
}
