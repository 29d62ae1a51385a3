/** What goes through the whole store: expiry and counting, in small steps between which others get their turn. */

import { fromHex } from '../../crypto/bytes.ts';
import { readAccountRow } from './account-row.ts';
import { hasBundle } from './key-intents.ts';
import { ACCOUNTS, DELIVERED, devicePath, HEADS, mailKey, TAKEN } from './keyspace.ts';
import { expireMailbox, readHead } from './mailbox-intents.ts';
import type { Row } from './row-disk.ts';
import { decodeDay, decodeHead, decodeMail } from './rows.ts';
import type { StagedRows } from './staged-rows.ts';
import { DELIVERY_MEMORY_DAYS, type ExpiryParams, type StoreStats, TAKEN_KEY_MEMORY_DAYS } from './store.ts';

const ROWS_PER_STEP = 512;
/** Envelopes are read while everybody waits, and each may have 96 KiB. */
const EXPIRED_PER_STEP = 64;
const HOURS_PER_DAY = 24;

async function* steps(rows: StagedRows, prefix: string): AsyncGenerator<readonly Row[]> {
  let after: string | undefined;
  while (true) {
    const step = await rows.scan(prefix, after, ROWS_PER_STEP);
    yield step;
    after = step.at(-1)?.key;
    if (step.length < ROWS_PER_STEP) return;
  }
}

export class Sweeper {
  readonly #rows: StagedRows;
  /** What is kept for days is looked through once a day. */
  #sweptDay = -1;

  constructor(rows: StagedRows) {
    this.#rows = rows;
  }

  /** @returns how many messages were dropped */
  async expire({ nowHour, mailboxHours }: ExpiryParams): Promise<number> {
    const rows = this.#rows;
    let dropped = 0;
    for await (const step of steps(rows, HEADS)) {
      for (const { key, value } of step) {
        const { first, next } = decodeHead(value);
        if (first === next) continue;
        dropped += await expireOne(rows, key.slice(HEADS.length), nowHour - mailboxHours);
      }
    }
    const today = Math.floor(nowHour / HOURS_PER_DAY);
    if (today !== this.#sweptDay) {
      await forget(rows, DELIVERED, today - DELIVERY_MEMORY_DAYS);
      await forget(rows, TAKEN, today - TAKEN_KEY_MEMORY_DAYS);
      this.#sweptDay = today;
    }
    return dropped;
  }
}

async function expireOne(rows: StagedRows, path: string, oldestHour: number): Promise<number> {
  let dropped = 0;
  while (true) {
    const step = await rows.transact((tx) => expireMailbox(tx, path, oldestHour, EXPIRED_PER_STEP));
    dropped += step;
    if (step < EXPIRED_PER_STEP) return dropped;
  }
}

async function forget(rows: StagedRows, prefix: string, beforeDay: number): Promise<void> {
  for await (const step of steps(rows, prefix)) {
    const old = step.filter(({ value }) => decodeDay(value) < beforeDay);
    if (old.length === 0) continue;
    await rows.transact((tx) => {
      for (const { key } of old) tx.delete(key);
    });
  }
}

export async function measure(rows: StagedRows): Promise<StoreStats> {
  await rows.flush();
  let accounts = 0;
  let bundles = 0;
  for await (const step of steps(rows, ACCOUNTS)) {
    for (const { key } of step) {
      const account = fromHex(key.slice(ACCOUNTS.length));
      const devices = readAccountRow(rows, account)?.devices ?? [];
      accounts++;
      bundles += devices.filter(({ id }) => hasBundle(rows, devicePath(account, id))).length;
    }
  }
  let mailboxes = 0;
  let messages = 0;
  let bytes = 0;
  for await (const step of steps(rows, HEADS)) {
    for (const { value } of step) {
      const head = decodeHead(value);
      mailboxes++;
      messages += head.next - head.first;
      bytes += head.bytesIn - head.bytesOut;
    }
  }
  return { accounts, bundles, mailboxes, messages, bytes };
}

export async function sampleEnvelope(rows: StagedRows): Promise<Uint8Array | undefined> {
  await rows.flush();
  for await (const step of steps(rows, HEADS)) {
    for (const { key } of step) {
      const path = key.slice(HEADS.length);
      const { first, next } = readHead(rows, path);
      const row = first < next ? rows.get(mailKey(path, first)) : undefined;
      if (row !== undefined) return decodeMail(first, row).bytes;
    }
  }
  return undefined;
}
