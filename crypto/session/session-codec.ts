/**
 * The stored form of one session, a fixed layout:
 *
 * base key(33) | flags u8 | local identity(33) | remote identity(33) | registration ids 2 x u32
 * | [pending: one-time id u32, signed id u32, KEM id u32, created s u53, ciphertext length u16, ciphertext]
 * | root key(32) | previous counter u32 | sending: public(33), private(32), chain key(32), index u32
 * | count u8, per receiving chain: ratchet key(33), chain key(32), index u32, count u16, count x 36
 * | SPQR length u32, SPQR state
 */

import {
  KEM_CIPHERTEXT_BYTES,
  MAX_RECEIVING_CHAINS,
  MAX_SKIPPED_SEEDS,
  PRIVATE_KEY_BYTES,
  PUBLIC_KEY_BYTES,
} from '../constants.ts';
import { PrivateKey, type PublicKey, parsePublicKey } from '../keys/keys.ts';
import type { DoubleRatchetState, ReceivingChain, SendingChain } from '../ratchet/double-ratchet.ts';
import { isAscending, PACKED_ENTRY_BYTES } from '../ratchet/packed-secrets.ts';
import { loadSkipped } from '../ratchet/skipped.ts';
import { decodeSpqrState, encodeSpqrState } from '../ratchet/spqr/index.ts';
import { Secret } from '../secret.ts';
import { LayoutReader, LayoutWriter } from '../wire/fixed-layout.ts';
import type { PendingPreKey, SessionState } from './state.ts';

const FLAG_PENDING = 1;
const FLAG_ONE_TIME_PRE_KEY = 2;
const ALL_FLAGS = FLAG_PENDING | FLAG_ONE_TIME_PRE_KEY;

const KEY_BYTES = 32;
const FIXED_BYTES = 3 * PUBLIC_KEY_BYTES + 1 + 8;
const PENDING_BYTES = 3 * 4 + 8 + 2;
const SENDING_BYTES = PUBLIC_KEY_BYTES + PRIVATE_KEY_BYTES + KEY_BYTES + 4;
const RATCHET_BYTES = KEY_BYTES + 4 + SENDING_BYTES + 1;
const RECEIVING_BYTES = PUBLIC_KEY_BYTES + KEY_BYTES + 4 + 2;

export const BAD_RECORD = 'bad-session-record';

/** @returns about 0.6 to 5 KiB, more with skipped messages; holds secrets, so seal or wipe it. */
export function encodeSession(session: SessionState): Uint8Array {
  const spqr = encodeSpqrState(session.ratchet.spqr);
  const { doubleRatchet } = session.ratchet;
  const writer = new LayoutWriter(sizeBytes(session) + 4 + spqr.length);
  const { pending } = session;
  writer
    .bytes(session.baseKey)
    .uint8(flagsOf(pending))
    .bytes(session.localIdentityKey)
    .bytes(session.remoteIdentityKey)
    .uint32(session.localRegistrationId)
    .uint32(session.remoteRegistrationId);
  if (pending !== undefined) writePending(writer, pending);
  writeDoubleRatchet(writer, doubleRatchet);
  writer.uint32(spqr.length).bytes(spqr);
  spqr.fill(0);
  return writer.finish();
}

/**
 * The session shares no memory with `bytes`.
 *
 * @throws CodecError `bad-session-record`, `bad-spqr-state`, `invalid-key`
 */
export function decodeSession(bytes: Uint8Array): SessionState {
  const reader: LayoutReader = new LayoutReader(bytes, BAD_RECORD);
  const baseKey = parsePublicKey(reader.view(PUBLIC_KEY_BYTES));
  const flags = reader.uint8();
  reader.check((flags & ~ALL_FLAGS) === 0 && flags !== FLAG_ONE_TIME_PRE_KEY, 'unknown flags');
  const localIdentityKey = parsePublicKey(reader.view(PUBLIC_KEY_BYTES));
  const remoteIdentityKey = parsePublicKey(reader.view(PUBLIC_KEY_BYTES));
  const localRegistrationId = reader.uint32();
  const remoteRegistrationId = reader.uint32();
  const pending = (flags & FLAG_PENDING) === 0 ? undefined : readPending(reader, flags);
  const doubleRatchet = readDoubleRatchet(reader);
  const spqr = decodeSpqrState(reader.view(reader.uint32()));
  reader.end();
  return {
    baseKey,
    localIdentityKey,
    remoteIdentityKey,
    localRegistrationId,
    remoteRegistrationId,
    pending,
    ratchet: { doubleRatchet, spqr },
  };
}

/** The base key of an encoded session, without decoding the rest. */
export function baseKeyOf(encoded: Uint8Array): PublicKey {
  return parsePublicKey(encoded.subarray(0, PUBLIC_KEY_BYTES));
}

function sizeBytes({ pending, ratchet }: SessionState): number {
  let size = FIXED_BYTES + RATCHET_BYTES;
  if (pending !== undefined) size += PENDING_BYTES + pending.kemCiphertext.length;
  for (const { skipped } of ratchet.doubleRatchet.receivingChains) {
    size += RECEIVING_BYTES + skipped.count * PACKED_ENTRY_BYTES;
  }
  return size;
}

function flagsOf(pending: PendingPreKey | undefined): number {
  if (pending === undefined) return 0;
  return FLAG_PENDING | (pending.preKeyId === undefined ? 0 : FLAG_ONE_TIME_PRE_KEY);
}

function writePending(writer: LayoutWriter, pending: PendingPreKey): void {
  writer
    .uint32(pending.preKeyId ?? 0)
    .uint32(pending.signedPreKeyId)
    .uint32(pending.kemPreKeyId)
    .uint53(pending.createdSeconds)
    .uint16(pending.kemCiphertext.length)
    .bytes(pending.kemCiphertext);
}

function readPending(reader: LayoutReader, flags: number): PendingPreKey {
  const preKeyId = reader.uint32();
  const signedPreKeyId = reader.uint32();
  const kemPreKeyId = reader.uint32();
  const createdSeconds = reader.uint53();
  reader.check(reader.uint16() === KEM_CIPHERTEXT_BYTES, 'ciphertext of a wrong length');
  return {
    preKeyId: (flags & FLAG_ONE_TIME_PRE_KEY) === 0 ? undefined : preKeyId,
    signedPreKeyId,
    kemPreKeyId,
    kemCiphertext: reader.bytes(KEM_CIPHERTEXT_BYTES),
    createdSeconds,
  };
}

function writeDoubleRatchet(writer: LayoutWriter, state: DoubleRatchetState): void {
  const { sendingChain, receivingChains } = state;
  const { ratchetKeyPair } = sendingChain;
  writer
    .bytes(state.rootKey.expose())
    .uint32(state.previousCounter)
    .bytes(ratchetKeyPair.publicKey)
    .bytes(ratchetKeyPair.privateKey.secret.expose())
    .bytes(sendingChain.chainKey.expose())
    .uint32(sendingChain.index)
    .uint8(receivingChains.length);
  for (const chain of receivingChains) {
    writer
      .bytes(chain.ratchetKey)
      .bytes(chain.chainKey.expose())
      .uint32(chain.index)
      .uint16(chain.skipped.count);
    for (const block of chain.skipped.blocks) writer.bytes(block.expose());
  }
}

function readDoubleRatchet(reader: LayoutReader): DoubleRatchetState {
  const rootKey = new Secret('RootKey', reader.bytes(KEY_BYTES));
  const previousCounter = reader.uint32();
  const sendingChain = readSendingChain(reader);
  const count = reader.uint8();
  reader.check(count <= MAX_RECEIVING_CHAINS, 'too many receiving chains');
  const receivingChains: ReceivingChain[] = [];
  for (let i = 0; i < count; i++) receivingChains.push(readReceivingChain(reader));
  return { rootKey, previousCounter, sendingChain, receivingChains };
}

function readSendingChain(reader: LayoutReader): SendingChain {
  const publicKey = parsePublicKey(reader.view(PUBLIC_KEY_BYTES));
  const privateKey = new PrivateKey(new Secret('PrivateKey', reader.bytes(PRIVATE_KEY_BYTES)));
  const chainKey = new Secret('ChainKey', reader.bytes(KEY_BYTES));
  return { ratchetKeyPair: { publicKey, privateKey }, chainKey, index: reader.uint32() };
}

function readReceivingChain(reader: LayoutReader): ReceivingChain {
  const ratchetKey = parsePublicKey(reader.view(PUBLIC_KEY_BYTES));
  const chainKey = new Secret('ChainKey', reader.bytes(KEY_BYTES));
  const index = reader.uint32();
  const count = reader.uint16();
  reader.check(count <= MAX_SKIPPED_SEEDS, 'too many skipped messages');
  const entries = reader.view(count * PACKED_ENTRY_BYTES);
  reader.check(isAscending(entries, 0, index), 'order of skipped messages');
  return { ratchetKey, chainKey, index, skipped: loadSkipped(entries) };
}
