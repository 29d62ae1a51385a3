/**
 * A message without encryption that asks the sender of an undecryptable one to send it again:
 * `C0 | protobuf {8: DecryptionErrorMessage} | 80`.
 *
 * @see signal-wire section 12
 */

import { CodecError, UsageError } from '../errors.ts';
import { type PublicKey, parsePublicKey } from '../keys/keys.ts';
import { MESSAGE_TYPE } from './message-type.ts';
import { decodePreKeySignalMessage } from './pre-key-signal-message.ts';
import { Proto2Reader } from './proto2-reader.ts';
import { ProtobufWriter } from './protobuf.ts';
import { decodeSignalMessage, keyInMessage } from './signal-message.ts';

export interface DecryptionErrorMessage {
  /** The ratchet key of the message that failed; a sender-key message has none. */
  readonly ratchetKey: PublicKey | undefined;
  /** When the failed message was sent, as its sender says. */
  readonly timestampMs: number;
  /** The device that sent the failed message. */
  readonly deviceId: number;
}

const IDENTIFIER_BYTE = 0xc0;
const PADDING_BYTE = 0x80;
const DECRYPTION_ERROR_MESSAGE = 8;
const RATCHET_KEY = 1;
const TIMESTAMP = 2;
const DEVICE_ID = 3;

/**
 * Describes the failure of a message of the given type.
 *
 * @throws UsageError `bad-message-type` for a plaintext message: an error is never answered with an error.
 * @throws CodecError those of the message's decoder
 */
export function describeFailedMessage(
  failed: { readonly type: number; readonly bytes: Uint8Array },
  timestampMs: number,
  deviceId: number,
): DecryptionErrorMessage {
  return { ratchetKey: ratchetKeyOf(failed.type, failed.bytes), timestampMs, deviceId };
}

export function encodePlaintextContent(message: DecryptionErrorMessage): Uint8Array {
  const inner = new ProtobufWriter();
  if (message.ratchetKey !== undefined) inner.bytes(RATCHET_KEY, message.ratchetKey);
  inner.varint(TIMESTAMP, message.timestampMs).varint(DEVICE_ID, message.deviceId);
  const body = new ProtobufWriter().bytes(DECRYPTION_ERROR_MESSAGE, inner.finish()).finish();
  return Uint8Array.of(IDENTIFIER_BYTE, ...body, PADDING_BYTE);
}

/** @throws CodecError `unrecognized-version` for another first byte, else `invalid-message` */
export function decodePlaintextContent(bytes: Uint8Array): DecryptionErrorMessage {
  if (bytes.length === 0) throw malformed('content is empty');
  if (bytes[0] !== IDENTIFIER_BYTE) {
    throw new CodecError('unrecognized-version', 'not a plaintext content');
  }
  const end = bytes.length - 1;
  if (bytes[end] !== PADDING_BYTE) throw malformed('content does not end in its padding');
  let message: Uint8Array | undefined;
  const reader = new Proto2Reader(bytes, 1, end);
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === DECRYPTION_ERROR_MESSAGE) message = reader.bytes();
    else reader.skip(field);
  }
  if (message === undefined) throw malformed('content holds no decryption error');
  return decodeDecryptionError(message);
}

function decodeDecryptionError(bytes: Uint8Array): DecryptionErrorMessage {
  let ratchetKey: Uint8Array | undefined;
  let timestampMs: number | undefined;
  let deviceId = 0;
  const reader = new Proto2Reader(bytes);
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === RATCHET_KEY) ratchetKey = reader.bytes();
    else if (field === TIMESTAMP) timestampMs = reader.uint53();
    else if (field === DEVICE_ID) deviceId = reader.uint32();
    else reader.skip(field);
  }
  if (timestampMs === undefined) throw malformed('a decryption error has no timestamp');
  // Copied, because it outlives the message that it came in.
  const key = ratchetKey === undefined ? undefined : parsePublicKey(keyInMessage(ratchetKey));
  return { ratchetKey: key, timestampMs, deviceId };
}

function ratchetKeyOf(type: number, bytes: Uint8Array): PublicKey | undefined {
  switch (type) {
    case MESSAGE_TYPE.whisper:
      return decodeSignalMessage(bytes).ratchetKey;
    case MESSAGE_TYPE.preKey:
      return decodePreKeySignalMessage(bytes).message.ratchetKey;
    case MESSAGE_TYPE.senderKey:
      return undefined;
    default:
      throw new UsageError('bad-message-type', 'only encrypted messages can fail to decrypt');
  }
}

function malformed(text: string): CodecError {
  return new CodecError('invalid-message', text);
}
