/** What the relay knows, for its operator: counts, and everything it holds about one account. */

import { formatAccountId, parseAccountId } from '../../crypto/account/account-id.ts';
import { canonicalName } from '../../crypto/account/username.ts';
import { toHex } from '../../crypto/bytes.ts';
import { ChatError, StoreError } from '../../crypto/errors.ts';
import type { Relay } from '../core/ports.ts';
import type { AccountEntry, RelayStore } from '../store/store.ts';

const DAY_MS = 86_400_000;
/** Enough to see that it is noise. */
const SAMPLE_MAX_BYTES = 256;

export interface RelayInspection {
  readonly accounts: number;
  readonly bundles: number;
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  /** Of all those bytes the relay can read none: it holds no key that opens anything. */
  readonly readableBytes: 0;
  readonly sample?: { readonly sizeBytes: number; readonly envelope: string };
}

export interface AccountInspection {
  readonly username: string;
  readonly account: string;
  readonly created: string;
  readonly listed: boolean;
  readonly passphrase: boolean;
  readonly recordSequence: number;
  readonly devices: readonly {
    readonly id: number;
    readonly oneTimePreKeys: number;
    readonly oneTimeKemPreKeys: number;
    readonly messages: number;
    readonly bytes: number;
  }[];
  readonly sessions: readonly {
    readonly device: number;
    readonly created: string;
    readonly lastUsed: string;
  }[];
}

export async function inspectRelay(relay: Relay, store: RelayStore): Promise<RelayInspection> {
  const { accounts, bundles, mailboxes, messages, bytes } = await relay.stats();
  const sample = await store.sampleEnvelope();
  return {
    accounts,
    bundles,
    mailboxes,
    messages,
    bytes,
    readableBytes: 0,
    ...(sample === undefined
      ? {}
      : { sample: { sizeBytes: sample.length, envelope: toHex(sample.subarray(0, SAMPLE_MAX_BYTES)) } }),
  };
}

/** @throws StoreError `not-found` */
export async function inspectAccount(store: RelayStore, name: string): Promise<AccountInspection> {
  const entry = await findAccount(store, name);
  const { account } = entry;
  const devices = await Promise.all(
    entry.devices.map(async ({ id }) => {
      const counts = await store.preKeyCounts(account, id);
      const { messages, bytes } = await store.mailboxStatus({ account, device: id });
      return { id, ...counts, messages, bytes };
    }),
  );
  const sessions = await store.sessions(account);
  return {
    username: entry.username,
    account: formatAccountId(parseAccountId(account)),
    created: formatDay(entry.createdDay),
    listed: entry.listed,
    passphrase: (await store.passwordHash(account)) !== undefined,
    recordSequence: entry.sequence,
    devices,
    sessions: sessions.map(({ device, createdDay, lastUsedDay }) => ({
      device,
      created: formatDay(createdDay),
      lastUsed: formatDay(lastUsedDay),
    })),
  };
}

async function findAccount(store: RelayStore, name: string): Promise<AccountEntry> {
  const entry = await store.accountByName(canonicalOf(name));
  if (entry === undefined) throw notFound();
  return entry;
}

function canonicalOf(name: string): string {
  try {
    return canonicalName(name);
  } catch (error) {
    if (error instanceof ChatError) throw notFound();
    throw error;
  }
}

function notFound(): StoreError {
  return new StoreError('not-found', 'there is no account of this name', {
    hints: ['how many there are: intechat-relay inspect'],
  });
}

function formatDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
