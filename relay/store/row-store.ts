/** The store's intents over any sorted rows: what LevelDB and the memory engine share. */

import { StoreError } from '../../crypto/errors.ts';
import * as accounts from './account-intents.ts';
import * as capabilities from './capability-intents.ts';
import * as keys from './key-intents.ts';
import { devicePath, FORMAT_KEY, isHot, mailKey } from './keyspace.ts';
import * as mailboxes from './mailbox-intents.ts';
import { readRecords } from './record-rows.ts';
import type { RowDisk } from './row-disk.ts';
import { decodeDay, decodeMail, encodeDay } from './rows.ts';
import * as sessions from './session-intents.ts';
import { StagedRows } from './staged-rows.ts';
import type { Mailbox, MailboxEntry, MailboxRange, RelayStore } from './store.ts';
import { measure, Sweeper, sampleEnvelope } from './sweep.ts';

export const STORE_FORMAT = 1;
/** Envelopes read at a time: below this many, one read of the disk less is worth less than their memory. */
const READ_AT_A_TIME = 32;

/** @throws StoreError `store-too-new` when a later program wrote this store. */
export async function prepareFormat(disk: RowDisk): Promise<void> {
  const row = disk.get(FORMAT_KEY);
  if (row === undefined) {
    await disk.write(new Map([[FORMAT_KEY, encodeDay(STORE_FORMAT)]]));
    return;
  }
  if (decodeDay(row) > STORE_FORMAT) {
    throw new StoreError('store-too-new', `the store has format ${decodeDay(row)}, not ${STORE_FORMAT}`);
  }
}

export function createRowStore(disk: RowDisk): RelayStore {
  const rows = new StagedRows(disk, isHot);
  const sweeper = new Sweeper(rows);
  return {
    createAccount: (account) => rows.transact((tx) => accounts.createAccount(tx, account)),
    account: (account) => rows.settled(() => accounts.readAccount(rows, account)),
    accountByName: (username) => rows.settled(() => accounts.readAccountByName(rows, username)),
    records: (account, range) => rows.settled(() => readRecords(rows, account, range)),
    casRecord: (next) => rows.transact((tx) => accounts.casRecord(tx, next)),
    passwordHash: (account) => rows.settled(() => accounts.readPasswordHash(rows, account)),
    setPasswordHash: (account, hash) => rows.transact((tx) => accounts.setPasswordHash(tx, account, hash)),
    setListed: (account, listed) => rows.transact((tx) => accounts.setListed(tx, account, listed)),
    deleteAccount: (account) => rows.transact((tx) => accounts.deleteAccount(tx, account)),

    openSession: async (params) => {
      if (!rows.readOnly) return rows.transact((tx) => sessions.openSession(tx, params, true));
      return sessions.openSession(readingOnly(rows), params, false);
    },
    sessions: (account) => rows.settled(() => sessions.listSessions(rows, account)),
    revokeSession: (account, id) => rows.transact((tx) => sessions.revokeSession(tx, account, id)),

    addPreKeys: (params) => rows.transact((tx) => keys.addPreKeys(tx, params)),
    preKeyCounts: (account, device) => rows.settled(() => keys.readCounts(rows, devicePath(account, device))),
    takeBundles: (params) => rows.transact((tx) => keys.takeBundles(tx, params)),

    addCapabilities: (account, added, max) =>
      rows.transact((tx) => capabilities.addCapabilities(tx, account, added, max)),
    capability: (hash) => rows.settled(() => capabilities.readCapability(rows, hash)),
    endCapability: (account, hash, end, max) =>
      rows.transact((tx) => capabilities.endCapability(tx, account, hash, end, max)),

    appendMailbox: async (delivery, staged) => {
      const { outcome } = await rows.transact(
        (tx) => mailboxes.appendMailbox(tx, delivery),
        ({ entries }) => {
          for (const { mailbox, entry } of entries) staged?.(mailbox, entry);
        },
      );
      return outcome;
    },
    readMailbox: (mailbox, range) => readMailbox(rows, mailbox, range),
    ackUpTo: ({ account, device }, sequence, fence) =>
      rows.transact((tx) => mailboxes.ackUpTo(tx, devicePath(account, device), sequence, fence)),
    mailboxStatus: ({ account, device }) =>
      rows.settled(() => mailboxes.readMailboxStatus(rows, devicePath(account, device))),

    expire: (params) => sweeper.expire(params),
    upkeep: () => rows.upkeep(),
    stats: () => measure(rows),
    sampleEnvelope: () => sampleEnvelope(rows),
    get readOnly() {
      return rows.readOnly;
    },
    onVoided: (listener) => rows.onVoided(listener),
    flush: () => rows.flush(),
    close: () => rows.close(),
  };
}

function readingOnly(rows: StagedRows): Parameters<typeof sessions.openSession>[0] {
  const refuse = (): never => {
    throw new StoreError('store-unusable', 'a transaction that must not write tried to');
  };
  return { get: (key) => rows.get(key), put: refuse, delete: refuse };
}

async function readMailbox(
  rows: StagedRows,
  { account, device }: Mailbox,
  { afterSequence, maxMessages, maxBytes }: MailboxRange,
): Promise<readonly MailboxEntry[]> {
  const path = devicePath(account, device);
  const { first, next } = mailboxes.readHead(rows, path);
  const entries: MailboxEntry[] = [];
  let sequence = Math.max(afterSequence + 1, first);
  let sizeBytes = 0;
  // As long as nothing came there may be something behind what went while we read.
  while (sequence < next && entries.length < maxMessages) {
    const count = Math.min(READ_AT_A_TIME, next - sequence, maxMessages - entries.length);
    const keys = Array.from({ length: count }, (_, index) => mailKey(path, sequence + index));
    for (const row of await rows.getMany(keys)) {
      // Acknowledged or expired while we read.
      if (row !== undefined) {
        sizeBytes += row.length;
        if (sizeBytes > maxBytes && entries.length > 0) return entries;
        entries.push(decodeMail(sequence, row));
      }
      sequence++;
    }
  }
  return entries;
}
