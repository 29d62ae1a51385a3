/**
 * The SPQR message which travels in the `pq_ratchet` field:
 * `version | epoch varint | index varint | type u8 | [chunk number varint | chunk(32)]`.
 */

import { CHUNK_BYTES, MAX_CHUNK_NUMBER, MAX_COUNTER, MAX_EPOCH, SPQR_VERSION } from './constants.ts';
import { invalidMessage } from './refusal.ts';

export interface Chunk {
  readonly number: number;
  readonly data: Uint8Array;
}

/** In wire order: the position is the type byte. */
const PAYLOAD_TYPES = ['None', 'Hdr', 'Ek', 'EkCt1Ack', 'Ct1Ack', 'Ct1', 'Ct2'] as const;

export type PayloadType = (typeof PAYLOAD_TYPES)[number];
export type ChunkPayloadType = Exclude<PayloadType, 'None' | 'Ct1Ack'>;

export interface PlainPayload {
  readonly type: 'None' | 'Ct1Ack';
}

export interface ChunkPayload {
  readonly type: ChunkPayloadType;
  readonly chunk: Chunk;
}

export type SpqrPayload = PlainPayload | ChunkPayload;

export interface SpqrMessage {
  readonly version: number;
  /** Epoch of the sender's braid, from 1; the message key belongs to the chain of the epoch before. */
  readonly epoch: number;
  /** Number of the message in the sender's chain, from 1. */
  readonly index: number;
  readonly payload: SpqrPayload;
}

/** Version, two longest varints, type, a chunk number of three bytes. */
const MAX_HEAD_BYTES = 1 + 8 + 5 + 1 + 3;
/** A varint of ten bytes holds 64 bits; a longer one is malformed. */
const MAX_VARINT_BYTES = 10;

export function encodeSpqrMessage(epoch: number, index: number, payload: SpqrPayload): Uint8Array {
  const out = new Uint8Array(MAX_HEAD_BYTES + CHUNK_BYTES);
  out[0] = SPQR_VERSION;
  let offset = writeVarint(out, 1, epoch);
  offset = writeVarint(out, offset, index);
  out[offset++] = PAYLOAD_TYPES.indexOf(payload.type);
  if ('chunk' in payload) {
    offset = writeVarint(out, offset, payload.chunk.number);
    out.set(payload.chunk.data, offset);
    offset += CHUNK_BYTES;
  }
  return out.slice(0, offset);
}

/**
 * Reads a message; a chunk is a view of the input, and bytes after the message are ignored.
 * An index of 0, which libsignal takes as "no key yet", is refused: no complete peer sends it, and it would
 * let a forger strip the post-quantum key off.
 *
 * @throws ProtocolError `invalid-message`
 * @see signal-wire, section 7.2
 */
export function decodeSpqrMessage(bytes: Uint8Array): SpqrMessage {
  const version = bytes[0];
  if (version === undefined || version < SPQR_VERSION) throw invalidMessage('version below the minimum');
  const reader = { bytes, offset: 1 };
  const epoch = readVarint(reader, MAX_EPOCH);
  if (epoch === 0) throw invalidMessage('epoch 0');
  const index = readVarint(reader, MAX_COUNTER);
  if (index === 0) throw invalidMessage('message index 0');
  const type = PAYLOAD_TYPES[readByte(reader)];
  if (type === undefined) throw invalidMessage('unknown payload type');
  if (type === 'None' || type === 'Ct1Ack') return { version, epoch, index, payload: { type } };
  const number = readVarint(reader, MAX_CHUNK_NUMBER);
  const data = bytes.subarray(reader.offset, reader.offset + CHUNK_BYTES);
  if (data.length !== CHUNK_BYTES) throw invalidMessage('chunk is cut off');
  return { version, epoch, index, payload: { type, chunk: { number, data } } };
}

interface Reader {
  readonly bytes: Uint8Array;
  offset: number;
}

function readByte(reader: Reader): number {
  const byte = reader.bytes[reader.offset];
  if (byte === undefined) throw invalidMessage('message is cut off');
  reader.offset++;
  return byte;
}

function readVarint(reader: Reader, max: number): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = readByte(reader);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (value > max) throw invalidMessage('integer out of range');
      return value;
    }
    scale *= 0x80;
  }
  throw invalidMessage('varint of more than ten bytes');
}

function writeVarint(out: Uint8Array, start: number, value: number): number {
  let offset = start;
  let rest = value;
  while (rest >= 0x80) {
    out[offset++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[offset++] = rest;
  return offset;
}
