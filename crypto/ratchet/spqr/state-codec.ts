/** Stored form of a whole state: `version u8 | flags u8 | chain | braid`; the version tells old layouts apart. */

import { LayoutReader, LayoutWriter } from '../../wire/fixed-layout.ts';
import { braidSizeBytes, readBraid, writeBraid } from './braid-codec.ts';
import { knowsEpochSecret, ownsKey } from './braid-states.ts';
import { chainSizeBytes, readChain, writeChain } from './chain-codec.ts';
import type { SpqrState } from './spqr.ts';

const LAYOUT_VERSION = 1;
const FLAG_B2A = 1;
const FLAG_NEGOTIATED = 2;
const FLAG_SELF_SESSION = 4;
const ALL_FLAGS = FLAG_B2A | FLAG_NEGOTIATED | FLAG_SELF_SESSION;

/** @returns 200 bytes to 4 KiB, and 36 bytes for every skipped key; holds secrets, so seal or wipe it. */
export function encodeSpqrState(state: SpqrState): Uint8Array {
  const writer = new LayoutWriter(2 + chainSizeBytes(state.chain) + braidSizeBytes(state.braid));
  writer.uint8(LAYOUT_VERSION);
  writer.uint8(
    (state.chain.direction === 'b2a' ? FLAG_B2A : 0) |
      (state.negotiated ? FLAG_NEGOTIATED : 0) |
      (state.selfSession ? FLAG_SELF_SESSION : 0),
  );
  writeChain(writer, state.chain);
  writeBraid(writer, state.braid);
  return writer.finish();
}

/**
 * The state shares no memory with `bytes`.
 *
 * @throws CodecError `bad-spqr-state` for anything that `encodeSpqrState` cannot have made.
 */
export function decodeSpqrState(bytes: Uint8Array): SpqrState {
  const reader: LayoutReader = new LayoutReader(bytes, 'bad-spqr-state');
  reader.check(reader.uint8() === LAYOUT_VERSION, 'unknown layout version');
  const flags = reader.uint8();
  reader.check((flags & ~ALL_FLAGS) === 0, 'unknown flags');
  const direction = (flags & FLAG_B2A) === 0 ? 'a2b' : 'b2a';
  const chain = readChain(reader, direction);
  const braid = readBraid(reader);
  reader.end();
  const initiatorOwns = braid.epoch % 2 === 1;
  reader.check(ownsKey(braid) === (initiatorOwns === (direction === 'a2b')), 'braid state of the other role');
  const currentEpoch = knowsEpochSecret(braid) ? braid.epoch : braid.epoch - 1;
  reader.check(chain.links.at(-1)?.epoch === currentEpoch, 'chain and braid epochs differ');
  reader.check(chain.sendEpoch < braid.epoch, 'send epoch ahead of the braid');
  return {
    negotiated: (flags & FLAG_NEGOTIATED) !== 0,
    selfSession: (flags & FLAG_SELF_SESSION) !== 0,
    chain,
    braid,
  };
}
