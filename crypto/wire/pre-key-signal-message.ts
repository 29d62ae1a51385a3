/**
 * The message that opens a session: `version | protobuf`, with a complete ordinary message inside. It has no
 * MAC of its own: when it creates a session its fields are bound by the key agreement; for a session that
 * exists already only the base key and the inner message count.
 *
 * @see PQXDH, section 3.3; signal-wire section 5.2
 */

import { SESSION_VERSION } from '../constants.ts';
import { CodecError } from '../errors.ts';
import type { PublicKey } from '../keys/keys.ts';
import { Proto2Reader } from './proto2-reader.ts';
import { ProtobufWriter } from './protobuf.ts';
import {
  decodeSignalMessage,
  keyInMessage,
  parseVersion,
  type SignalMessage,
  VERSION_BYTE,
} from './signal-message.ts';

export interface PreKeySignalMessageFields {
  readonly preKeyId: number | undefined;
  readonly baseKey: PublicKey;
  readonly identityKey: PublicKey;
  readonly registrationId: number;
  readonly signedPreKeyId: number;
  readonly kemPreKeyId: number;
  readonly kemCiphertext: Uint8Array;
}

/** As it came in; all byte strings are views of the input. */
export interface PreKeySignalMessage extends PreKeySignalMessageFields {
  readonly version: number;
  readonly message: SignalMessage;
}

const PRE_KEY_ID = 1;
const BASE_KEY = 2;
const IDENTITY_KEY = 3;
const MESSAGE = 4;
const REGISTRATION_ID = 5;
const SIGNED_PRE_KEY_ID = 6;
const KEM_PRE_KEY_ID = 7;
const KEM_CIPHERTEXT = 8;

/** Tags, lengths, two keys and five ids. */
const FIXED_CAPACITY = 160;
const EMPTY = new Uint8Array(0);

/** @param message a complete ordinary message */
export function encodePreKeySignalMessage(
  fields: PreKeySignalMessageFields,
  message: Uint8Array,
): Uint8Array {
  const writer = new ProtobufWriter(FIXED_CAPACITY + message.length + fields.kemCiphertext.length);
  if (fields.preKeyId !== undefined) writer.varint(PRE_KEY_ID, fields.preKeyId);
  const body = writer
    .bytes(BASE_KEY, fields.baseKey)
    .bytes(IDENTITY_KEY, fields.identityKey)
    .bytes(MESSAGE, message)
    .varint(REGISTRATION_ID, fields.registrationId)
    .varint(SIGNED_PRE_KEY_ID, fields.signedPreKeyId)
    .varint(KEM_PRE_KEY_ID, fields.kemPreKeyId)
    .bytes(KEM_CIPHERTEXT, fields.kemCiphertext)
    .finish();
  const out = new Uint8Array(1 + body.length);
  out[0] = VERSION_BYTE;
  out.set(body, 1);
  return out;
}

/**
 * Decodes both layers. Ids and ciphertext are not looked at: for an existing session they mean nothing.
 *
 * @throws CodecError `invalid-message`, `legacy-version` (below 3), `unrecognized-version` (above 4)
 */
export function decodePreKeySignalMessage(bytes: Uint8Array): PreKeySignalMessage {
  if (bytes.length === 0) throw new CodecError('invalid-message', 'message is empty');
  const version = parseVersion(bytes);
  let preKeyId: number | undefined;
  let baseKey: Uint8Array | undefined;
  let identityKey: Uint8Array | undefined;
  let message: Uint8Array | undefined;
  let registrationId = 0;
  let signedPreKeyId: number | undefined;
  let kemPreKeyId: number | undefined;
  let kemCiphertext: Uint8Array | undefined;
  const reader = new Proto2Reader(bytes, 1);
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === PRE_KEY_ID) preKeyId = reader.uint32();
    else if (field === BASE_KEY) baseKey = reader.bytes();
    else if (field === IDENTITY_KEY) identityKey = reader.bytes();
    else if (field === MESSAGE) message = reader.bytes();
    else if (field === REGISTRATION_ID) registrationId = reader.uint32();
    else if (field === SIGNED_PRE_KEY_ID) signedPreKeyId = reader.uint32();
    else if (field === KEM_PRE_KEY_ID) kemPreKeyId = reader.uint32();
    else if (field === KEM_CIPHERTEXT) kemCiphertext = reader.bytes();
    else reader.skip(field);
  }
  if (
    baseKey === undefined ||
    identityKey === undefined ||
    message === undefined ||
    signedPreKeyId === undefined
  ) {
    throw new CodecError('invalid-message', 'a required field is missing');
  }
  const hasKem = kemPreKeyId !== undefined && kemCiphertext !== undefined;
  const hasHalfKem = !hasKem && (kemPreKeyId !== undefined || kemCiphertext !== undefined);
  if (hasHalfKem || (version === SESSION_VERSION && !hasKem)) {
    throw new CodecError('invalid-message', 'the KEM fields are missing');
  }
  return {
    version,
    preKeyId,
    baseKey: keyInMessage(baseKey),
    identityKey: keyInMessage(identityKey),
    message: decodeSignalMessage(message),
    registrationId,
    signedPreKeyId,
    kemPreKeyId: kemPreKeyId ?? 0,
    kemCiphertext: kemCiphertext ?? EMPTY,
  };
}
