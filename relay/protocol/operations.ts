/**
 * The operations of the relay: a number, a request and a response each.
 *
 * An account is named by its 16-byte account id, a device by its number. `authority` of an anonymous
 * operation is a capability (32 random bytes, its SHA-256 is what the relay holds); a signed-in connection
 * leaves it out where the operation allows that.
 *
 * @see docs/wire-relay.md
 */

import {
  bytes,
  flag,
  type MessageCodec,
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
} from '../../crypto/wire/schema.ts';
import {
  ACCOUNT_MAX_DEVICES,
  AUTH_KEY_TEXT_BYTES,
  CAPABILITIES_PER_UPLOAD_MAX,
  DEVICE_ID_MAX,
  ENVELOPE_MAX_BYTES,
  INVITE_CODE_MAX_BYTES,
  LABEL_MAX_BYTES,
  ONE_TIME_KEYS_PER_UPLOAD_MAX,
  PUSH_WINDOW_MAX,
  RECORD_MAX_BYTES,
  RECORDS_PER_ANSWER_MAX,
  REGISTRATION_ID_MAX,
  SESSIONS_MAX,
  STAGE_MAX_BYTES,
  USERNAME_MAX_BYTES,
} from './limits.ts';

const accountId = bytes({ length: 16 });
const envelopeId = bytes({ length: 16 });
const capability = bytes({ length: 32 });
const hash = bytes({ length: 32 });
const token = bytes({ length: 32 });
const signature = bytes({ length: 64 });
const publicKey = bytes({ length: 33 });
const kemPublicKey = bytes({ length: 1569 });
const deviceId = uint({ max: DEVICE_ID_MAX });
const registrationId = uint({ max: REGISTRATION_ID_MAX });
const record = bytes({ max: RECORD_MAX_BYTES });
const records = repeated(1, record, { max: RECORDS_PER_ANSWER_MAX });
const username = text({ max: USERNAME_MAX_BYTES });
const authKey = text({ max: AUTH_KEY_TEXT_BYTES });

export const Empty = message('Empty', {});
export type Empty = MessageOf<typeof Empty>;

export const SignedPreKey = message('SignedPreKey', {
  id: required(1, uint32),
  publicKey: required(2, publicKey),
  signature: required(3, signature),
});
export type SignedPreKey = MessageOf<typeof SignedPreKey>;

export const KemPreKey = message('KemPreKey', {
  id: required(1, uint32),
  publicKey: required(2, kemPublicKey),
  signature: required(3, signature),
});
export type KemPreKey = MessageOf<typeof KemPreKey>;

export const OneTimePreKey = message('OneTimePreKey', {
  id: required(1, uint32),
  publicKey: required(2, publicKey),
});
export type OneTimePreKey = MessageOf<typeof OneTimePreKey>;

/** Adds one-time keys; replaces the signed and the last-resort key when they are given. */
export const PreKeyUpload = message('PreKeyUpload', {
  signedPreKey: optional(1, nested(SignedPreKey)),
  lastResortKemPreKey: optional(2, nested(KemPreKey)),
  oneTimePreKeys: repeated(3, nested(OneTimePreKey), { max: ONE_TIME_KEYS_PER_UPLOAD_MAX }),
  oneTimeKemPreKeys: repeated(4, nested(KemPreKey), { max: ONE_TIME_KEYS_PER_UPLOAD_MAX }),
});
export type PreKeyUpload = MessageOf<typeof PreKeyUpload>;

export const PreKeyCounts = message('PreKeyCounts', {
  oneTimePreKeys: required(1, uint32),
  oneTimeKemPreKeys: required(2, uint32),
});
export type PreKeyCounts = MessageOf<typeof PreKeyCounts>;

/** Who may use a capability for what (identity.md section 5 in the design; docs/wire-relay.md). */
export const CAPABILITY_KIND = { contact: 1, address: 2, group: 3, self: 4 } as const;
/** `retired` answers capability-retired; `swallowed` answers as before and drops the content. */
export const CAPABILITY_END = { live: 1, retired: 2, swallowed: 3 } as const;

export const NewCapability = message('NewCapability', {
  hash: required(1, hash),
  kind: required(2, uint8),
});
export type NewCapability = MessageOf<typeof NewCapability>;

const newCapabilities = { max: CAPABILITIES_PER_UPLOAD_MAX };

/** One transaction; the same record 0 again is answered as success, so a lost answer never burns a name. */
export const RegisterRequest = message('RegisterRequest', {
  record: required(1, record),
  /** base64 without padding of the 32-byte auth key; absent for a key-file account. */
  authKey: optional(2, authKey),
  inviteCode: optional(3, text({ max: INVITE_CODE_MAX_BYTES })),
  preKeys: required(4, nested(PreKeyUpload)),
  capabilities: repeated(5, nested(NewCapability), newCapabilities),
  sessionTokenHash: required(6, hash),
  label: optional(7, text({ max: LABEL_MAX_BYTES })),
});
export type RegisterRequest = MessageOf<typeof RegisterRequest>;

/** Opens a device session on this connection: `signature` is the device key's over the session challenge. */
export const SignInRequest = message('SignInRequest', {
  account: required(1, accountId),
  device: required(2, deviceId),
  token: required(3, token),
  signature: required(4, signature),
  label: optional(5, text({ max: LABEL_MAX_BYTES })),
});
export type SignInRequest = MessageOf<typeof SignInRequest>;

export const SignInResponse = message('SignInResponse', {
  /** Sequence of the newest own record. */
  recordSequence: required(1, uint53),
  preKeys: required(2, nested(PreKeyCounts)),
  /** Messages waiting in the mailbox. */
  waiting: required(3, uint32),
});
export type SignInResponse = MessageOf<typeof SignInResponse>;

export const PasswordSignInRequest = message('PasswordSignInRequest', {
  username: required(1, username),
  authKey: required(2, authKey),
});
export type PasswordSignInRequest = MessageOf<typeof PasswordSignInRequest>;

export const AccountResponse = message('AccountResponse', {
  account: required(1, accountId),
});
export type AccountResponse = MessageOf<typeof AccountResponse>;

/** Enrolment session: the challenge signed by the account root key or by an enrolment key. */
export const EnrolmentSignInRequest = message('EnrolmentSignInRequest', {
  account: required(1, accountId),
  signature: required(2, signature),
  enrolmentStatement: optional(3, bytes({ max: 512 })),
});
export type EnrolmentSignInRequest = MessageOf<typeof EnrolmentSignInRequest>;

export const RecordsResponse = message('RecordsResponse', {
  records,
  account: optional(2, accountId),
  /** Reserved for the key log. */
  proof: optional(15, bytes({ max: 65_536 })),
});
export type RecordsResponse = MessageOf<typeof RecordsResponse>;

export const FetchOwnRecordsRequest = message('FetchOwnRecordsRequest', {
  /** Absent: from record 0. */
  afterSequence: optional(1, uint53),
});
export type FetchOwnRecordsRequest = MessageOf<typeof FetchOwnRecordsRequest>;

/** Compare-and-swap: accepted only as the direct successor of the newest record. */
export const SubmitRecordRequest = message('SubmitRecordRequest', { record: required(1, record) });
export type SubmitRecordRequest = MessageOf<typeof SubmitRecordRequest>;

export const SetAuthKeyRequest = message('SetAuthKeyRequest', { authKey: optional(1, authKey) });
export type SetAuthKeyRequest = MessageOf<typeof SetAuthKeyRequest>;

export const LookUpRequest = message('LookUpRequest', { username: required(1, username) });
export type LookUpRequest = MessageOf<typeof LookUpRequest>;

export const FetchRecordsRequest = message('FetchRecordsRequest', {
  account: required(1, accountId),
  capability: optional(2, capability),
  afterSequence: optional(3, uint53),
});
export type FetchRecordsRequest = MessageOf<typeof FetchRecordsRequest>;

/** With a contact capability each bundle takes one one-time key of each kind; everybody else gets the last-resort set. */
export const FetchBundlesRequest = message('FetchBundlesRequest', {
  account: required(1, accountId),
  capability: optional(2, capability),
  /** Empty: every device of the newest record. */
  devices: repeated(3, deviceId, { max: ACCOUNT_MAX_DEVICES }),
});
export type FetchBundlesRequest = MessageOf<typeof FetchBundlesRequest>;

export const DeviceBundle = message('DeviceBundle', {
  device: required(1, deviceId),
  registrationId: required(2, registrationId),
  identityKey: required(3, publicKey),
  signedPreKey: required(4, nested(SignedPreKey)),
  kemPreKey: required(5, nested(KemPreKey)),
  oneTimePreKey: optional(6, nested(OneTimePreKey)),
});
export type DeviceBundle = MessageOf<typeof DeviceBundle>;

export const BundlesResponse = message('BundlesResponse', {
  recordSequence: required(1, uint53),
  bundles: repeated(2, nested(DeviceBundle), { max: ACCOUNT_MAX_DEVICES }),
});
export type BundlesResponse = MessageOf<typeof BundlesResponse>;

export const RegisterCapabilitiesRequest = message('RegisterCapabilitiesRequest', {
  capabilities: repeated(1, nested(NewCapability), newCapabilities),
});
export type RegisterCapabilitiesRequest = MessageOf<typeof RegisterCapabilitiesRequest>;

export const EndCapabilityRequest = message('EndCapabilityRequest', {
  hash: required(1, hash),
  end: required(2, uint8),
});
export type EndCapabilityRequest = MessageOf<typeof EndCapabilityRequest>;

/** What an envelope's bytes are. Unsealed: type u8 | sender account 16 | sender device u8 | ciphertext. */
export const ENVELOPE_KIND = { unsealed: 1, sealedV1: 2 } as const;

export const DeviceCiphertext = message('DeviceCiphertext', {
  device: required(1, deviceId),
  registrationId: required(2, registrationId),
  /** The envelope itself, or the handle that `stage` gave for it: exactly one of the two. */
  bytes: optional(3, bytes({ max: ENVELOPE_MAX_BYTES })),
  staged: optional(4, bytes({ length: 16 })),
});
export type DeviceCiphertext = MessageOf<typeof DeviceCiphertext>;

/**
 * Puts one envelope into the mailboxes of all devices of an account, or into none. With a capability the
 * connection stays anonymous; without one it is a contact request of a signed-in account.
 * Idempotent per (mailbox, authority, envelope id). The answer means durable.
 */
export const DeliverRequest = message('DeliverRequest', {
  account: required(1, accountId),
  capability: optional(2, capability),
  /** Sequence of the newest record that the sender has verified. */
  recordSequence: required(3, uint53),
  envelopeId: required(4, envelopeId),
  kind: required(5, uint8),
  devices: repeated(6, nested(DeviceCiphertext), { max: ACCOUNT_MAX_DEVICES }),
});
export type DeliverRequest = MessageOf<typeof DeliverRequest>;

export const DeliverResponse = message('DeliverResponse', {
  /** Devices whose mailbox was full; all of them full is the error mailbox-full. */
  fullDevices: repeated(1, deviceId, { max: ACCOUNT_MAX_DEVICES }),
});
export type DeliverResponse = MessageOf<typeof DeliverResponse>;

/** Body of a response with status stale-devices: the records after the sender's sequence. */
export const StaleDevices = message('StaleDevices', { records });
export type StaleDevices = MessageOf<typeof StaleDevices>;

export const StageRequest = message('StageRequest', {
  capability: required(1, capability),
  bytes: required(2, bytes({ max: STAGE_MAX_BYTES })),
});
export type StageRequest = MessageOf<typeof StageRequest>;

export const StageResponse = message('StageResponse', { handle: required(1, bytes({ length: 16 })) });
export type StageResponse = MessageOf<typeof StageResponse>;

/** Starts the push of the own mailbox, oldest first, at most `window` unacknowledged envelopes at a time. */
export const SubscribeRequest = message('SubscribeRequest', {
  window: required(1, uint({ max: PUSH_WINDOW_MAX })),
});
export type SubscribeRequest = MessageOf<typeof SubscribeRequest>;

/** Deletes everything up to and including `sequence`; sent after the client's own commit. */
export const AcknowledgeRequest = message('AcknowledgeRequest', { sequence: required(1, uint53) });
export type AcknowledgeRequest = MessageOf<typeof AcknowledgeRequest>;

export const SessionInfo = message('SessionInfo', {
  id: required(1, bytes({ length: 16 })),
  device: required(2, deviceId),
  createdDay: required(3, uint32),
  lastUsedDay: required(4, uint32),
  label: optional(5, text({ max: LABEL_MAX_BYTES })),
  current: required(6, flag),
});
export type SessionInfo = MessageOf<typeof SessionInfo>;

export const SessionsResponse = message('SessionsResponse', {
  sessions: repeated(1, nested(SessionInfo), { max: SESSIONS_MAX }),
});
export type SessionsResponse = MessageOf<typeof SessionsResponse>;

export const RevokeSessionRequest = message('RevokeSessionRequest', {
  /** Absent: the session of this connection. */
  id: optional(1, bytes({ length: 16 })),
});
export type RevokeSessionRequest = MessageOf<typeof RevokeSessionRequest>;

export const SetListedRequest = message('SetListedRequest', { listed: required(1, flag) });
export type SetListedRequest = MessageOf<typeof SetListedRequest>;

interface Operation<Request, Response> {
  readonly number: number;
  readonly request: MessageCodec<Request>;
  readonly response: MessageCodec<Response>;
}

function operation<Request, Response>(
  number: number,
  request: MessageCodec<Request>,
  response: MessageCodec<Response>,
): Operation<Request, Response> {
  return { number, request, response };
}

export const operations = {
  register: operation(1, RegisterRequest, AccountResponse),
  signIn: operation(2, SignInRequest, SignInResponse),
  passwordSignIn: operation(3, PasswordSignInRequest, AccountResponse),
  enrolmentSignIn: operation(4, EnrolmentSignInRequest, AccountResponse),
  fetchOwnRecords: operation(5, FetchOwnRecordsRequest, RecordsResponse),
  submitRecord: operation(6, SubmitRecordRequest, Empty),
  setAuthKey: operation(7, SetAuthKeyRequest, Empty),
  lookUp: operation(8, LookUpRequest, RecordsResponse),
  fetchRecords: operation(9, FetchRecordsRequest, RecordsResponse),
  fetchBundles: operation(10, FetchBundlesRequest, BundlesResponse),
  uploadPreKeys: operation(11, PreKeyUpload, PreKeyCounts),
  countPreKeys: operation(12, Empty, PreKeyCounts),
  registerCapabilities: operation(13, RegisterCapabilitiesRequest, Empty),
  endCapability: operation(14, EndCapabilityRequest, Empty),
  deliver: operation(15, DeliverRequest, DeliverResponse),
  stage: operation(16, StageRequest, StageResponse),
  subscribe: operation(17, SubscribeRequest, Empty),
  acknowledge: operation(18, AcknowledgeRequest, Empty),
  listSessions: operation(19, Empty, SessionsResponse),
  revokeSession: operation(20, RevokeSessionRequest, Empty),
  setListed: operation(21, SetListedRequest, Empty),
} as const;

export type OperationName = keyof typeof operations;
export type RequestOf<Name extends OperationName> = MessageOf<(typeof operations)[Name]['request']>;
export type ResponseOf<Name extends OperationName> = MessageOf<(typeof operations)[Name]['response']>;
