/** Mailboxes: a window of consecutive sequences that grows at its end and shrinks at its beginning. */

import { Buffer } from 'node:buffer';
import { hash as digest } from 'node:crypto';
import { equalBytes } from '../../crypto/bytes.ts';
import { AUTHORITY } from '../protocol/events.ts';
import { CAPABILITY_END, CAPABILITY_KIND } from '../protocol/operations.ts';
import { type Reader, readAccountRow } from './account-row.ts';
import { readCapability } from './capability-intents.ts';
import * as key from './keyspace.ts';
import { readRecords } from './record-rows.ts';
import {
  type AccountRow,
  DeviceStateRow,
  decodeHead,
  encodeDay,
  encodeHead,
  encodeMail,
  type HeadRow,
  mailBytesIn,
  mailHour,
} from './rows.ts';
import type { RowTransaction } from './staged-rows.ts';
import type { AckOutcome, Delivery, DeliveryOutcome, Mailbox, MailboxEntry, MailboxStatus } from './store.ts';

const HOURS_PER_DAY = 24;
const REPEAT_HASH_DIGITS = 32;
const AUTHORITY_OF_KIND: ReadonlyMap<number, number> = new Map([
  [CAPABILITY_KIND.contact, AUTHORITY.contact],
  [CAPABILITY_KIND.address, AUTHORITY.address],
  [CAPABILITY_KIND.group, AUTHORITY.group],
  [CAPABILITY_KIND.self, AUTHORITY.self],
]);

export interface Appended {
  readonly outcome: DeliveryOutcome;
  readonly entries: readonly { readonly mailbox: Mailbox; readonly entry: MailboxEntry }[];
}

interface Admitted {
  readonly row: AccountRow;
  /** One of AUTHORITY. */
  readonly authority: number;
  readonly swallowed: boolean;
}

type Refused = Extract<
  DeliveryOutcome,
  { readonly kind: 'capability-unknown' | 'capability-retired' | 'not-found' }
>;

export function readHead(rows: Reader, path: string): HeadRow {
  return decodeHead(rows.get(key.headKey(path)));
}

export function readMailboxStatus(rows: Reader, path: string): MailboxStatus {
  const { first, next, bytesIn, bytesOut } = readHead(rows, path);
  return { messages: next - first, bytes: bytesIn - bytesOut, newestSequence: next - 1 };
}

export function appendMailbox(rows: RowTransaction, delivery: Delivery): Appended {
  const admitted = admit(rows, delivery);
  if ('kind' in admitted) return { outcome: admitted, entries: [] };
  if (isStale(admitted, delivery)) {
    const { account, recordSequence, maxRecords, maxRecordBytes } = delivery;
    const range = { afterSequence: recordSequence, maxRecords, maxBytes: maxRecordBytes };
    return { outcome: { kind: 'stale-devices', records: readRecords(rows, account, range) }, entries: [] };
  }
  const entries: { mailbox: Mailbox; entry: MailboxEntry }[] = [];
  const fullDevices: number[] = [];
  for (const { device, bytes } of delivery.devices) {
    const path = key.devicePath(delivery.account, device);
    const repeatKey = deliveredKey(path, delivery);
    if (rows.get(repeatKey) !== undefined) continue;
    const head = readHead(rows, path);
    if (isFull(head, bytes.length, delivery)) {
      fullDevices.push(device);
      continue;
    }
    rows.put(repeatKey, encodeDay(Math.floor(delivery.stampHour / HOURS_PER_DAY)));
    // A swallowed delivery costs the same write and leaves nothing: its sender sees no difference.
    if (admitted.swallowed) continue;
    const entry = makeEntry(delivery, admitted.authority, head.next, bytes);
    const bytesIn = head.bytesIn + bytes.length;
    rows.put(key.mailKey(path, head.next), encodeMail(entry, bytesIn));
    rows.put(key.headKey(path), encodeHead({ ...head, next: head.next + 1, bytesIn }));
    entries.push({ mailbox: { account: delivery.account, device }, entry });
  }
  if (fullDevices.length === delivery.devices.length) return { outcome: { kind: 'mailbox-full' }, entries };
  return { outcome: { kind: 'delivered', fullDevices }, entries };
}

function admit(rows: Reader, { account, authority }: Delivery): Admitted | Refused {
  const row = readAccountRow(rows, account);
  if (authority.kind === 'request') {
    if (row === undefined || !row.listed) return { kind: 'not-found' };
    return { row, authority: AUTHORITY.request, swallowed: false };
  }
  const capability = readCapability(rows, authority.hash);
  if (row === undefined || capability === undefined || !equalBytes(capability.account, account)) {
    return { kind: 'capability-unknown' };
  }
  if (capability.end === CAPABILITY_END.retired) return { kind: 'capability-retired' };
  return {
    row,
    authority: AUTHORITY_OF_KIND.get(capability.kind) ?? AUTHORITY.contact,
    swallowed: capability.end === CAPABILITY_END.swallowed,
  };
}

/** An account's own devices write to each other, so the one that sends is not among its targets. */
function isStale({ row, authority }: Admitted, delivery: Delivery): boolean {
  if (delivery.recordSequence !== row.sequence) return true;
  const complete = authority === AUTHORITY.self || delivery.devices.length === row.devices.length;
  if (!complete) return true;
  return delivery.devices.some(({ device, registrationId }) => {
    const listed = row.devices.find(({ id }) => id === device);
    return listed === undefined || listed.registrationId !== registrationId;
  });
}

function isFull(head: HeadRow, sizeBytes: number, delivery: Delivery): boolean {
  return (
    head.next - head.first >= delivery.mailboxMessages ||
    head.bytesIn - head.bytesOut + sizeBytes > delivery.mailboxBytes
  );
}

function makeEntry(delivery: Delivery, authority: number, sequence: number, bytes: Uint8Array): MailboxEntry {
  const { envelopeId, kind, stampHour } = delivery;
  const entry = { sequence, envelopeId, kind, bytes, stampHour, authority };
  return delivery.authority.kind === 'capability'
    ? { ...entry, capabilityHash: delivery.authority.hash }
    : entry;
}

/** Long enough for a path, the authority's kind and two ids; reused, because every delivery needs it. */
const repeatInput = Buffer.alloc(128);

/** A hash, so that what is kept for a week does not say how often whom anybody wrote. */
function deliveredKey(path: string, { authority, envelopeId }: Delivery): string {
  const by = authority.kind === 'capability' ? authority.hash : authority.sender;
  let length = repeatInput.write(`${path}/${authority.kind}/`, 'latin1');
  repeatInput.set(by, length);
  length += by.length;
  repeatInput.set(envelopeId, length);
  length += envelopeId.length;
  const hash = digest('sha256', repeatInput.subarray(0, length), 'hex');
  return `${key.DELIVERED}${hash.slice(0, REPEAT_HASH_DIGITS)}`;
}

export function ackUpTo(rows: RowTransaction, path: string, sequence: number, fence: number): AckOutcome {
  const state = rows.get(key.deviceKey(path));
  if (state === undefined || DeviceStateRow.decode(state).fence !== fence) return 'superseded';
  dropUpTo(rows, path, sequence);
  return 'acknowledged';
}

function dropUpTo(rows: RowTransaction, path: string, sequence: number): number {
  const head = readHead(rows, path);
  const last = Math.min(sequence, head.next - 1);
  if (last < head.first) return 0;
  const newest = rows.get(key.mailKey(path, last));
  for (let each = head.first; each <= last; each++) rows.delete(key.mailKey(path, each));
  const bytesOut = newest === undefined ? head.bytesOut : mailBytesIn(newest);
  rows.put(key.headKey(path), encodeHead({ ...head, first: last + 1, bytesOut }));
  return last + 1 - head.first;
}

/** @returns how many of the oldest entries were past their time and went, `max` at most. */
export function expireMailbox(rows: RowTransaction, path: string, oldestHour: number, max: number): number {
  const head = readHead(rows, path);
  let expired = head.first - 1;
  while (expired + 1 < head.next && expired + 1 - head.first < max) {
    const row = rows.get(key.mailKey(path, expired + 1));
    if (row !== undefined && mailHour(row) > oldestHour) break;
    expired++;
  }
  return dropUpTo(rows, path, expired);
}

export function removeMailbox(rows: RowTransaction, path: string): void {
  dropUpTo(rows, path, Number.MAX_SAFE_INTEGER);
  rows.delete(key.headKey(path));
}
