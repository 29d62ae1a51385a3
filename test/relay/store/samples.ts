/** Made-up but well-formed things to put into a store. */

import { createHash } from 'node:crypto';
import type {
  Delivery,
  MailboxEntry,
  NewAccount,
  NextRecord,
  PreKeysEntry,
  RecordEntry,
  RelayStore,
} from '../../../relay/store/store.ts';

export const DAY = 20_000;
export const HOUR = 24 * DAY;
export const CONTACT = 1;
export const ADDRESS = 2;
export const SELF = 4;
export const LIVE = 1;
export const RETIRED = 2;
export const SWALLOWED = 3;

/** `length` bytes that depend on the label only. */
export function bytesOf(label: string, length: number): Uint8Array {
  return new Uint8Array(createHash('shake128', { outputLength: length }).update(label).digest());
}

export function idOf(name: string): Uint8Array {
  return bytesOf(`account ${name}`, 16);
}

export function capabilityOf(name: string): Uint8Array {
  return bytesOf(`capability ${name}`, 32);
}

export function deviceOf(name: string, id = 1): RecordEntry['devices'][number] {
  return { id, registrationId: 1_000 + id, identityKey: bytesOf(`identity ${name} ${id}`, 33) };
}

export function recordOf(name: string, sequence: number, devices = [deviceOf(name)]): RecordEntry {
  return {
    bytes: bytesOf(`record ${name} ${sequence}`, 200),
    sequence,
    hash: bytesOf(`hash ${name} ${sequence}`, 32),
    devices,
  };
}

export function preKeysOf(name: string, first: number, count: number): PreKeysEntry {
  const ids = Array.from({ length: count }, (_, index) => first + index);
  const signed = (kind: string, id: number, length: number) => ({
    id,
    publicKey: bytesOf(`${kind} ${name} ${id}`, length),
    signature: bytesOf(`signature ${kind} ${name} ${id}`, 64),
  });
  return {
    signedPreKey: signed('signed', 1, 33),
    lastResortKemPreKey: signed('last resort', 1, 1_569),
    oneTimePreKeys: ids.map((id) => ({ id, publicKey: bytesOf(`ec ${name} ${id}`, 33) })),
    oneTimeKemPreKeys: ids.map((id) => signed('kem', id, 1_569)),
  };
}

export function newAccount(name: string, changes: Partial<NewAccount> = {}): NewAccount {
  return {
    account: idOf(name),
    username: name,
    record: recordOf(name, 0),
    passwordHash: `$2b$10$${name}`,
    preKeys: preKeysOf(name, 100, 3),
    capabilities: [{ hash: capabilityOf(name), kind: CONTACT }],
    session: { device: 1, tokenHash: bytesOf(`token ${name}`, 32), label: 'laptop' },
    day: DAY,
    ...changes,
  };
}

export function nextRecord(name: string, sequence: number, devices = [deviceOf(name)]): NextRecord {
  return {
    account: idOf(name),
    previousHash: recordOf(name, sequence - 1).hash,
    record: recordOf(name, sequence, devices),
  };
}

export function deliveryTo(name: string, envelope: string, changes: Partial<Delivery> = {}): Delivery {
  return {
    account: idOf(name),
    authority: { kind: 'capability', hash: capabilityOf(name) },
    recordSequence: 0,
    envelopeId: bytesOf(`envelope ${envelope}`, 16),
    kind: 1,
    devices: [{ device: 1, registrationId: 1_001, bytes: bytesOf(`bytes ${envelope}`, 100) }],
    stampHour: HOUR,
    mailboxMessages: 10_000,
    mailboxBytes: 1_000_000,
    maxRecords: 100,
    maxRecordBytes: 65_536,
    ...changes,
  };
}

export function mailboxOf(name: string, device = 1): { account: Uint8Array; device: number } {
  return { account: idOf(name), device };
}

export async function read(
  store: RelayStore,
  name: string,
  device = 1,
  afterSequence = 0,
): Promise<readonly MailboxEntry[]> {
  const range = { afterSequence, maxMessages: 1_000, maxBytes: 10_000_000 };
  return store.readMailbox(mailboxOf(name, device), range);
}

/** Opens a session and returns its fencing number. */
export async function fence(store: RelayStore, name: string, device = 1): Promise<number> {
  const tokenHash = bytesOf(`token ${name}`, 32);
  const outcome = await store.openSession({ account: idOf(name), device, tokenHash, day: DAY });
  if (outcome.kind !== 'open') throw new Error(outcome.kind);
  return outcome.fence;
}
