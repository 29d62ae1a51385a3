/** Accounts, their records, names and device keys. Each function is the body of one transaction. */

import { equalBytes, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { type Reader, readAccountRow } from './account-row.ts';
import { addCapabilities } from './capability-intents.ts';
import { addPreKeys, removeKeys } from './key-intents.ts';
import * as key from './keyspace.ts';
import { removeMailbox } from './mailbox-intents.ts';
import { AccountRow } from './rows.ts';
import { addSession, removeDeviceSessions } from './session-intents.ts';
import type { RowTransaction } from './staged-rows.ts';
import type {
  AccountEntry,
  CasRecordOutcome,
  CreateAccountOutcome,
  DeviceEntry,
  NewAccount,
  NextRecord,
  RecordEntry,
} from './store.ts';

const DELETED = new Uint8Array(0);
const ACCOUNT_ID_BYTES = 16;

export function readAccount(rows: Reader, account: Uint8Array): AccountEntry | undefined {
  const row = readAccountRow(rows, account);
  return row === undefined ? undefined : { account, ...row };
}

export function readAccountByName(rows: Reader, username: string): AccountEntry | undefined {
  const account = rows.get(key.nameKey(username));
  return account?.length === ACCOUNT_ID_BYTES ? readAccount(rows, account) : undefined;
}

export function createAccount(rows: RowTransaction, created: NewAccount): CreateAccountOutcome {
  const { account, username, record, session, day } = created;
  if (readAccountRow(rows, account) !== undefined) return 'repeated';
  if (rows.get(key.nameKey(username)) !== undefined) return 'name-taken';
  if (isKeyTaken(rows, account, record.devices)) return 'key-taken';
  if (created.capabilities.some(({ hash }) => rows.get(key.capabilityKey(hash)) !== undefined)) {
    return 'capability-taken';
  }
  rows.put(key.nameKey(username), account);
  putRecord(rows, account, record, { username, listed: true, createdDay: day });
  if (created.passwordHash !== undefined) {
    rows.put(key.passwordKey(account), utf8(created.passwordHash));
  }
  const max = Number.POSITIVE_INFINITY;
  addPreKeys(rows, { account, device: session.device, keys: created.preKeys, max });
  addCapabilities(rows, account, created.capabilities, max);
  addSession(rows, { ...session, account, day });
  return 'created';
}

export function casRecord(rows: RowTransaction, next: NextRecord): CasRecordOutcome {
  const { account, previousHash, record } = next;
  const current = readAccountRow(rows, account);
  if (current === undefined) return 'not-found';
  if (equalBytes(current.hash, record.hash)) return 'repeated';
  const follows = equalBytes(current.hash, previousHash) && record.sequence === current.sequence + 1;
  if (!follows) return 'conflict';
  if (isKeyTaken(rows, account, record.devices)) return 'key-taken';
  for (const device of current.devices) {
    const stays = record.devices.some(
      ({ id, identityKey }) => id === device.id && equalBytes(identityKey, device.identityKey),
    );
    if (!stays) removeDevice(rows, account, device);
  }
  putRecord(rows, account, record, current);
  return 'accepted';
}

export function setListed(rows: RowTransaction, account: Uint8Array, listed: boolean): void {
  const row = readAccountRow(rows, account);
  if (row !== undefined && row.listed !== listed) {
    rows.put(key.accountKey(account), AccountRow.encode({ ...row, listed }));
  }
}

export function readPasswordHash(rows: Reader, account: Uint8Array): string | undefined {
  const hash = rows.get(key.passwordKey(account));
  return hash === undefined ? undefined : fromUtf8(hash);
}

export function setPasswordHash(rows: RowTransaction, account: Uint8Array, hash: string | undefined): void {
  if (readAccountRow(rows, account) === undefined) return;
  if (hash === undefined) rows.delete(key.passwordKey(account));
  else rows.put(key.passwordKey(account), utf8(hash));
}

/** Capabilities stay behind as rows of an account that is not there, which is the same as unknown ones. */
export function deleteAccount(rows: RowTransaction, account: Uint8Array): void {
  const row = readAccountRow(rows, account);
  if (row === undefined) return;
  for (const device of row.devices) removeDevice(rows, account, device);
  for (let sequence = 0; sequence <= row.sequence; sequence++) rows.delete(key.recordKey(account, sequence));
  rows.delete(key.passwordKey(account));
  rows.delete(key.sessionsKey(account));
  rows.delete(key.capabilitiesKey(account));
  rows.delete(key.accountKey(account));
  rows.put(key.nameKey(row.username), DELETED);
}

function isKeyTaken(rows: Reader, account: Uint8Array, devices: readonly DeviceEntry[]): boolean {
  return devices.some(({ identityKey }) => {
    const owner = rows.get(key.identityKeyKey(identityKey));
    return owner !== undefined && !equalBytes(owner, account);
  });
}

function putRecord(
  rows: RowTransaction,
  account: Uint8Array,
  record: RecordEntry,
  kept: Pick<AccountRow, 'username' | 'listed' | 'createdDay'>,
): void {
  const { sequence, hash, devices } = record;
  const { username, listed, createdDay } = kept;
  rows.put(key.recordKey(account, sequence), record.bytes);
  rows.put(
    key.accountKey(account),
    AccountRow.encode({ username, sequence, hash, devices, listed, createdDay }),
  );
  for (const { identityKey } of devices) rows.put(key.identityKeyKey(identityKey), account);
}

function removeDevice(rows: RowTransaction, account: Uint8Array, device: DeviceEntry): void {
  const path = key.devicePath(account, device.id);
  rows.delete(key.identityKeyKey(device.identityKey));
  rows.delete(key.deviceKey(path));
  removeDeviceSessions(rows, account, device.id);
  removeKeys(rows, path);
  removeMailbox(rows, path);
}
