/**
 * The bytes of account records: a body, and around it what proves who wrote it.
 *
 * @see docs/wire-content.md, "Account records"
 */

import { concatBytes, utf8 } from '../bytes.ts';
import { MAX_REGISTRATION_ID, SIGNATURE_BYTES } from '../constants.ts';
import { CodecError } from '../errors.ts';
import { type PublicKey, parseIdentityKey } from '../keys/keys.ts';
import { canSignObject } from '../keys/signature.ts';
import { sha256 } from '../primitives/hash.ts';
import { fieldBytes } from '../wire/protobuf.ts';
import {
  bytes,
  type FieldType,
  type MessageOf,
  message,
  nested,
  optional,
  repeated,
  required,
  text,
  uint,
  uint53,
} from '../wire/schema.ts';
import { deviceId } from './device-id.ts';
import { MAX_DEVICES, MAX_NAME_BYTES, MAX_RECORD_BYTES, MAX_SEALED_NAME_BYTES } from './limits.ts';

export const RECORD_DOMAIN = 'record';
export const HASH_BYTES = 32;
const RECORD_HASH_DOMAIN = utf8('InteChat record hash v1');
/** Any byte will do: it only makes the body longer. */
const FILLER = new Uint8Array(1);

/** An own key that must verify signatures: canonical and of prime order. Decoded values are copies. */
const identityKey: FieldType<PublicKey> = {
  write: (writer, number, value) => writer.bytes(number, value),
  read: (field, name) => parseIdentityKey(fieldBytes(field, name)),
};

/** One device of an account. `signature` is its own key's, so nobody can list a key that is not theirs. */
export const DeviceEntry = message('DeviceEntry', {
  id: required(1, deviceId),
  registrationId: required(2, uint({ max: MAX_REGISTRATION_ID })),
  identityKey: required(3, identityKey),
  signature: required(4, bytes({ length: SIGNATURE_BYTES })),
  /** For the own devices only; empty until linking defines its key. */
  sealedName: required(5, bytes({ max: MAX_SEALED_NAME_BYTES })),
});
export type DeviceEntry = MessageOf<typeof DeviceEntry>;

const AccountRecordBody = message('AccountRecord', {
  version: required(1, uint({ max: 0xffff })),
  sequence: required(2, uint53),
  previousHash: required(3, bytes({ length: HASH_BYTES })),
  username: required(4, text({ max: MAX_NAME_BYTES })),
  relayFingerprint: required(5, bytes({ length: HASH_BYTES })),
  rootKey: required(6, identityKey),
  devices: repeated(7, nested(DeviceEntry), { max: MAX_DEVICES }),
  timeMs: required(8, uint53),
  /** Means nothing; steps over the lengths that no signed object of ours may have. */
  filler: optional(15, bytes({ max: 16 })),
});
/** What an account says about itself; `filler` left out. */
export type AccountRecord = Omit<MessageOf<typeof AccountRecordBody>, 'filler'>;

const RecordVersion = message('AccountRecord', { version: required(1, uint53) });

/** Who signed a record. */
export const SIGNER = { root: 1, device: 2, enrolment: 3 } as const;

export const Enrolment = message('Enrolment', {
  statement: required(1, bytes({ max: 256 })),
  /** The issuing device's, over the statement. */
  signature: required(2, bytes({ length: SIGNATURE_BYTES })),
});
export type Enrolment = MessageOf<typeof Enrolment>;

/** A record as it travels and is stored. */
export const SignedRecord = message('SignedRecord', {
  body: required(1, bytes({ max: MAX_RECORD_BYTES })),
  signature: required(2, bytes({ length: SIGNATURE_BYTES })),
  signer: required(3, uint({ max: 0xff })),
  signerDeviceId: optional(4, deviceId),
  enrolment: optional(5, nested(Enrolment)),
});
export type SignedRecord = MessageOf<typeof SignedRecord>;

/** @returns body bytes whose signed form has none of the lengths that Signal signs. */
export function encodeAccountRecord(record: AccountRecord): Uint8Array {
  const body = AccountRecordBody.encode(record);
  return canSignObject(RECORD_DOMAIN, body) ? body : AccountRecordBody.encode({ ...record, filler: FILLER });
}

/** @throws CodecError of the schema, and `invalid-key`. */
export function decodeAccountRecord(body: Uint8Array): AccountRecord {
  const { filler: _, ...record } = AccountRecordBody.decode(body);
  return record;
}

/** The version alone, so that a record of a later version can be told from a broken one. */
export function decodeRecordVersion(body: Uint8Array): number {
  return RecordVersion.decode(body).version;
}

/** @throws CodecError `too-long` above 4,096 bytes, and those of the schema. */
export function decodeSignedRecord(record: Uint8Array): SignedRecord {
  if (record.length > MAX_RECORD_BYTES) {
    throw new CodecError('too-long', `record has ${record.length} bytes, at most ${MAX_RECORD_BYTES}`);
  }
  // A copy, because the decoded values are views and live as long as the account's state.
  return SignedRecord.decode(concatBytes(record));
}

/** @returns SHA-256("InteChat record hash v1" || body), 32 bytes: what the next record names as previous. */
export function hashRecordBody(body: Uint8Array): Uint8Array {
  return sha256(RECORD_HASH_DOMAIN, body);
}
