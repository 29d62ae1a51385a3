/** Rows about the own account, its settings, its pre-keys and the capabilities it gives out. */

import {
  decodeKemPreKeyRecord,
  decodePreKeyRecord,
  decodeSignedPreKeyRecord,
  encodeKemPreKeyRecord,
  encodePreKeyRecord,
  encodeSignedPreKeyRecord,
} from '../../../crypto/keys/prekeys.ts';
import {
  flag,
  type MessageOf,
  message,
  nested,
  optional,
  repeated,
  required,
  text,
  uint,
  uint8,
  uint32,
  uint53,
} from '../../../crypto/wire/schema.ts';
import {
  DEVICE_ID_MAX,
  LABEL_MAX_BYTES,
  ONE_TIME_KEYS_PER_UPLOAD_MAX,
  REGISTRATION_ID_MAX,
  USERNAME_MAX_BYTES,
} from '../../../relay/protocol/limits.ts';
import { RETIRING_KEYS_MAX } from '../limits.ts';
import { residentTable, storedTable } from './define.ts';
import { accountId, choice, hash, keyPair, publicKey, Stamp, secret } from './fields.ts';

export const RelayRow = message('RelayRow', {
  fingerprint: required(1, hash),
  host: required(2, text({ max: 253 })),
  port: required(3, uint({ max: 65_535 })),
});
export type RelayRow = MessageOf<typeof RelayRow>;

const AccountRow = message('AccountRow', {
  accountId: required(1, accountId),
  username: required(2, text({ max: USERNAME_MAX_BYTES })),
  device: required(3, uint({ max: DEVICE_ID_MAX })),
  registrationId: required(4, uint({ max: REGISTRATION_ID_MAX })),
  identityKeyPair: required(5, keyPair),
  relay: required(6, nested(RelayRow)),
  /** The newest own record. */
  sequence: required(7, uint53),
  hash: required(8, hash),
  rootKey: required(9, publicKey),
  sessionToken: required(10, secret('SessionToken', { length: 32 })),
  state: required(11, choice('registering', 'active', 'signed-out')),
  /** Until the user confirmed that the words are written down. */
  recoverySecret: optional(12, secret('RecoverySecret', { length: 32 })),
  createdMs: required(13, uint53),
  hasPassphrase: required(14, flag),
  label: optional(15, text({ max: LABEL_MAX_BYTES })),
  /** A record of the own account that the own root did not sign. */
  foreignResetAt: optional(16, uint53),
});
export type AccountRow = MessageOf<typeof AccountRow>;
export const accountTable = residentTable<AccountRow>('account', 1, AccountRow);

const SettingsRow = message('SettingsRow', {
  acceptFrom: required(1, choice('everyone', 'ask', 'nobody')),
  listed: required(2, flag),
  /** What the relay last confirmed. */
  listedAtRelay: required(3, flag),
  stamp: required(4, nested(Stamp)),
});
export type SettingsRow = MessageOf<typeof SettingsRow>;
export const settingsTable = residentTable<SettingsRow>('settings', 2, SettingsRow);

const CountersRow = message('CountersRow', {
  lamport: required(1, uint53),
  /** Last position of the event log. */
  position: required(2, uint53),
  /** Last order number of the outbox. */
  order: required(3, uint53),
  seenFirst: required(4, uint53),
  seenNext: required(5, uint53),
  nextSweepMs: required(6, uint53),
  /** Envelopes that were dropped without a line, for `status` and for tests. */
  dropped: required(7, uint53),
  /** 0: no refill is planned. */
  capabilityRefillMs: required(8, uint53),
});
export type CountersRow = MessageOf<typeof CountersRow>;
export const countersTable = residentTable<CountersRow>('counters', 3, CountersRow);

const RetiringKey = message('RetiringKey', {
  kind: required(1, choice('signed', 'kem')),
  id: required(2, uint32),
  /** 31 days after the relay confirmed the successor. */
  wipeMs: required(3, uint53),
});

const PreKeyState = message('PreKeyState', {
  signedId: required(1, uint32),
  lastResortId: required(2, uint32),
  /** When this pair was made. */
  madeMs: required(3, uint53),
  /** The pair that it replaced, until the relay confirmed the new one. */
  previousSignedId: optional(4, uint32),
  previousLastResortId: optional(5, uint32),
  retiring: repeated(6, nested(RetiringKey), { max: RETIRING_KEYS_MAX }),
  /** What the relay holds, as it last said. */
  oneTimePreKeys: required(7, uint32),
  oneTimeKemPreKeys: required(8, uint32),
  /** 0: no refill is planned. */
  refillMs: required(9, uint53),
});
export type PreKeyState = MessageOf<typeof PreKeyState>;
export const preKeyStateTable = residentTable<PreKeyState>('prekey-state', 4, PreKeyState);

const ids = { max: ONE_TIME_KEYS_PER_UPLOAD_MAX };
const UploadRow = message('UploadRow', {
  number: required(1, uint32),
  signedId: optional(2, uint32),
  lastResortId: optional(3, uint32),
  oneTimeIds: repeated(4, uint32, ids),
  kemIds: repeated(5, uint32, ids),
});
/** Keys that the relay has not confirmed yet; keyed by `number`. */
export type UploadRow = MessageOf<typeof UploadRow>;
export const uploadsTable = residentTable<UploadRow>('uploads', 5, UploadRow);

export const preKeysTable = storedTable('prekeys', 6, {
  encode: encodePreKeyRecord,
  decode: decodePreKeyRecord,
});
export const signedPreKeysTable = storedTable('signed-prekeys', 7, {
  encode: encodeSignedPreKeyRecord,
  decode: decodeSignedPreKeyRecord,
});
/** One-time and last-resort KEM keys. */
export const kemPreKeysTable = storedTable('kem-prekeys', 8, {
  encode: encodeKemPreKeyRecord,
  decode: decodeKemPreKeyRecord,
});

const IssuedRow = message('IssuedRow', {
  capability: required(1, secret('Capability', { length: 32 })),
  /** `CAPABILITY_KIND`. */
  kind: required(2, uint8),
  wanted: required(3, choice('live', 'retired', 'swallowed')),
  atRelay: required(4, choice('unregistered', 'live', 'retired', 'swallowed')),
  createdMs: required(5, uint53),
  /** Whom it was handed to. */
  account: optional(6, accountId),
  givenMs: optional(7, uint53),
  stamp: required(8, nested(Stamp)),
});
/** A capability of ours, keyed by its SHA-256. */
export type IssuedRow = MessageOf<typeof IssuedRow>;
export const issuedTable = residentTable<IssuedRow>('issued', 9, IssuedRow);
