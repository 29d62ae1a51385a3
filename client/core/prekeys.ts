/** The own pre-keys: made ahead, uploaded, topped up, replaced every week, and wiped when nobody can need them. */

import { BugError } from '../../crypto/errors.ts';
import {
  generateKemPreKey,
  generatePreKeys,
  generateSignedPreKey,
  type KemPreKeyRecord,
} from '../../crypto/keys/prekeys.ts';
import type { PreKeySource, UsedPreKeys } from '../../crypto/session/accept.ts';
import { ONE_TIME_KEYS_PER_UPLOAD_MAX } from '../../relay/protocol/limits.ts';
import type { PreKeyCounts, PreKeyUpload } from '../../relay/protocol/operations.ts';
import {
  OLD_KEY_KEPT_MS,
  ONE_TIME_KEYS_LOW,
  ONE_TIME_KEYS_TARGET,
  ONE_TIME_KEYS_URGENT,
  PREKEY_ID_BYTES,
  REFILL_WAIT_MAX_MS,
  RETIRING_KEYS_MAX,
  SIGNED_KEY_LIFE_MS,
  UPLOADS_MAX,
} from './limits.ts';
import { drawNumber, isDue, ownAccount } from './state.ts';
import { numberKey, ONLY } from './tables/define.ts';
import {
  kemPreKeysTable,
  type PreKeyState,
  preKeyStateTable,
  preKeysTable,
  signedPreKeysTable,
  type UploadRow,
  uploadsTable,
} from './tables/own.ts';
import type { Table, View } from './tables.ts';
import { ask } from './traffic.ts';
import type { Transaction } from './transaction.ts';

const UPLOAD_TAG = 'prekeys/';
const NEVER = 0;

export function preKeyState(view: View): PreKeyState {
  const state = view.get(preKeyStateTable, ONLY);
  if (state === undefined) throw new BugError('bug', 'this store has no pre-keys');
  return state;
}

/** The keys of a new account: one signed pair and as many one-time keys as one upload takes. */
export function makeFirstPreKeys(tx: Transaction): void {
  const { signedId, lastResortId } = makeSignedPair(tx);
  tx.put(preKeyStateTable, ONLY, {
    signedId,
    lastResortId,
    madeMs: tx.nowMs,
    retiring: [],
    oneTimePreKeys: 0,
    oneTimeKemPreKeys: 0,
    refillMs: NEVER,
  });
  addUpload(tx, { signed: true, count: ONE_TIME_KEYS_PER_UPLOAD_MAX });
}

/** What the relay says it holds; plans a refill where that is little. */
export function notePreKeyCounts(tx: Transaction, counts: PreKeyCounts): void {
  const state = { ...preKeyState(tx), ...counts };
  const least = Math.min(counts.oneTimePreKeys, counts.oneTimeKemPreKeys) + pendingKeys(tx);
  const waitMs = least < ONE_TIME_KEYS_URGENT ? 0 : drawNumber(tx.random, 'jitter', REFILL_WAIT_MAX_MS);
  const isPlanned = state.refillMs !== NEVER && state.refillMs <= tx.nowMs + waitMs;
  const refillMs = least < ONE_TIME_KEYS_LOW && !isPlanned ? tx.nowMs + waitMs : state.refillMs;
  tx.put(preKeyStateTable, ONLY, { ...state, refillMs });
}

/** Tops up when planned, in uploads that fit a frame, until the relay holds its maximum. */
export function refillPreKeys(tx: Transaction): void {
  const state = preKeyState(tx);
  if (state.refillMs === NEVER || !isDue(state.refillMs, tx.nowMs, REFILL_WAIT_MAX_MS)) return;
  tx.put(preKeyStateTable, ONLY, { ...state, refillMs: NEVER });
  topUp(tx);
}

/** Replaces the signed and the last-resort key; the old ones stay for what is under way. */
export function rotateSignedPreKeys(tx: Transaction): void {
  const state = preKeyState(tx);
  // The clock may have been wrong when they were made: a time ahead counts as old.
  const isYoung = tx.nowMs - state.madeMs < SIGNED_KEY_LIFE_MS && state.madeMs <= tx.nowMs;
  if (isYoung || state.previousSignedId !== undefined || tx.list(uploadsTable).length >= UPLOADS_MAX) return;
  const pair = makeSignedPair(tx);
  tx.put(preKeyStateTable, ONLY, {
    ...state,
    ...pair,
    madeMs: tx.nowMs,
    previousSignedId: state.signedId,
    previousLastResortId: state.lastResortId,
  });
  addUpload(tx, { signed: true, count: 0 });
}

/** Wipes old signed and last-resort keys whose 31 days are over. */
export function wipeOldPreKeys(tx: Transaction): void {
  const state = preKeyState(tx);
  const due = state.retiring.filter(({ wipeMs }) => wipeMs <= tx.nowMs);
  if (due.length === 0) return;
  for (const { kind, id } of due) {
    if (kind === 'signed') dropSignedPreKey(tx, id);
    else dropKemPreKey(tx, id);
  }
  tx.put(preKeyStateTable, ONLY, { ...state, retiring: state.retiring.filter((key) => !due.includes(key)) });
}

/**
 * After a broken link nobody knows which uploads arrived, and a one-time key must never be handed out twice:
 * only the keys that an upload replaces are sent again, the counts of the new sign-in say what is missing.
 */
export function reviseUploads(tx: Transaction): void {
  for (const [key, row] of tx.list(uploadsTable)) {
    if (row.signedId === undefined) tx.delete(uploadsTable, key);
    else tx.put(uploadsTable, key, { ...row, oneTimeIds: [], kemIds: [] });
  }
}

/** Sends every upload that the relay has not confirmed. */
export function syncPreKeys(tx: Transaction): void {
  for (const [, row] of tx.list(uploadsTable)) {
    const tag = `${UPLOAD_TAG}${row.number}`;
    ask(tx, { link: 'home', tag, operation: 'uploadPreKeys', request: uploadRequest(tx, row) });
  }
}

/** The relay has the upload of this tag, and says what it holds now. */
export function markUploaded(tx: Transaction, tag: string, counts: PreKeyCounts): void {
  const key = numberKey(Number(tag.slice(UPLOAD_TAG.length)));
  const row = tx.get(uploadsTable, key);
  if (row === undefined) return;
  confirmUpload(tx, row, counts);
  topUp(tx);
}

/** What the relay got is not sent again, and what it replaced begins to age. */
export function confirmUpload(tx: Transaction, row: UploadRow, counts: PreKeyCounts): void {
  tx.delete(uploadsTable, numberKey(row.number));
  const { previousSignedId, previousLastResortId, ...state } = { ...preKeyState(tx), ...counts };
  if (row.signedId !== state.signedId || previousSignedId === undefined) {
    tx.put(preKeyStateTable, ONLY, { ...preKeyState(tx), ...counts });
    return;
  }
  const wipeMs = tx.nowMs + OLD_KEY_KEPT_MS;
  const retiring = [
    ...state.retiring,
    { kind: 'signed' as const, id: previousSignedId, wipeMs },
    { kind: 'kem' as const, id: previousLastResortId ?? 0, wipeMs },
  ].slice(-RETIRING_KEYS_MAX);
  tx.put(preKeyStateTable, ONLY, { ...state, retiring });
}

export function uploadRequest(view: View, row: UploadRow): PreKeyUpload {
  const signed = row.signedId === undefined ? undefined : find(view, signedPreKeysTable, row.signedId);
  const lastResort =
    row.lastResortId === undefined ? undefined : find(view, kemPreKeysTable, row.lastResortId);
  return {
    ...(signed === undefined
      ? {}
      : {
          signedPreKey: { id: signed.id, publicKey: signed.keyPair.publicKey, signature: signed.signature },
        }),
    ...(lastResort === undefined ? {} : { lastResortKemPreKey: publicKemKey(lastResort) }),
    oneTimePreKeys: row.oneTimeIds.flatMap((id) => {
      const record = find(view, preKeysTable, id);
      return record === undefined ? [] : [{ id, publicKey: record.keyPair.publicKey }];
    }),
    oneTimeKemPreKeys: row.kemIds.flatMap((id) => {
      const record = find(view, kemPreKeysTable, id);
      return record === undefined ? [] : [publicKemKey(record)];
    }),
  };
}

export function preKeySource(view: View): PreKeySource {
  return {
    oneTimePreKey: (id) => find(view, preKeysTable, id),
    signedPreKey: (id) => find(view, signedPreKeysTable, id),
    kemPreKey: (id) => find(view, kemPreKeysTable, id),
  };
}

/** One-time keys end with the first message that used them. */
export function dropUsedPreKeys(tx: Transaction, used: UsedPreKeys): void {
  if (used.oneTimePreKeyId !== undefined) {
    const record = find(tx, preKeysTable, used.oneTimePreKeyId);
    if (record !== undefined) tx.spend(record.keyPair.privateKey.secret);
    tx.delete(preKeysTable, numberKey(used.oneTimePreKeyId));
  }
  if (!isLastResort(tx, used.kemPreKeyId)) dropKemPreKey(tx, used.kemPreKeyId);
}

export function isLastResort(view: View, kemPreKeyId: number): boolean {
  const { lastResortId, previousLastResortId, retiring } = preKeyState(view);
  if (kemPreKeyId === lastResortId || kemPreKeyId === previousLastResortId) return true;
  return retiring.some(({ kind, id }) => kind === 'kem' && id === kemPreKeyId);
}

function topUp(tx: Transaction): void {
  const { oneTimePreKeys, oneTimeKemPreKeys } = preKeyState(tx);
  const held = Math.max(oneTimePreKeys, oneTimeKemPreKeys) + pendingKeys(tx);
  const count = Math.min(ONE_TIME_KEYS_TARGET - held, ONE_TIME_KEYS_PER_UPLOAD_MAX);
  if (count > 0 && tx.list(uploadsTable).length < UPLOADS_MAX) addUpload(tx, { signed: false, count });
}

function pendingKeys(view: View): number {
  let count = 0;
  for (const [, row] of view.list(uploadsTable)) count += row.oneTimeIds.length;
  return count;
}

function makeSignedPair(tx: Transaction): { readonly signedId: number; readonly lastResortId: number } {
  const { identityKeyPair } = ownAccount(tx);
  const signedId = freshId(tx, signedPreKeysTable);
  const lastResortId = freshId(tx, kemPreKeysTable);
  const { nowMs } = tx;
  const signed = generateSignedPreKey(tx.random, { id: signedId, identityKeyPair, nowMs });
  const lastResort = generateKemPreKey(tx.random, { id: lastResortId, identityKeyPair, nowMs });
  tx.put(signedPreKeysTable, numberKey(signedId), signed);
  tx.put(kemPreKeysTable, numberKey(lastResortId), lastResort);
  return { signedId, lastResortId };
}

function addUpload(
  tx: Transaction,
  { signed, count }: { readonly signed: boolean; readonly count: number },
): void {
  const { identityKeyPair } = ownAccount(tx);
  const { signedId, lastResortId } = preKeyState(tx);
  const oneTimeIds: number[] = [];
  const kemIds: number[] = [];
  for (let i = 0; i < count; i++) {
    const id = freshId(tx, preKeysTable);
    for (const record of generatePreKeys(tx.random, [id])) tx.put(preKeysTable, numberKey(id), record);
    oneTimeIds.push(id);
    const kemId = freshId(tx, kemPreKeysTable);
    const params = { id: kemId, identityKeyPair, nowMs: tx.nowMs };
    tx.put(kemPreKeysTable, numberKey(kemId), generateKemPreKey(tx.random, params));
    kemIds.push(kemId);
  }
  const number = drawNumber(tx.random, 'id', 2 ** 32);
  const ids = { number, oneTimeIds, kemIds };
  tx.put(uploadsTable, numberKey(number), signed ? { ...ids, signedId, lastResortId } : ids);
  tx.want('prekeys');
}

function freshId(tx: Transaction, table: Table<unknown>): number {
  for (;;) {
    const [a = 0, b = 0, c = 0] = tx.random.draw('id', PREKEY_ID_BYTES);
    const id = a * 65_536 + b * 256 + c;
    if (id !== 0 && tx.get(table, numberKey(id)) === undefined) return id;
  }
}

function dropSignedPreKey(tx: Transaction, id: number): void {
  const record = find(tx, signedPreKeysTable, id);
  if (record !== undefined) tx.spend(record.keyPair.privateKey.secret);
  tx.delete(signedPreKeysTable, numberKey(id));
}

function dropKemPreKey(tx: Transaction, id: number): void {
  const record = find(tx, kemPreKeysTable, id);
  if (record !== undefined) tx.spend(record.keyPair.secretKey);
  tx.delete(kemPreKeysTable, numberKey(id));
}

function publicKemKey({ id, keyPair, signature }: KemPreKeyRecord): {
  readonly id: number;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
} {
  return { id, publicKey: keyPair.publicKey, signature };
}

function find<T>(view: View, table: Table<T>, id: number): T | undefined {
  return view.get(table, numberKey(id));
}
