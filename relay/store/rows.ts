/** What the rows of the relay's store hold: schemas for the small ones, fixed layouts for the hot ones. */

import { Buffer } from 'node:buffer';
import { concatBytes, readUint32, uint32 as uint32Bytes } from '../../crypto/bytes.ts';
import { StoreError } from '../../crypto/errors.ts';
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
  uint8,
  uint32,
  uint53,
} from '../../crypto/wire/schema.ts';
import {
  ACCOUNT_MAX_DEVICES,
  LABEL_MAX_BYTES,
  SESSIONS_MAX,
  USERNAME_MAX_BYTES,
} from '../protocol/limits.ts';
import type { MailboxEntry } from './store.ts';

/** Sessions of one account, live and signed out. */
export const SESSION_ROWS_MAX = 2 * SESSIONS_MAX;
const POOL_MAX_BYTES = 65_536;
const TWO_TO_32 = 0x1_0000_0000;

const DeviceRow = message('DeviceRow', {
  id: required(1, uint8),
  registrationId: required(2, uint32),
  identityKey: required(3, bytes({ length: 33 })),
});

export const AccountRow = message('AccountRow', {
  username: required(1, text({ max: USERNAME_MAX_BYTES })),
  sequence: required(2, uint53),
  hash: required(3, bytes({ length: 32 })),
  devices: repeated(4, nested(DeviceRow), { max: ACCOUNT_MAX_DEVICES }),
  listed: required(5, flag),
  createdDay: required(6, uint32),
});
export type AccountRow = MessageOf<typeof AccountRow>;

const SessionRow = message('SessionRow', {
  tokenHash: required(1, bytes({ length: 32 })),
  device: required(2, uint8),
  createdDay: required(3, uint32),
  lastUsedDay: required(4, uint32),
  label: optional(5, text({ max: LABEL_MAX_BYTES })),
  /** Kept, so that the token is refused and not taken for a new one. */
  revoked: required(6, flag),
});
export type SessionRow = MessageOf<typeof SessionRow>;

export const SessionsRow = message('SessionsRow', {
  sessions: repeated(1, nested(SessionRow), { max: SESSION_ROWS_MAX }),
});

export const DeviceStateRow = message('DeviceStateRow', {
  fence: required(1, uint53),
  lastSeenDay: required(2, uint32),
});

const SignedKeyRow = message('SignedKeyRow', {
  id: required(1, uint32),
  publicKey: required(2, bytes({ max: 1_569 })),
  signature: required(3, bytes({ length: 64 })),
});

/** Both are there once the device can be written to. */
export const SignedKeysRow = message('SignedKeysRow', {
  signedPreKey: optional(1, nested(SignedKeyRow)),
  lastResortKemPreKey: optional(2, nested(SignedKeyRow)),
});

export const OneTimeKemRow = message('OneTimeKemRow', {
  publicKey: required(1, bytes({ length: 1_569 })),
  signature: required(2, bytes({ length: 64 })),
});

/** Ids as four bytes each, the next one to be handed out first. */
export const PoolRow = message('PoolRow', {
  ec: required(1, bytes({ max: POOL_MAX_BYTES })),
  kem: required(2, bytes({ max: POOL_MAX_BYTES })),
});

export const CapabilityRow = message('CapabilityRow', {
  account: required(1, bytes({ length: 16 })),
  kind: required(2, uint8),
  end: required(3, uint8),
});

export const CapabilityCountsRow = message('CapabilityCountsRow', {
  live: required(1, uint32),
  all: required(2, uint32),
});

export function encodeIds(ids: readonly number[]): Uint8Array {
  return concatBytes(...ids.map(uint32Bytes));
}

export function decodeIds(encoded: Uint8Array): number[] {
  const ids: number[] = [];
  for (let offset = 0; offset + 4 <= encoded.length; offset += 4) ids.push(readUint32(encoded, offset));
  return ids;
}

/** First live and next sequence of a mailbox, and how many bytes ever went in and out. */
export interface HeadRow {
  readonly first: number;
  readonly next: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

const HEAD_BYTES = 32;
export const EMPTY_HEAD: HeadRow = { first: 1, next: 1, bytesIn: 0, bytesOut: 0 };

export function encodeHead(head: HeadRow): Uint8Array {
  const out = new Uint8Array(HEAD_BYTES);
  const view = new DataView(out.buffer);
  writeUint53(view, 0, head.first);
  writeUint53(view, 8, head.next);
  writeUint53(view, 16, head.bytesIn);
  writeUint53(view, 24, head.bytesOut);
  return out;
}

export function decodeHead(row: Uint8Array | undefined): HeadRow {
  if (row === undefined) return EMPTY_HEAD;
  if (row.length !== HEAD_BYTES) throw damaged();
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  return {
    first: readUint53(view, 0),
    next: readUint53(view, 8),
    bytesIn: readUint53(view, 16),
    bytesOut: readUint53(view, 24),
  };
}

/** kind u8 | authority u8 | hashed u8 | hour u32 | bytes in up to here u64 | envelope id 16 | [hash 32] | bytes */
const MAIL_HEADER_BYTES = 31;
const HASH_BYTES = 32;

export function encodeMail(entry: MailboxEntry, bytesIn: number): Uint8Array {
  const { capabilityHash } = entry;
  const start = MAIL_HEADER_BYTES + (capabilityHash === undefined ? 0 : HASH_BYTES);
  const out = allocate(start + entry.bytes.length);
  const view = new DataView(out.buffer, out.byteOffset);
  out[0] = entry.kind;
  out[1] = entry.authority;
  out[2] = capabilityHash === undefined ? 0 : 1;
  view.setUint32(3, entry.stampHour);
  writeUint53(view, 7, bytesIn);
  out.set(entry.envelopeId, 15);
  if (capabilityHash !== undefined) out.set(capabilityHash, MAIL_HEADER_BYTES);
  out.set(entry.bytes, start);
  return out;
}

export function decodeMail(sequence: number, row: Uint8Array): MailboxEntry {
  const hashed = row[2] === 1;
  const start = MAIL_HEADER_BYTES + (hashed ? HASH_BYTES : 0);
  if (row.length < start) throw damaged();
  const entry = {
    sequence,
    kind: row[0] as number,
    authority: row[1] as number,
    stampHour: mailHour(row),
    envelopeId: row.subarray(15, MAIL_HEADER_BYTES),
    bytes: row.subarray(start),
  };
  return hashed ? { ...entry, capabilityHash: row.subarray(MAIL_HEADER_BYTES, start) } : entry;
}

export function mailHour(row: Uint8Array): number {
  return readUint32(row, 3);
}

/** All bytes that had gone into the mailbox when this entry had. */
export function mailBytesIn(row: Uint8Array): number {
  return readUint53(new DataView(row.buffer, row.byteOffset, row.byteLength), 7);
}

export function encodeDay(day: number): Uint8Array {
  return uint32Bytes(day);
}

export function decodeDay(row: Uint8Array): number {
  return readUint32(row, 0);
}

/** From Node's pool: these rows are many, of middle size, and live until their group is written. */
function allocate(length: number): Uint8Array {
  const pooled = Buffer.allocUnsafe(length);
  return new Uint8Array(pooled.buffer, pooled.byteOffset, length);
}

function writeUint53(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / TWO_TO_32));
  view.setUint32(offset + 4, value % TWO_TO_32);
}

function readUint53(view: DataView, offset: number): number {
  return view.getUint32(offset) * TWO_TO_32 + view.getUint32(offset + 4);
}

function damaged(): StoreError {
  return new StoreError('store-damaged', 'a row of the store is shorter than it must be');
}
