/**
 * All sessions with one address: the current one, live, and up to 40 that it replaced (4 MiB at most), newest
 * first, which stay encoded until a message asks for one. A record is a value; callers keep it and never look inside.
 *
 * @see Sesame, section 3.2; signal-wire section 8
 */

import {
  MAX_ARCHIVED_BYTES,
  MAX_ARCHIVED_SESSIONS,
  MAX_UNACKNOWLEDGED_SESSION_AGE_SECONDS,
} from '../constants.ts';
import type { PublicKey } from '../keys/keys.ts';
import { describeSpqr } from '../ratchet/spqr/index.ts';
import { type AnySecret, Secret, type Step } from '../secret.ts';
import { LayoutReader, LayoutWriter } from '../wire/fixed-layout.ts';
import { BAD_RECORD, baseKeyOf, decodeSession, encodeSession } from './session-codec.ts';
import { type SessionState, sessionSecrets } from './state.ts';

export interface ArchivedSession {
  readonly baseKey: PublicKey;
  readonly encoded: Secret<'ArchivedSession'>;
}

export interface SessionRecord {
  readonly current: SessionState | undefined;
  readonly archived: readonly ArchivedSession[];
}

/** For diagnosis: nothing here is secret. */
export interface SessionDescription {
  /** 0 and "none" without a current session. */
  readonly spqrEpoch: number;
  readonly spqrState: string;
  readonly archived: number;
  readonly receiverChains: number;
  readonly skippedSeeds: number;
}

/** version u8 | session count u8, the current one first | per session length u32 and bytes */
const LAYOUT_VERSION = 1;
const FLAG_CURRENT = 1;
const HEAD_BYTES = 3;

export const EMPTY_RECORD: SessionRecord = { current: undefined, archived: [] };

/** @returns the stored form of a record; holds secrets, so seal it. */
export function encodeSessionRecord(record: SessionRecord): Uint8Array {
  const sessions = record.archived.map((session) => session.encoded.expose());
  const current = record.current === undefined ? undefined : encodeSession(record.current);
  if (current !== undefined) sessions.unshift(current);
  const sizeBytes = sessions.reduce((sum, session) => sum + 4 + session.length, HEAD_BYTES);
  const writer = new LayoutWriter(sizeBytes)
    .uint8(LAYOUT_VERSION)
    .uint8(current === undefined ? 0 : FLAG_CURRENT)
    .uint8(record.archived.length);
  for (const session of sessions) writer.uint32(session.length).bytes(session);
  current?.fill(0);
  return writer.finish();
}

/**
 * The record shares no memory with `bytes`.
 *
 * @throws CodecError `bad-session-record`, `bad-spqr-state`, `invalid-key` for what `encodeSessionRecord`
 *   cannot have made.
 */
export function decodeSessionRecord(bytes: Uint8Array): SessionRecord {
  const reader: LayoutReader = new LayoutReader(bytes, BAD_RECORD);
  reader.check(reader.uint8() === LAYOUT_VERSION, 'unknown layout version');
  const flags = reader.uint8();
  reader.check((flags & ~FLAG_CURRENT) === 0, 'unknown flags');
  const count = reader.uint8();
  reader.check(count <= MAX_ARCHIVED_SESSIONS, 'too many archived sessions');
  const current = flags === 0 ? undefined : decodeSession(reader.view(reader.uint32()));
  const archived: ArchivedSession[] = [];
  for (let i = 0; i < count; i++) {
    const encoded = reader.bytes(reader.uint32());
    // Damage must show now, not in the middle of a later message.
    wipeSession(decodeSession(encoded));
    archived.push({ baseKey: baseKeyOf(encoded), encoded: new Secret('ArchivedSession', encoded) });
  }
  reader.end();
  return { current, archived };
}

/** Whether the record can encrypt: there is a current session, answered or young enough. */
export function hasUsableSession(record: SessionRecord, nowMs: number): boolean {
  return record.current !== undefined && !isStale(record.current, nowMs);
}

/** Whether a session waited so long for its first answer that it is given up. */
export function isStale(session: SessionState, nowMs: number): boolean {
  if (session.pending === undefined) return false;
  const endSeconds = session.pending.createdSeconds + MAX_UNACKNOWLEDGED_SESSION_AGE_SECONDS;
  return nowMs > endSeconds * 1000;
}

/** Puts the current session aside; without one the record stays as it is. */
export function archiveCurrentSession(record: SessionRecord): Step<SessionRecord, undefined> {
  const { archived, spent } = archive(record.current, record.archived);
  return { state: { current: undefined, archived }, output: undefined, spent };
}

/** Makes a new session current and archives the one before it. */
export function replaceCurrentSession(
  record: SessionRecord,
  session: SessionState,
): Step<SessionRecord, undefined> {
  const { archived, spent } = archive(record.current, record.archived);
  return { state: { current: session, archived }, output: undefined, spent };
}

/** Makes an archived session, after the step that it took, current again. */
export function promoteSession(
  record: SessionRecord,
  promoted: ArchivedSession,
  session: SessionState,
): Step<SessionRecord, undefined> {
  const others = record.archived.filter((each) => each !== promoted);
  const { archived, spent } = archive(record.current, others);
  return { state: { current: session, archived }, output: undefined, spent: [promoted.encoded, ...spent] };
}

/** Opens an archived session; the caller wipes it when it turns out not to be the right one. */
export function openArchivedSession(archived: ArchivedSession): SessionState {
  return decodeSession(archived.encoded.expose());
}

export function wipeSession(session: SessionState): void {
  for (const secret of sessionSecrets(session)) secret.wipe();
}

/** Every secret of the record, for wiping it as a whole. */
export function recordSecrets(record: SessionRecord): AnySecret[] {
  const current = record.current === undefined ? [] : sessionSecrets(record.current);
  return [...current, ...record.archived.map((session) => session.encoded)];
}

export function describeSession(record: SessionRecord): SessionDescription {
  const archived = record.archived.length;
  if (record.current === undefined) {
    return { spqrEpoch: 0, spqrState: 'none', archived, receiverChains: 0, skippedSeeds: 0 };
  }
  const { doubleRatchet, spqr } = record.current.ratchet;
  const { epoch, stateName } = describeSpqr(spqr);
  const chains = doubleRatchet.receivingChains;
  return {
    spqrEpoch: epoch,
    spqrState: stateName,
    archived,
    receiverChains: chains.length,
    skippedSeeds: chains.reduce((sum, chain) => sum + chain.skipped.count, 0),
  };
}

function archive(
  current: SessionState | undefined,
  archived: readonly ArchivedSession[],
): { readonly archived: readonly ArchivedSession[]; readonly spent: readonly AnySecret[] } {
  if (current === undefined) return { archived, spent: [] };
  // An archived session never opens again with a pre-key message.
  const encoded = new Secret('ArchivedSession', encodeSession({ ...current, pending: undefined }));
  const all = [{ baseKey: current.baseKey, encoded }, ...archived];
  const dropped = all.splice(countKept(all)).map((session) => session.encoded);
  return { archived: all, spent: [...sessionSecrets(current), ...dropped] };
}

/** How many of the sessions, newest first, a record may hold. */
function countKept(sessions: readonly ArchivedSession[]): number {
  let sizeBytes = 0;
  let count = 0;
  for (const { encoded } of sessions) {
    sizeBytes += encoded.length;
    if (count === MAX_ARCHIVED_SESSIONS || sizeBytes > MAX_ARCHIVED_BYTES) break;
    count++;
  }
  return count;
}
