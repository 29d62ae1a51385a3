/**
 * Stored form of the braid: `state u8 | epoch u64 | authenticator(64)`, then what the state adds. An encoder is
 * its next chunk number (u16) beside the transfer, a decoder `chunks u8 | (number u16 | chunk(32))...`. What
 * follows from the decapsulation key (header, ek vector) is not stored again.
 */

import { concatBytes } from '../../bytes.ts';
import { assertNever } from '../../errors.ts';
import { Secret } from '../../secret.ts';
import type { LayoutReader, LayoutWriter } from '../../wire/fixed-layout.ts';
import { AUTHENTICATOR_BYTES, type Authenticator } from './authenticator.ts';
import type { BraidState, BraidStateName } from './braid-states.ts';
import {
  CHUNK_BYTES,
  CT1_BYTES,
  CT2_TRANSFER_BYTES,
  DECAPSULATION_KEY_BYTES,
  EK_VECTOR_BYTES,
  HEADER_BYTES,
  HEADER_TRANSFER_BYTES,
  KEY_BYTES,
  MAC_BYTES,
} from './constants.ts';
import { type ChunkDecoder, chunkCount, POINT_BYTES } from './erasure-code.ts';
import { ekVectorOf, headerOf } from './incremental-kem.ts';

/** The position is the stored number. */
const STATE_NAMES: readonly BraidStateName[] = [
  'KeysUnsampled',
  'KeysSampled',
  'HeaderSent',
  'Ct1Received',
  'EkSentCt1Received',
  'NoHeaderReceived',
  'HeaderReceived',
  'Ct1Sampled',
  'EkReceivedCt1Sampled',
  'Ct1Acknowledged',
  'Ct2Sampled',
];

const HEAD_BYTES = 1 + 8 + AUTHENTICATOR_BYTES;

export function braidSizeBytes(state: BraidState): number {
  return HEAD_BYTES + bodySizeBytes(state);
}

function bodySizeBytes(state: BraidState): number {
  switch (state.name) {
    case 'KeysUnsampled':
      return 0;
    case 'KeysSampled':
      return DECAPSULATION_KEY_BYTES + MAC_BYTES + 2;
    case 'HeaderSent':
      return DECAPSULATION_KEY_BYTES + 2 + decoderSizeBytes(state.ct1Decoder);
    case 'Ct1Received':
      return DECAPSULATION_KEY_BYTES + 2 + CT1_BYTES;
    case 'EkSentCt1Received':
      return DECAPSULATION_KEY_BYTES + CT1_BYTES + decoderSizeBytes(state.ct2Decoder);
    case 'NoHeaderReceived':
      return decoderSizeBytes(state.headerDecoder);
    case 'HeaderReceived':
      return HEADER_BYTES;
    case 'Ct1Sampled':
      return HEADER_BYTES + KEY_BYTES + CT1_BYTES + 2 + decoderSizeBytes(state.ekDecoder);
    case 'EkReceivedCt1Sampled':
      return CT1_BYTES + 2 + CT2_TRANSFER_BYTES;
    case 'Ct1Acknowledged':
      return HEADER_BYTES + KEY_BYTES + CT1_BYTES + decoderSizeBytes(state.ekDecoder);
    case 'Ct2Sampled':
      return CT2_TRANSFER_BYTES + 2;
    default:
      return assertNever(state);
  }
}

export function writeBraid(writer: LayoutWriter, state: BraidState): void {
  writer.uint8(STATE_NAMES.indexOf(state.name));
  writer.uint53(state.epoch);
  writer.bytes(state.authenticator.expose());
  switch (state.name) {
    case 'KeysUnsampled':
      return;
    case 'KeysSampled':
      writer.bytes(state.decapsulationKey.expose());
      writer.bytes(state.headerEncoder.message.subarray(HEADER_BYTES));
      writer.uint16(state.headerEncoder.next);
      return;
    case 'HeaderSent':
      writer.bytes(state.decapsulationKey.expose());
      writer.uint16(state.ekEncoder.next);
      writeDecoder(writer, state.ct1Decoder);
      return;
    case 'Ct1Received':
      writer.bytes(state.decapsulationKey.expose());
      writer.uint16(state.ekEncoder.next);
      writer.bytes(state.ct1);
      return;
    case 'EkSentCt1Received':
      writer.bytes(state.decapsulationKey.expose());
      writer.bytes(state.ct1);
      writeDecoder(writer, state.ct2Decoder);
      return;
    case 'NoHeaderReceived':
      writeDecoder(writer, state.headerDecoder);
      return;
    case 'HeaderReceived':
      writer.bytes(state.header);
      return;
    case 'Ct1Sampled':
      writer.bytes(state.header);
      writer.bytes(state.coins.expose());
      writer.bytes(state.ct1Encoder.message);
      writer.uint16(state.ct1Encoder.next);
      writeDecoder(writer, state.ekDecoder);
      return;
    case 'EkReceivedCt1Sampled':
      writer.bytes(state.ct1Encoder.message);
      writer.uint16(state.ct1Encoder.next);
      writer.bytes(state.ct2Transfer);
      return;
    case 'Ct1Acknowledged':
      writer.bytes(state.header);
      writer.bytes(state.coins.expose());
      writer.bytes(state.ct1);
      writeDecoder(writer, state.ekDecoder);
      return;
    case 'Ct2Sampled':
      writer.bytes(state.ct2Encoder.message);
      writer.uint16(state.ct2Encoder.next);
      return;
    default:
      assertNever(state);
  }
}

/** @throws CodecError `bad-spqr-state` */
export function readBraid(reader: LayoutReader): BraidState {
  const name = STATE_NAMES[reader.uint8()];
  reader.check(name !== undefined, 'unknown braid state');
  const epoch = reader.uint53();
  reader.check(epoch >= 1, 'braid epoch 0');
  const base: BraidHead = {
    epoch,
    authenticator: new Secret('PqAuthenticator', reader.bytes(AUTHENTICATOR_BYTES)),
  };
  switch (name) {
    case 'KeysUnsampled':
      return { name, ...base };
    case 'KeysSampled':
    case 'HeaderSent':
    case 'Ct1Received':
    case 'EkSentCt1Received':
      return readKeyHolder(reader, name, base);
    case 'NoHeaderReceived':
      return { name, ...base, headerDecoder: readDecoder(reader, HEADER_TRANSFER_BYTES) };
    case 'HeaderReceived':
      return { name, ...base, header: reader.bytes(HEADER_BYTES) };
    case 'Ct1Sampled':
    case 'EkReceivedCt1Sampled':
    case 'Ct1Acknowledged':
      return readCt1Sender(reader, name, base);
    case 'Ct2Sampled':
      return { name, ...base, ct2Encoder: readEncoder(reader, reader.bytes(CT2_TRANSFER_BYTES)) };
    default:
      return assertNever(name);
  }
}

interface BraidHead {
  readonly epoch: number;
  readonly authenticator: Authenticator;
}

function readKeyHolder(
  reader: LayoutReader,
  name: 'KeysSampled' | 'HeaderSent' | 'Ct1Received' | 'EkSentCt1Received',
  base: BraidHead,
): BraidState {
  const decapsulationKey = new Secret('PqDecapsulationKey', reader.bytes(DECAPSULATION_KEY_BYTES));
  const common = { ...base, decapsulationKey };
  switch (name) {
    case 'KeysSampled': {
      const transfer = concatBytes(headerOf(decapsulationKey), reader.bytes(MAC_BYTES));
      return { name, ...common, headerEncoder: readEncoder(reader, transfer) };
    }
    case 'HeaderSent': {
      const ekEncoder = readEncoder(reader, ekVectorOf(decapsulationKey));
      return { name, ...common, ekEncoder, ct1Decoder: readDecoder(reader, CT1_BYTES) };
    }
    case 'Ct1Received': {
      const ekEncoder = readEncoder(reader, ekVectorOf(decapsulationKey));
      return { name, ...common, ekEncoder, ct1: reader.bytes(CT1_BYTES) };
    }
    case 'EkSentCt1Received': {
      const ct1 = reader.bytes(CT1_BYTES);
      return { name, ...common, ct1, ct2Decoder: readDecoder(reader, CT2_TRANSFER_BYTES) };
    }
    default:
      return assertNever(name);
  }
}

function readCt1Sender(
  reader: LayoutReader,
  name: 'Ct1Sampled' | 'EkReceivedCt1Sampled' | 'Ct1Acknowledged',
  base: BraidHead,
): BraidState {
  if (name === 'EkReceivedCt1Sampled') {
    const ct1Encoder = readEncoder(reader, reader.bytes(CT1_BYTES));
    return { name, ...base, ct1Encoder, ct2Transfer: reader.bytes(CT2_TRANSFER_BYTES) };
  }
  const header = reader.bytes(HEADER_BYTES);
  const coins = new Secret('PqCoins', reader.bytes(KEY_BYTES));
  const ct1 = reader.bytes(CT1_BYTES);
  if (name === 'Ct1Acknowledged') {
    return { name, ...base, header, coins, ct1, ekDecoder: readDecoder(reader, EK_VECTOR_BYTES) };
  }
  const ct1Encoder = readEncoder(reader, ct1);
  return { name, ...base, header, coins, ct1Encoder, ekDecoder: readDecoder(reader, EK_VECTOR_BYTES) };
}

function readEncoder(reader: LayoutReader, message: Uint8Array): { message: Uint8Array; next: number } {
  return { message, next: reader.uint16() };
}

function decoderSizeBytes(decoder: ChunkDecoder): number {
  return 1 + decoder.points.length;
}

function writeDecoder(writer: LayoutWriter, decoder: ChunkDecoder): void {
  writer.uint8(chunkCount(decoder));
  writer.bytes(decoder.points);
}

function readDecoder(reader: LayoutReader, messageBytes: number): ChunkDecoder {
  const needed = messageBytes / CHUNK_BYTES;
  const count = reader.uint8();
  // A complete transfer never stays in a decoder.
  reader.check(count < needed, 'number of chunks');
  const points = reader.bytes(count * POINT_BYTES);
  const numbers = new Set<number>();
  for (let offset = 0; offset < points.length; offset += POINT_BYTES) {
    numbers.add(((points[offset] as number) << 8) | (points[offset + 1] as number));
  }
  reader.check(numbers.size === count, 'a chunk number twice');
  return { needed, points };
}
