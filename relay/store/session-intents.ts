/** Device sessions: one small row per account holds them all. */

import { equalBytes } from '../../crypto/bytes.ts';
import { SESSIONS_MAX } from '../protocol/limits.ts';
import { findDevice, type Reader, readAccountRow } from './account-row.ts';
import { readCounts } from './key-intents.ts';
import * as key from './keyspace.ts';
import { DeviceStateRow, decodeHead, SESSION_ROWS_MAX, type SessionRow, SessionsRow } from './rows.ts';
import type { RowTransaction } from './staged-rows.ts';
import type { OpenSessionOutcome, SessionEntry, SessionParams } from './store.ts';

const SESSION_ID_BYTES = 16;

function readSessions(rows: Reader, account: Uint8Array): readonly SessionRow[] {
  const encoded = rows.get(key.sessionsKey(account));
  return encoded === undefined ? [] : SessionsRow.decode(encoded).sessions;
}

function writeSessions(rows: RowTransaction, account: Uint8Array, sessions: readonly SessionRow[]): void {
  rows.put(key.sessionsKey(account), SessionsRow.encode({ sessions }));
}

function toEntry(session: SessionRow): SessionEntry {
  const { tokenHash, device, createdDay, lastUsedDay, label } = session;
  const entry = { id: tokenHash.subarray(0, SESSION_ID_BYTES), device, createdDay, lastUsedDay };
  return label === undefined ? entry : { ...entry, label };
}

export function addSession(rows: RowTransaction, params: SessionParams): void {
  const { account, device, tokenHash, label, day } = params;
  const added = { tokenHash, device, createdDay: day, lastUsedDay: day, revoked: false };
  const session = label === undefined ? added : { ...added, label };
  writeSessions(rows, account, makeRoom([...readSessions(rows, account), session]));
}

/** Drops the sessions that were not used for longest; signing in again with their token makes a new one. */
function makeRoom(sessions: readonly SessionRow[]): readonly SessionRow[] {
  const newestFirst = sessions.toReversed().sort((a, b) => b.lastUsedDay - a.lastUsedDay);
  const live = new Set(newestFirst.filter(({ revoked }) => !revoked).slice(0, SESSIONS_MAX));
  const revoked = new Set(
    newestFirst.filter((session) => session.revoked).slice(0, SESSION_ROWS_MAX - SESSIONS_MAX),
  );
  return sessions.filter((session) => live.has(session) || revoked.has(session));
}

/** @param fenceOff - false when nothing can be written: the session must exist, and fences nobody off. */
export function openSession(
  rows: RowTransaction,
  params: SessionParams,
  fenceOff: boolean,
): OpenSessionOutcome {
  const { account, device, tokenHash, day } = params;
  const row = readAccountRow(rows, account);
  if (row === undefined || findDevice(row, device) === undefined) return { kind: 'not-listed' };
  const sessions = readSessions(rows, account);
  const known = sessions.find(
    (session) => session.device === device && equalBytes(session.tokenHash, tokenHash),
  );
  if (known?.revoked) return { kind: 'revoked' };
  const path = key.devicePath(account, device);
  const state = rows.get(key.deviceKey(path));
  let fence = state === undefined ? 0 : DeviceStateRow.decode(state).fence;
  if (fenceOff) {
    fence++;
    rows.put(key.deviceKey(path), DeviceStateRow.encode({ fence, lastSeenDay: day }));
    if (known === undefined) {
      addSession(rows, params);
    } else if (known.lastUsedDay !== day) {
      const used = sessions.map((each) => (each === known ? { ...known, lastUsedDay: day } : each));
      writeSessions(rows, account, used);
    }
  } else if (known === undefined) {
    return { kind: 'not-listed' };
  }
  const head = decodeHead(rows.get(key.headKey(path)));
  const counts = readCounts(rows, path);
  return { kind: 'open', fence, recordSequence: row.sequence, counts, waiting: head.next - head.first };
}

export function listSessions(rows: Reader, account: Uint8Array): readonly SessionEntry[] {
  return readSessions(rows, account)
    .filter(({ revoked }) => !revoked)
    .map(toEntry);
}

export function revokeSession(
  rows: RowTransaction,
  account: Uint8Array,
  id: Uint8Array,
): SessionEntry | undefined {
  const sessions = readSessions(rows, account);
  const ended = sessions.find(
    ({ tokenHash, revoked }) => !revoked && equalBytes(tokenHash.subarray(0, SESSION_ID_BYTES), id),
  );
  if (ended === undefined) return undefined;
  const others = sessions.map((each) => (each === ended ? { ...ended, revoked: true } : each));
  writeSessions(rows, account, makeRoom(others));
  return toEntry(ended);
}

export function removeDeviceSessions(rows: RowTransaction, account: Uint8Array, device: number): void {
  const sessions = readSessions(rows, account);
  const others = sessions.filter((session) => session.device !== device);
  if (others.length < sessions.length) writeSessions(rows, account, others);
}
