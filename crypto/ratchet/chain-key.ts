import { MAX_SKIPPED_SEEDS } from '../constants.ts';
import { hmacSha256 } from '../primitives/hmac.ts';
import { Secret } from '../secret.ts';
import { PACKED_ENTRY_BYTES } from './packed-secrets.ts';
import type { SkippedBlock } from './skipped.ts';

/** 32 bytes */
export type ChainKey = Secret<'ChainKey'>;
/** 32 bytes; what message keys are derived from once the post-quantum key is known. */
export type MessageSeed = Secret<'MessageSeed'>;

const SEED_INPUT = Uint8Array.of(1);
const NEXT_INPUT = Uint8Array.of(2);

/**
 * KDF_CK: one step of a symmetric chain.
 *
 * @see Double Ratchet, section 5.2; signal-wire section 4
 */
export function kdfCk(chainKey: ChainKey): { readonly seed: MessageSeed; readonly next: ChainKey } {
  const bytes = chainKey.expose();
  return {
    seed: new Secret('MessageSeed', hmacSha256(bytes, SEED_INPUT)),
    next: new Secret('ChainKey', hmacSha256(bytes, NEXT_INPUT)),
  };
}

/**
 * Steps a chain from the message `from` up to the message `to` and packs the seeds between, of which only the
 * newest are kept: the others are not even derived.
 *
 * @returns the chain key of `to`, in a box of its own, and the entries `from` to `to - 1`
 */
export function skipMessages(
  chainKey: ChainKey,
  from: number,
  to: number,
): { readonly chainKey: ChainKey; readonly skipped: SkippedBlock } {
  const firstKept = Math.max(from, to - MAX_SKIPPED_SEEDS);
  const entries = new Uint8Array((to - firstKept) * PACKED_ENTRY_BYTES);
  const view = new DataView(entries.buffer);
  let current: Uint8Array = chainKey.expose().slice();
  for (let counter = from; counter < to; counter++) {
    if (counter >= firstKept) {
      const offset = (counter - firstKept) * PACKED_ENTRY_BYTES;
      const seed = hmacSha256(current, SEED_INPUT);
      view.setUint32(offset, counter);
      entries.set(seed, offset + 4);
      seed.fill(0);
    }
    const next = hmacSha256(current, NEXT_INPUT);
    current.fill(0);
    current = next;
  }
  return { chainKey: new Secret('ChainKey', current), skipped: new Secret('SkippedSeeds', entries) };
}
