/** Rows about other accounts. All are keyed by account id. */

import { MAX_CHAIN_RECORDS, MAX_RECORD_BYTES } from '../../../crypto/account/limits.ts';
import { decodeSessionRecord, encodeSessionRecord } from '../../../crypto/session/record.ts';
import {
  bytes,
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
  ACCOUNT_MAX_DEVICES,
  DEVICE_ID_MAX,
  REGISTRATION_ID_MAX,
  USERNAME_MAX_BYTES,
} from '../../../relay/protocol/limits.ts';
import {
  HELD_CAPABILITIES_MAX,
  IDENTITIES_MAX,
  LOCAL_NAME_MAX_BYTES,
  REQUEST_CONTENTS_MAX,
} from '../limits.ts';
import { residentTable, storedTable } from './define.ts';
import { accountId, choice, hash, publicKey, Stamp, secret } from './fields.ts';
import { RelayRow } from './own.ts';

const PeerDevice = message('PeerDevice', {
  id: required(1, uint({ max: DEVICE_ID_MAX })),
  registrationId: required(2, uint({ max: REGISTRATION_ID_MAX })),
  identityKey: required(3, publicKey),
});
export type PeerDevice = MessageOf<typeof PeerDevice>;

const PeerRow = message('PeerRow', {
  accountId: required(1, accountId),
  username: required(2, text({ max: USERNAME_MAX_BYTES })),
  relay: required(3, nested(RelayRow)),
  /** The newest record that was checked. */
  sequence: required(4, uint53),
  hash: required(5, hash),
  rootKey: required(6, publicKey),
  devices: repeated(7, nested(PeerDevice), { max: ACCOUNT_MAX_DEVICES }),
  /** 60 digits over both root keys and account ids: costs milliseconds, so it is computed once per root key. */
  safetyNumber: required(8, text({ max: 60 })),
});
/** What the records of an account say. */
export type PeerRow = MessageOf<typeof PeerRow>;
export const peersTable = residentTable<PeerRow>('peers', 20, PeerRow);

const ChainRow = message('ChainRow', {
  records: repeated(1, bytes({ max: MAX_RECORD_BYTES }), { max: MAX_CHAIN_RECORDS }),
});
/** All records as received, the own ones too: a chain is checked from its beginning. */
export type ChainRow = MessageOf<typeof ChainRow>;
export const chainsTable = storedTable<ChainRow>('chains', 21, ChainRow);

const Spent = message('Spent', { atMs: required(1, uint53), sizeBytes: required(2, uint32) });
export type Spent = MessageOf<typeof Spent>;

const ContactRow = message('ContactRow', {
  accountId: required(1, accountId),
  state: required(2, choice('requested', 'incoming', 'accepted', 'rejected')),
  localName: optional(3, text({ max: LOCAL_NAME_MAX_BYTES })),
  linkChecked: required(4, flag),
  blocked: required(5, flag),
  muted: required(6, flag),
  /** Not listed any more; history and sessions stay. */
  removed: required(7, flag),
  addedMs: required(8, uint53),
  /** Something was written to this person. */
  written: required(9, flag),
  /** Contents of ours, and of theirs, while there was no answer. */
  sent: repeated(10, nested(Spent), { max: REQUEST_CONTENTS_MAX }),
  received: repeated(11, nested(Spent), { max: REQUEST_CONTENTS_MAX }),
  /** SHA-256 of the capability of ours that this contact has. */
  given: optional(12, hash),
  acceptedMs: optional(13, uint53),
  /** When `accept` was last sent. */
  answeredMs: optional(14, uint53),
  stamp: required(15, nested(Stamp)),
});
export type ContactRow = MessageOf<typeof ContactRow>;
export const contactsTable = residentTable<ContactRow>('contacts', 22, ContactRow);

const TrustRow = message('TrustRow', {
  /** The root key that may be written to; absent: nothing goes out. */
  trustedRootKey: optional(1, publicKey),
  /** The root key whose number was compared; stays when the key changes, because then more is asked for. */
  verifiedRootKey: optional(2, publicKey),
  distrusted: required(3, flag),
  /** Trusted only because it was the first key seen. */
  firstUse: required(4, flag),
  stamp: required(5, nested(Stamp)),
});
export type TrustRow = MessageOf<typeof TrustRow>;
export const trustTable = residentTable<TrustRow>('trust', 23, TrustRow);

const IdentityEntry = message('IdentityEntry', {
  rootKey: required(1, publicKey),
  sinceMs: required(2, uint53),
  /** The previous root signed for it; true for the first one. */
  signed: required(3, flag),
});
const IdentitiesRow = message('IdentitiesRow', {
  entries: repeated(1, nested(IdentityEntry), { max: IDENTITIES_MAX }),
});
/** Every root key this account was seen with, oldest first. */
export type IdentitiesRow = MessageOf<typeof IdentitiesRow>;
export const identitiesTable = storedTable<IdentitiesRow>('identities', 24, IdentitiesRow);

const HeldCapability = message('HeldCapability', {
  capability: required(1, secret('Capability', { length: 32 })),
  /** `CAPABILITY_KIND`. */
  kind: required(2, uint8),
  sinceMs: required(3, uint53),
});
export type HeldCapability = MessageOf<typeof HeldCapability>;
const HeldRow = message('HeldRow', {
  entries: repeated(1, nested(HeldCapability), { max: HELD_CAPABILITIES_MAX }),
  stamp: required(2, nested(Stamp)),
});
/** Capabilities that this contact gave us, the newest last. */
export type HeldRow = MessageOf<typeof HeldRow>;
export const heldTable = residentTable<HeldRow>('held', 25, HeldRow);

const FetchRow = message('FetchRow', { sinceMs: required(1, uint53) });
/** The records of this account are to be fetched. */
export type FetchRow = MessageOf<typeof FetchRow>;
export const fetchesTable = residentTable<FetchRow>('fetches', 26, FetchRow);

/** Live session objects, keyed by account id and device. */
export const sessionsTable = storedTable('sessions', 27, {
  encode: encodeSessionRecord,
  decode: decodeSessionRecord,
});
