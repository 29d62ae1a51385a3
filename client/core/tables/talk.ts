/** Rows of conversations: what was said, what waits to go out, what waits for its turn. */

import {
  bytes,
  flag,
  type MessageOf,
  message,
  nested,
  optional,
  repeated,
  required,
  text,
  uint,
  uint8,
  uint32,
  uint53,
} from '../../../crypto/wire/schema.ts';
import {
  ACCOUNT_MAX_DEVICES,
  DEVICE_ID_MAX,
  ENVELOPE_MAX_BYTES,
  REGISTRATION_ID_MAX,
} from '../../../relay/protocol/limits.ts';
import { MAX_CONTENT_BYTES, MAX_RECEIPT_IDS, MAX_TEXT_BYTES } from '../../wire/limits.ts';
import { CURSOR_NAME_MAX_BYTES, GAPS_MAX } from '../limits.ts';
import { logOf, residentTable, storedTable } from './define.ts';
import { accountId, choice, contentId, conversationId, hash, Stamp } from './fields.ts';

const word = text({ max: 64 });
const deviceId = uint({ max: DEVICE_ID_MAX });

const ConversationRow = message('ConversationRow', {
  conversation: required(1, conversationId),
  account: required(2, accountId),
  /** The history place of the next line; places begin at 1. */
  nextPlace: required(3, uint53),
  /** Counter and hash of the own visible contents. */
  outCounter: required(4, uint53),
  outHash: required(5, hash),
  /** Order numbers of the outbox rows: first waiting and last; equal to last + 1 when nothing waits. */
  outFirst: required(6, uint53),
  outLast: required(7, uint53),
  /** Place of the newest visible line; 0: none. */
  lastPlace: required(8, uint53),
  lastMs: required(9, uint53),
  unread: required(10, uint32),
});
export type ConversationRow = MessageOf<typeof ConversationRow>;
export const conversationsTable = residentTable<ConversationRow>('conversations', 40, ConversationRow);

const ReadMarkRow = message('ReadMarkRow', {
  readMs: required(1, uint53),
  stamp: required(2, nested(Stamp)),
});
/** Everything up to this time was read; keyed by conversation. */
export type ReadMarkRow = MessageOf<typeof ReadMarkRow>;
export const readMarksTable = residentTable<ReadMarkRow>('read-marks', 41, ReadMarkRow);

const Gap = message('Gap', {
  /** Counters that did not come: from, and up to but not including `to`. */
  from: required(1, uint53),
  to: required(2, uint53),
  /** Place of the gap line; the missing ones have the places after it. */
  place: required(3, uint53),
  missing: required(4, uint53),
});
export type Gap = MessageOf<typeof Gap>;

const StreamRow = message('StreamRow', {
  nextCounter: required(1, uint53),
  lastHash: required(2, hash),
  gaps: repeated(3, nested(Gap), { max: GAPS_MAX }),
  /** Whatever comes next is taken without a gap: what came meanwhile was dropped on purpose. */
  resync: required(4, flag),
});
/** How far the visible contents of one sender's device were shown; keyed by conversation and device. */
export type StreamRow = MessageOf<typeof StreamRow>;
export const streamsTable = residentTable<StreamRow>('streams', 42, StreamRow);

const EarlyRow = message('EarlyRow', {
  account: required(1, accountId),
  device: required(2, deviceId),
  counter: required(3, uint53),
  content: required(4, bytes({ max: MAX_CONTENT_BYTES })),
  receivedMs: required(5, uint53),
  stampMs: required(6, uint53),
  waitUntilMs: required(7, uint53),
});
/** A content that came before an earlier one; keyed by conversation, device and counter. */
export type EarlyRow = MessageOf<typeof EarlyRow>;
export const earlyTable = residentTable<EarlyRow>('early', 43, EarlyRow);

const OutboxRow = message('OutboxRow', {
  id: required(1, contentId),
  account: required(2, accountId),
  order: required(3, uint53),
  kind: required(4, choice('text', 'accept', 'receipt')),
  state: required(5, choice('waiting', 'held', 'failed')),
  reason: optional(6, word),
  queuedMs: required(7, uint53),
  text: optional(8, text({ max: MAX_TEXT_BYTES })),
  promptReceipt: required(9, flag),
  receiptIds: repeated(10, contentId, { max: MAX_RECEIPT_IDS }),
  /** Place in the history of a visible one. */
  place: optional(11, uint53),
  /** From the release on: the content as encrypted, and what its copies have in common. */
  content: optional(12, bytes({ max: MAX_CONTENT_BYTES })),
  contentKind: optional(13, choice('text', 'request', 'accept', 'receipt')),
  counter: optional(14, uint53),
  prevHash: optional(15, hash),
  envelopeId: optional(16, contentId),
  devices: repeated(17, deviceId, { max: ACCOUNT_MAX_DEVICES }),
});
/** A content on its way out, keyed by account and order. */
export type OutboxRow = MessageOf<typeof OutboxRow>;
export const outboxTable = residentTable<OutboxRow>('outbox', 44, OutboxRow);

const CopyRow = message('CopyRow', {
  registrationId: required(1, uint({ max: REGISTRATION_ID_MAX })),
  bytes: required(2, bytes({ max: ENVELOPE_MAX_BYTES })),
});
/** The ciphertext for one device, repeated as it is until it is durable; keyed by content id and device. */
export type CopyRow = MessageOf<typeof CopyRow>;
export const copiesTable = residentTable<CopyRow>('copies', 45, CopyRow);

const AwaitingRow = message('AwaitingRow', {
  account: required(1, accountId),
  conversation: required(2, conversationId),
  place: required(3, uint53),
  sentMs: required(4, uint53),
});
/** A message without a receipt yet, keyed by content id. */
export type AwaitingRow = MessageOf<typeof AwaitingRow>;
export const awaitingTable = residentTable<AwaitingRow>('awaiting', 46, AwaitingRow);

const ReceiptsRow = message('ReceiptsRow', {
  ids: repeated(1, contentId, { max: MAX_RECEIPT_IDS }),
  dueMs: required(2, uint53),
});
/** Receipts that are owed to an account. */
export type ReceiptsRow = MessageOf<typeof ReceiptsRow>;
export const receiptsTable = residentTable<ReceiptsRow>('receipts', 47, ReceiptsRow);

const MessagePlace = message('MessagePlace', {
  sender: required(1, accountId),
  conversation: required(2, conversationId),
  place: required(3, uint53),
});
export type MessagePlace = MessageOf<typeof MessagePlace>;
/** Senders choose ids: a few may share one by malice, never by chance. */
export const SAME_ID_MAX = 4;
const MessageIndexRow = message('MessageIndexRow', {
  places: repeated(1, nested(MessagePlace), { max: SAME_ID_MAX }),
});
/** Where a content id stands in the history. */
export type MessageIndexRow = MessageOf<typeof MessageIndexRow>;
export const messageIndexTable = storedTable<MessageIndexRow>('message-index', 48, MessageIndexRow);

const CursorRow = message('CursorRow', {
  name: required(1, text({ max: CURSOR_NAME_MAX_BYTES })),
  position: required(2, uint53),
});
export type CursorRow = MessageOf<typeof CursorRow>;
export const cursorsTable = residentTable<CursorRow>('cursors', 49, CursorRow);

const HistoryRow = message('HistoryRow', {
  id: required(1, contentId),
  kind: required(2, choice('text', 'gap', 'notice', 'unreadable')),
  direction: required(3, choice('in', 'out')),
  device: required(4, uint8),
  /** What is shown as the time: the sender's, or the relay's when the sender's clock is far off. */
  sentMs: required(5, uint53),
  receivedMs: required(6, uint53),
  timeFromRelay: required(7, flag),
  late: required(8, flag),
  /** The exact content bytes; before the release of an own message its text stands in `text`. */
  content: optional(9, bytes({ max: MAX_CONTENT_BYTES })),
  contentHash: optional(10, hash),
  text: optional(11, text({ max: MAX_TEXT_BYTES })),
  reason: optional(12, word),
  missing: optional(13, uint53),
  state: optional(14, choice('waiting', 'held', 'sent', 'delivered', 'read', 'expired', 'failed')),
  stateReason: optional(15, word),
  trust: required(16, choice('unverified', 'verified', 'key changed')),
  /** Position in the event log; 0: not visible yet (a request without an answer). */
  position: required(17, uint53),
  /** Of an own message: its order in the outbox, while it is there. */
  order: optional(18, uint53),
});
export type HistoryRow = MessageOf<typeof HistoryRow>;
/** One line per place; the owner is the conversation. */
export const historyLog = logOf<HistoryRow>('history', 60, HistoryRow);

const EventRow = message('EventRow', {
  conversation: required(1, conversationId),
  place: required(2, uint53),
});
export type EventRow = MessageOf<typeof EventRow>;
/** Everything that became visible, in that order; the owner is the own account id. */
export const eventLog = logOf<EventRow>('events', 61, EventRow);
