/**
 * The ordinary message of a session: `version | protobuf | mac(8)`. The MAC covers the bytes as received,
 * therefore a decoded message keeps views of them and nothing is ever encoded again.
 *
 * @see Double Ratchet, section 3.1; signal-wire section 5.1
 */

import { MAC_BYTES, OLDEST_KNOWN_VERSION, PUBLIC_KEY_BYTES, SESSION_VERSION } from '../constants.ts';
import { CodecError } from '../errors.ts';
import { type PublicKey, viewPublicKey } from '../keys/keys.ts';
import { Proto2Reader } from './proto2-reader.ts';

export interface SignalMessageFields {
  readonly ratchetKey: PublicKey;
  readonly counter: number;
  readonly previousCounter: number;
  readonly ciphertext: Uint8Array;
  /** The SPQR message; empty when there is none. */
  readonly pqRatchet: Uint8Array;
  /** 36 bytes that bind both addresses; undefined when the field is absent. */
  readonly addresses: Uint8Array | undefined;
}

/** A message as it came in; all byte strings are views of the input. */
export interface SignalMessage extends SignalMessageFields {
  readonly version: number;
  /** Version byte and protobuf. */
  readonly authenticated: Uint8Array;
  /** 8 bytes */
  readonly mac: Uint8Array;
}

/** Version in the high nibble, the newest version that the sender knows in the low one. */
export const VERSION_BYTE = (SESSION_VERSION << 4) | SESSION_VERSION;

const RATCHET_KEY = 1;
const COUNTER = 2;
const PREVIOUS_COUNTER = 3;
const CIPHERTEXT = 4;
const PQ_RATCHET = 5;
const ADDRESSES = 6;

const TAG_RATCHET_KEY = (RATCHET_KEY << 3) | 2;
const TAG_COUNTER = COUNTER << 3;
const TAG_PREVIOUS_COUNTER = PREVIOUS_COUNTER << 3;
const TAG_CIPHERTEXT = (CIPHERTEXT << 3) | 2;
const TAG_PQ_RATCHET = (PQ_RATCHET << 3) | 2;
const TAG_ADDRESSES = (ADDRESSES << 3) | 2;

/** A version byte and a MAC: anything shorter cannot be a message. */
const MIN_MESSAGE_BYTES = 1 + MAC_BYTES;
/** Tag and longest length. */
const MAX_HEAD_BYTES = 6;
const EMPTY = new Uint8Array(0);

/**
 * Frames a message and lets `authenticate` compute the 8-byte MAC over all that precedes it.
 *
 * @returns version byte, protobuf, MAC
 */
export function encodeSignalMessage(
  fields: SignalMessageFields,
  authenticate: (authenticated: Uint8Array) => Uint8Array,
): Uint8Array {
  const { ciphertext, pqRatchet, addresses } = fields;
  const capacity =
    1 +
    (2 + PUBLIC_KEY_BYTES) +
    4 * MAX_HEAD_BYTES +
    ciphertext.length +
    pqRatchet.length +
    (addresses === undefined ? 0 : addresses.length) +
    MAX_HEAD_BYTES +
    MAC_BYTES;
  const out = new Uint8Array(capacity);
  out[0] = VERSION_BYTE;
  // In ascending order, and both counters also when they are 0: the other side requires them.
  let end = writeBytes(out, 1, TAG_RATCHET_KEY, fields.ratchetKey);
  end = writeVarint(out, end, TAG_COUNTER, fields.counter);
  end = writeVarint(out, end, TAG_PREVIOUS_COUNTER, fields.previousCounter);
  end = writeBytes(out, end, TAG_CIPHERTEXT, ciphertext);
  if (pqRatchet.length > 0) end = writeBytes(out, end, TAG_PQ_RATCHET, pqRatchet);
  if (addresses !== undefined) end = writeBytes(out, end, TAG_ADDRESSES, addresses);
  out.set(authenticate(out.subarray(0, end)), end);
  return out.slice(0, end + MAC_BYTES);
}

/**
 * @throws CodecError `invalid-message`, `legacy-version` (below 3), `unrecognized-version` (above 4)
 */
export function decodeSignalMessage(bytes: Uint8Array): SignalMessage {
  if (bytes.length < MIN_MESSAGE_BYTES) throw new CodecError('invalid-message', 'message is too short');
  const version = parseVersion(bytes);
  const end = bytes.length - MAC_BYTES;
  let ratchetKey: Uint8Array | undefined;
  let counter: number | undefined;
  let previousCounter = 0;
  let ciphertext: Uint8Array | undefined;
  let pqRatchet: Uint8Array = EMPTY;
  let addresses: Uint8Array | undefined;
  const reader = new Proto2Reader(bytes, 1, end);
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === RATCHET_KEY) ratchetKey = reader.bytes();
    else if (field === COUNTER) counter = reader.uint32();
    else if (field === PREVIOUS_COUNTER) previousCounter = reader.uint32();
    else if (field === CIPHERTEXT) ciphertext = reader.bytes();
    else if (field === PQ_RATCHET) pqRatchet = reader.bytes();
    else if (field === ADDRESSES) addresses = reader.bytes();
    else reader.skip(field);
  }
  if (ratchetKey === undefined || counter === undefined || ciphertext === undefined) {
    throw new CodecError('invalid-message', 'a required field is missing');
  }
  const authenticated = bytes.subarray(0, end);
  const mac = bytes.subarray(end);
  return {
    version,
    ratchetKey: keyInMessage(ratchetKey),
    counter,
    previousCounter,
    ciphertext,
    pqRatchet,
    addresses,
    authenticated,
    mac,
  };
}

/**
 * The version in the high nibble of the first byte.
 *
 * @throws CodecError `legacy-version` (below 3), `unrecognized-version` (above 4)
 */
export function parseVersion(bytes: Uint8Array): number {
  const version = (bytes[0] as number) >> 4;
  if (version < OLDEST_KNOWN_VERSION) throw new CodecError('legacy-version', 'message version is too old');
  if (version > SESSION_VERSION) {
    throw new CodecError('unrecognized-version', 'message version is unknown');
  }
  return version;
}

/** @throws CodecError `invalid-message`: inside a message even a wrong key is only an unreadable message. */
export function keyInMessage(bytes: Uint8Array): PublicKey {
  try {
    return viewPublicKey(bytes);
  } catch (cause) {
    throw new CodecError('invalid-message', 'a key in a message is malformed', { cause });
  }
}

function writeBytes(out: Uint8Array, offset: number, tag: number, value: Uint8Array): number {
  const start = writeVarint(out, offset, tag, value.length);
  out.set(value, start);
  return start + value.length;
}

function writeVarint(out: Uint8Array, offset: number, tag: number, value: number): number {
  out[offset] = tag;
  let end = offset + 1;
  let rest = value;
  while (rest >= 0x80) {
    out[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[end++] = rest;
  return end;
}
