/**
 * Stored form of the chains:
 * `send epoch u64 | epoch of the first link u64 | links u8 | root(32)`, then per link
 * `sending? u8 | [counter u32 | next(32)] | counter u32 | next(32) | skipped u16 | (index u32 | key(32))...`
 */

import { Secret } from '../../secret.ts';
import type { LayoutReader, LayoutWriter } from '../../wire/fixed-layout.ts';
import { isAscending } from '../packed-secrets.ts';
import type { ChainLink, ReceivingChain, SendingChain, SpqrChain, SpqrDirection } from './chain.ts';
import { KEY_BYTES, MAX_CHAIN_LINKS, MAX_SKIPPED_KEYS } from './constants.ts';
import { appendSkipped, NO_SKIPPED_KEYS, SKIPPED_ENTRY_BYTES, type SkippedKeys } from './skipped-keys.ts';

const HEAD_BYTES = 8 + 8 + 1 + KEY_BYTES;
const STEP_BYTES = 4 + KEY_BYTES;
/** No message has index 0. */
const FIRST_INDEX = 1;

export function chainSizeBytes(chain: SpqrChain): number {
  let size = HEAD_BYTES;
  for (const { sending, receiving } of chain.links) {
    size += 1 + (sending === undefined ? 0 : STEP_BYTES) + STEP_BYTES + 2;
    size += receiving.skipped.count * SKIPPED_ENTRY_BYTES;
  }
  return size;
}

export function writeChain(writer: LayoutWriter, chain: SpqrChain): void {
  writer.uint53(chain.sendEpoch);
  writer.uint53(chain.links[0]?.epoch ?? 0);
  writer.uint8(chain.links.length);
  writer.bytes(chain.nextRoot.expose());
  for (const link of chain.links) writeLink(writer, link);
}

function writeLink(writer: LayoutWriter, { sending, receiving }: ChainLink): void {
  writer.uint8(sending === undefined ? 0 : 1);
  if (sending !== undefined) {
    writer.uint32(sending.counter);
    writer.bytes(sending.next.expose());
  }
  writer.uint32(receiving.counter);
  writer.bytes(receiving.next.expose());
  writer.uint16(receiving.skipped.count);
  for (const block of receiving.skipped.blocks) writer.bytes(block.expose());
}

/** @throws CodecError `bad-spqr-state` */
export function readChain(reader: LayoutReader, direction: SpqrDirection): SpqrChain {
  const sendEpoch = reader.uint53();
  const firstEpoch = reader.uint53();
  const count = reader.uint8();
  reader.check(count >= 1 && count <= MAX_CHAIN_LINKS, 'number of chain links');
  // Sending retires all but one of the epochs before its own.
  reader.check(firstEpoch <= sendEpoch && firstEpoch >= sendEpoch - 1, 'first chain epoch');
  const nextRoot = new Secret('PqChainRoot', reader.bytes(KEY_BYTES));
  const links: ChainLink[] = [];
  for (let epoch = firstEpoch; epoch < firstEpoch + count; epoch++) {
    links.push(readLink(reader, epoch, epoch >= sendEpoch));
  }
  return { direction, sendEpoch, nextRoot, links };
}

function readLink(reader: LayoutReader, epoch: number, sends: boolean): ChainLink {
  reader.check(reader.uint8() === (sends ? 1 : 0), 'sending chain');
  const sending = sends ? readSending(reader) : undefined;
  return { epoch, sending, receiving: readReceiving(reader) };
}

function readSending(reader: LayoutReader): SendingChain {
  return { counter: reader.uint32(), next: new Secret('PqChainKey', reader.bytes(KEY_BYTES)) };
}

function readReceiving(reader: LayoutReader): ReceivingChain {
  const counter = reader.uint32();
  const next = new Secret('PqChainKey', reader.bytes(KEY_BYTES));
  return { counter, next, skipped: readSkipped(reader, counter) };
}

function readSkipped(reader: LayoutReader, counter: number): SkippedKeys {
  const count = reader.uint16();
  reader.check(count <= MAX_SKIPPED_KEYS, 'number of skipped keys');
  const entries = new Secret('PqSkippedKeys', reader.bytes(count * SKIPPED_ENTRY_BYTES));
  reader.check(isAscending(entries.expose(), FIRST_INDEX, counter), 'order of skipped keys');
  const skipped = appendSkipped(NO_SKIPPED_KEYS, entries);
  entries.wipe();
  return skipped;
}
