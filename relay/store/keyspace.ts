/**
 * The key layout of the relay's store, on one page. Keys are text and sort as text; A is an account id in 32
 * hex digits, D a device in 2, S a sequence in 12, so that the entries of a mailbox, the keys of a bundle and
 * the records of an account are each one contiguous range.
 *
 *   meta/format          number of this layout
 *   account/A            what the newest record says, and whether the account is listed
 *   name/NAME            account id; empty when the account was deleted: the name stays taken
 *   record/A/S           signed records as received
 *   password/A           bcrypt of the auth key
 *   sessions/A           all device sessions
 *   key/K                account that lists the identity key K
 *   device/A/D           fencing number, day of the last connection
 *   bundle/A/D/signed    signed pre-key and last-resort KEM pre-key
 *   bundle/A/D/pool      ids of the one-time keys, in the order they are handed out
 *   bundle/A/D/ec/ID     one-time pre-key          bundle/A/D/kem/ID   one-time KEM pre-key
 *   taken/A/D/KIND/ID    day on which a one-time key was handed out
 *   capability/HASH      account, kind, end        capabilities/A      how many the account has
 *   head/A/D             first live and next sequence of a mailbox, bytes in and out
 *   mail/A/D/S           envelopes
 *   delivered/HASH       day of a delivery, by which a repetition is recognised
 */

import { Buffer } from 'node:buffer';

export const FORMAT_KEY = 'meta/format';
export const ACCOUNTS = 'account/';
export const POOLS = 'bundle/';
export const TAKEN = 'taken/';
export const HEADS = 'head/';
export const MAIL = 'mail/';
export const DELIVERED = 'delivered/';

const SEQUENCE_DIGITS = 12;

export type OneTimeKind = 'ec' | 'kem';

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function deviceHex(device: number): string {
  return device.toString(16).padStart(2, '0');
}

export function sequenceHex(sequence: number): string {
  return sequence.toString(16).padStart(SEQUENCE_DIGITS, '0');
}

export function accountKey(account: Uint8Array): string {
  return `${ACCOUNTS}${hexOf(account)}`;
}

export function nameKey(username: string): string {
  return `name/${username}`;
}

export function recordKey(account: Uint8Array, sequence: number): string {
  return `record/${hexOf(account)}/${sequenceHex(sequence)}`;
}

export function passwordKey(account: Uint8Array): string {
  return `password/${hexOf(account)}`;
}

export function sessionsKey(account: Uint8Array): string {
  return `sessions/${hexOf(account)}`;
}

export function identityKeyKey(identityKey: Uint8Array): string {
  return `key/${hexOf(identityKey)}`;
}

/** `A/D`, the part that all keys of a device have in common. */
export function devicePath(account: Uint8Array, device: number): string {
  return `${hexOf(account)}/${deviceHex(device)}`;
}

export function deviceKey(path: string): string {
  return `device/${path}`;
}

export function signedKeysKey(path: string): string {
  return `bundle/${path}/signed`;
}

export function poolKey(path: string): string {
  return `bundle/${path}/pool`;
}

export function oneTimeKey(path: string, kind: OneTimeKind, id: number): string {
  return `bundle/${path}/${kind}/${id}`;
}

export function takenKey(path: string, kind: OneTimeKind, id: number): string {
  return `${TAKEN}${path}/${kind}/${id}`;
}

export function capabilityKey(hash: Uint8Array): string {
  return `capability/${hexOf(hash)}`;
}

export function capabilitiesKey(account: Uint8Array): string {
  return `capabilities/${hexOf(account)}`;
}

export function headKey(path: string): string {
  return `${HEADS}${path}`;
}

export function mailKey(path: string, sequence: number): string {
  return `${MAIL}${path}/${sequenceHex(sequence)}`;
}

/** Small rows that are read again and again; one-time keys and mail pass through once. */
export function isHot(key: string): boolean {
  switch (key[0]) {
    case 'a':
    case 'c':
    case 'h':
      return true;
    case 'd':
      return key.startsWith('device/');
    case 'b':
      return key.endsWith('/signed') || key.endsWith('/pool');
    default:
      return false;
  }
}
