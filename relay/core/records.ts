/** The own account: its records, its auth key, its listing. */

import { RecordChainError } from '../../crypto/account/chain-error.ts';
import { checkNextRecord, type RecordVerdict } from '../../crypto/account/check-chain.ts';
import {
  decodeAccountRecord,
  decodeSignedRecord,
  hashRecordBody,
} from '../../crypto/account/record-codec.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { ChatError } from '../../crypto/errors.ts';
import { relayError } from '../protocol/errors.ts';
import type {
  Empty,
  FetchOwnRecordsRequest,
  RecordsResponse,
  SetAuthKeyRequest,
  SetListedRequest,
  SubmitRecordRequest,
} from '../protocol/operations.ts';
import { type AfterAnswer, type Caller, requireAccount, requireDevice } from './caller.ts';
import type { RelayContext } from './context.ts';
import type { DeviceConnection } from './presence.ts';
import { rangeAfter } from './record-range.ts';

export async function fetchOwnRecords(
  context: RelayContext,
  caller: Caller,
  request: FetchOwnRecordsRequest,
): Promise<RecordsResponse> {
  const { account } = requireAccount(caller);
  return { account, records: await context.store.records(account, rangeAfter(request.afterSequence)) };
}

export async function submitRecord(
  context: RelayContext,
  caller: Caller,
  { record: bytes }: SubmitRecordRequest,
  afterAnswer: AfterAnswer,
): Promise<Empty> {
  const { account } = requireAccount(caller);
  context.admission.change(account, context.nowMs);
  const before = await context.chains.load(account);
  if (before === undefined) throw relayError('not-found');
  const { hash: previousHash } = before;
  if (isNewest(bytes, previousHash)) return {};
  const { chain, signer, kind } = judge(() => checkNextRecord(before, bytes), bytes, previousHash);
  // A reset takes effect after seven days in which it can be stopped; until that exists there is none.
  if (kind === 'reset') throw relayError('bad-record');
  if (signer.kind === 'enrolment' && signer.notAfterMs <= context.nowMs) throw relayError('bad-record');
  const { sequence, hash } = chain;
  const { devices } = chain.current;
  const outcome = await context.store.casRecord({
    account,
    previousHash,
    record: { bytes, sequence, hash, devices },
  });
  switch (outcome) {
    case 'accepted':
      context.chains.remember(chain);
      for (const connection of endRemoved(context, account, before.current.devices, devices, afterAnswer)) {
        if (connection !== caller.connection) connection.event('recordChanged', {});
      }
      return {};
    case 'repeated':
      return {};
    case 'conflict':
      throw relayError('record-conflict');
    case 'key-taken':
      throw relayError('key-taken');
    case 'not-found':
      throw relayError('not-found');
  }
}

export async function setAuthKey(
  context: RelayContext,
  caller: Caller,
  { authKey }: SetAuthKeyRequest,
): Promise<Empty> {
  const { kind, account } = requireAccount(caller);
  // Who only knows the old passphrase must not lock out the devices.
  if (kind === 'password') throw relayError('not-signed-in');
  context.admission.change(account, context.nowMs);
  const hash = authKey === undefined ? undefined : await context.passwords.hash(authKey);
  await context.store.setPasswordHash(account, hash);
  return {};
}

export async function setListed(
  context: RelayContext,
  caller: Caller,
  { listed }: SetListedRequest,
): Promise<Empty> {
  const { account } = requireDevice(caller);
  await context.store.setListed(account, listed);
  return {};
}

function isNewest(bytes: Uint8Array, newestHash: Uint8Array): boolean {
  try {
    return equalBytes(hashRecordBody(decodeSignedRecord(bytes).body), newestHash);
  } catch (cause) {
    if (cause instanceof ChatError) throw relayError('bad-record', { cause });
    throw cause;
  }
}

/** A good record that follows another one than the newest is a conflict: somebody was faster. */
function judge(check: () => RecordVerdict, bytes: Uint8Array, newestHash: Uint8Array): RecordVerdict {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof RecordChainError)) throw cause;
    const misplaced = cause.reason === 'sequence' || cause.reason === 'previous-hash';
    if (!misplaced) throw relayError('bad-record', { cause });
    const { previousHash } = decodeAccountRecord(decodeSignedRecord(bytes).body);
    throw relayError(equalBytes(previousHash, newestHash) ? 'bad-record' : 'record-conflict', { cause });
  }
}

type Devices = readonly { readonly id: number; readonly identityKey: Uint8Array }[];

/** @returns the connections of the devices that stay */
function endRemoved(
  context: RelayContext,
  account: Uint8Array,
  before: Devices,
  now: Devices,
  afterAnswer: AfterAnswer,
): readonly DeviceConnection[] {
  const staying: DeviceConnection[] = [];
  for (const device of before) {
    const connection = context.presence.find(account, device.id);
    if (connection === undefined) continue;
    const stays = now.some(
      ({ id, identityKey }) => id === device.id && equalBytes(identityKey, device.identityKey),
    );
    if (stays) staying.push(connection);
    else afterAnswer(() => connection.revoke());
  }
  return staying;
}
