/** Lines of conversations: where they stand, and when they become visible. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { equalBytes, toHex } from '../../crypto/bytes.ts';
import { BugError } from '../../crypto/errors.ts';
import { conversationId } from '../wire/conversation.ts';
import type { MessageState } from './commands.ts';
import { GAP_SLOTS_MAX } from './limits.ts';
import { changeCounters, countersOf, ownId } from './state.ts';
import {
  type ConversationRow,
  conversationsTable,
  eventLog,
  type HistoryRow,
  historyLog,
  type MessagePlace,
  messageIndexTable,
  SAME_ID_MAX,
} from './tables/talk.ts';
import type { View } from './tables.ts';
import type { Transaction } from './transaction.ts';
import { trustState } from './trust.ts';
import { messageView } from './views.ts';

const CONTENT_ID_BYTES = 16;

export function conversationWith(view: View, account: AccountId): ConversationRow | undefined {
  return view.get(conversationsTable, conversationId(ownId(view), account));
}

/** The conversation with an account, begun if there is none. */
export function openConversation(tx: Transaction, account: AccountId): ConversationRow {
  const known = conversationWith(tx, account);
  if (known !== undefined) return known;
  const row: ConversationRow = {
    conversation: conversationId(ownId(tx), account),
    account,
    nextPlace: 1,
    outCounter: 1,
    outHash: new Uint8Array(32),
    outFirst: 1,
    outLast: 0,
    lastPlace: 0,
    lastMs: 0,
    unread: 0,
  };
  tx.put(conversationsTable, row.conversation, row);
  return row;
}

export function conversationRow(view: View, conversation: Uint8Array): ConversationRow {
  const row = view.get(conversationsTable, conversation);
  if (row === undefined) throw new BugError('bug', 'a line of no conversation');
  return row;
}

export function changeConversation(
  tx: Transaction,
  conversation: Uint8Array,
  changes: Partial<ConversationRow>,
): ConversationRow {
  const changed = { ...conversationRow(tx, conversation), ...changes };
  tx.put(conversationsTable, conversation, changed);
  return changed;
}

/** Keeps places free for lines that may still come. @returns the first of them. */
export function reservePlaces(tx: Transaction, conversation: Uint8Array, count: number): number {
  const { nextPlace } = conversationRow(tx, conversation);
  changeConversation(tx, conversation, { nextPlace: nextPlace + count });
  return nextPlace;
}

export interface NewLine extends Omit<HistoryRow, 'position' | 'trust'> {
  /** A reserved place; absent: the end. */
  readonly place?: number;
  /** A line of a request stays invisible until the request is accepted. */
  readonly visible: boolean;
}

/** Writes a line and tells the front ends. @returns its place. */
export function addLine(tx: Transaction, conversation: Uint8Array, line: NewLine): number {
  const { place: reserved, visible, ...row } = line;
  const place = reserved ?? reservePlaces(tx, conversation, 1);
  const { account } = conversationRow(tx, conversation);
  const stored: HistoryRow = { ...row, trust: trustState(tx, account), position: 0 };
  tx.putAt(historyLog, conversation, place, stored);
  // A page of history may begin at any line, also at one that no content made.
  if (row.kind !== 'text') indexLine(tx, row.id, { sender: account, conversation, place });
  if (visible) showLine(tx, conversation, place, stored);
  return place;
}

/** Gives a line its position in the event log: from here on it is part of what `receive` prints. */
export function showLine(tx: Transaction, conversation: Uint8Array, place: number, row: HistoryRow): void {
  const position = countersOf(tx).position + 1;
  changeCounters(tx, { position });
  const shown: HistoryRow = { ...row, position };
  tx.putAt(historyLog, conversation, place, shown);
  tx.putAt(eventLog, ownId(tx), position, { conversation, place });
  const before = conversationRow(tx, conversation);
  const counts = row.direction === 'in' && (row.kind === 'text' || row.kind === 'unreadable');
  const changed = changeConversation(tx, conversation, {
    lastPlace: Math.max(before.lastPlace, place),
    lastMs: tx.nowMs,
    unread: before.unread + (counts ? 1 : 0),
  });
  tx.event({ type: 'message', message: messageView(tx, changed, shown) }, position);
}

/** A late arrival may stand in a place before the newest visible line, but not further back than a gap reaches. */
const HIDDEN_REACH = GAP_SLOTS_MAX;

export interface HiddenLine {
  readonly place: number;
  readonly row: HistoryRow;
}

/** The lines of a request without an answer, oldest first. */
export function hiddenLines(
  view: View,
  { conversation, lastPlace, nextPlace }: ConversationRow,
): readonly HiddenLine[] {
  const lines: HiddenLine[] = [];
  for (let place = Math.max(1, lastPlace - HIDDEN_REACH); place < nextPlace; place++) {
    const row = view.at(historyLog, conversation, place);
    if (row?.position === 0) lines.push({ place, row });
  }
  return lines;
}

/** Takes a line away as if it had never come. */
export function removeLine(
  tx: Transaction,
  conversation: Uint8Array,
  { place, row }: HiddenLine,
  sender: AccountId,
): void {
  tx.deleteAt(historyLog, conversation, place);
  unindexLine(tx, sender, row.id);
}

/** A line of our own about the conversation. */
export function addNotice(tx: Transaction, conversation: Uint8Array, reason: string): void {
  addLine(tx, conversation, {
    id: tx.random.draw('id', CONTENT_ID_BYTES),
    kind: 'notice',
    direction: 'in',
    device: 0,
    sentMs: tx.nowMs,
    receivedMs: tx.nowMs,
    timeFromRelay: false,
    late: false,
    reason,
    visible: true,
  });
}

export function placesOf(view: View, id: Uint8Array): readonly MessagePlace[] {
  return view.get(messageIndexTable, id)?.places ?? [];
}

/** Where the content of this sender and id stands; ids of different senders do not collide. */
export function placeOf(view: View, sender: AccountId, id: Uint8Array): MessagePlace | undefined {
  return placesOf(view, id).find((place) => equalBytes(place.sender, sender));
}

export function indexLine(tx: Transaction, id: Uint8Array, place: MessagePlace): void {
  const others = placesOf(tx, id).filter(({ sender }) => !equalBytes(sender, place.sender));
  if (others.length < SAME_ID_MAX) tx.put(messageIndexTable, id, { places: [...others, place] });
}

export function unindexLine(tx: Transaction, sender: AccountId, id: Uint8Array): void {
  const others = placesOf(tx, id).filter((place) => !equalBytes(place.sender, sender));
  if (others.length > 0) tx.put(messageIndexTable, id, { places: others });
  else tx.delete(messageIndexTable, id);
}

/** Changes the state of an own message and says so; nothing happens when it is the same. */
export function setMessageState(
  tx: Transaction,
  at: { readonly conversation: Uint8Array; readonly place: number },
  state: MessageState,
  reason?: string,
): void {
  const row = tx.at(historyLog, at.conversation, at.place);
  if (row === undefined || (row.state === state && row.stateReason === reason)) return;
  const { stateReason: _, ...rest } = row;
  tx.putAt(historyLog, at.conversation, at.place, {
    ...rest,
    state,
    ...(reason === undefined ? {} : { stateReason: reason }),
  });
  tx.event({
    type: 'message.state',
    id: toHex(row.id),
    conversation: toHex(at.conversation),
    state,
    ...(reason === undefined ? {} : { reason }),
  });
}
