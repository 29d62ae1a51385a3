/**
 * The symmetric chains: per epoch one chain in each direction, which gives one key per message. A new epoch
 * mixes its secret into the root. Chains are values; a step shares every link that it does not change.
 *
 * @see signal-wire, section 7.3
 */

import { utf8 } from '../../bytes.ts';
import { assert, ProtocolError } from '../../errors.ts';
import { hkdfSha256 } from '../../primitives/hkdf.ts';
import { Secret } from '../../secret.ts';
import { wipeBetween } from '../packed-secrets.ts';
import { COLLECT_AT, KEY_BYTES, MAX_COUNTER, MAX_OUT_OF_ORDER } from './constants.ts';
import { invalidMessage } from './refusal.ts';
import {
  appendSkipped,
  dropSkippedBelow,
  NO_SKIPPED_KEYS,
  SKIPPED_ENTRY_BYTES,
  type SkippedKeys,
  takeSkipped,
} from './skipped-keys.ts';

// The two spaces are part of the protocol.
const START_INFO = utf8('Signal PQ Ratchet V1 Chain  Start');
const ADD_EPOCH_INFO = utf8('Signal PQ Ratchet V1 Chain Add Epoch');
const NEXT_INFO = utf8('\0\0\0\0Signal PQ Ratchet V1 Chain Next');

/** Which of the two chains of an epoch we send on; `a2b` is the initiator of the session. */
export type SpqrDirection = 'a2b' | 'b2a';

export interface SendingChain {
  readonly counter: number;
  readonly next: Secret<'PqChainKey'>;
}

export interface ReceivingChain {
  readonly counter: number;
  readonly next: Secret<'PqChainKey'>;
  readonly skipped: SkippedKeys;
}

export interface ChainLink {
  readonly epoch: number;
  /** Gone once we have sent in a newer epoch. */
  readonly sending: SendingChain | undefined;
  readonly receiving: ReceivingChain;
}

export interface SpqrChain {
  readonly direction: SpqrDirection;
  readonly sendEpoch: number;
  readonly nextRoot: Secret<'PqChainRoot'>;
  /** Consecutive epochs, the current one last. */
  readonly links: readonly ChainLink[];
}

export function startChain(authKey: Secret<'PqRatchetKey'>, direction: SpqrDirection): SpqrChain {
  const okm = hkdfSha256(undefined, authKey.expose(), START_INFO, 3 * KEY_BYTES);
  return { direction, sendEpoch: 0, nextRoot: rootOf(okm), links: [linkOf(okm, 0, direction)] };
}

export function addEpoch(chain: SpqrChain, epoch: number, secret: Secret<'PqEpochSecret'>): SpqrChain {
  assert(epoch === (chain.links.at(-1)?.epoch ?? -1) + 1, 'chain epochs are consecutive');
  const okm = hkdfSha256(chain.nextRoot.expose(), secret.expose(), ADD_EPOCH_INFO, 3 * KEY_BYTES);
  return {
    direction: chain.direction,
    sendEpoch: chain.sendEpoch,
    nextRoot: rootOf(okm),
    links: [...chain.links, linkOf(okm, epoch, chain.direction)],
  };
}

/**
 * The key of our next message in `epoch`. Going to a newer epoch erases the sending chains before it and
 * forgets all but one of the older epochs.
 *
 * @throws ProtocolError `chain-exhausted` after 2^32-1 messages in one epoch.
 */
export function stepSending(
  chain: SpqrChain,
  epoch: number,
): { chain: SpqrChain; index: number; key: Secret<'PqMessageKey'> } {
  const links = epoch > chain.sendEpoch ? retireBefore(chain.links, epoch) : chain.links.slice();
  const position = links.findIndex((link) => link.epoch === epoch);
  const link = links[position];
  assert(epoch >= chain.sendEpoch && link?.sending !== undefined, 'sending in a retired epoch');
  const index = link.sending.counter + 1;
  if (index > MAX_COUNTER) throw new ProtocolError('chain-exhausted', 'no message index is left');
  const { next, key } = chainStep(link.sending.next, index);
  links[position] = { epoch, sending: { counter: index, next }, receiving: link.receiving };
  return {
    chain: { direction: chain.direction, sendEpoch: epoch, nextRoot: chain.nextRoot, links },
    index,
    key,
  };
}

/**
 * The key of the peer's message `index` in `epoch`.
 *
 * @throws ProtocolError `invalid-message` when the epoch is not kept, the key was already requested or is
 *   too old, or the index is more than `maxJump` ahead.
 */
export function stepReceiving(
  chain: SpqrChain,
  epoch: number,
  index: number,
  maxJump: number,
): { chain: SpqrChain; key: Secret<'PqMessageKey'> } {
  const position = chain.links.findIndex((link) => link.epoch === epoch);
  const link = chain.links[position];
  if (link === undefined) throw invalidMessage('chain epoch out of range');
  const { receiving, key } = receivingStep(link.receiving, index, maxJump);
  const links = chain.links.slice();
  links[position] = { epoch, sending: link.sending, receiving };
  return {
    chain: { direction: chain.direction, sendEpoch: chain.sendEpoch, nextRoot: chain.nextRoot, links },
    key,
  };
}

/** How many steps `stepReceiving` takes to the key of `index`; none in an epoch that is not kept. */
export function stepsToIndex(chain: SpqrChain, epoch: number, index: number): number {
  const link = chain.links.find((each) => each.epoch === epoch);
  return link === undefined ? 0 : Math.max(0, index - link.receiving.counter);
}

function receivingStep(
  receiving: ReceivingChain,
  index: number,
  maxJump: number,
): { receiving: ReceivingChain; key: Secret<'PqMessageKey'> } {
  const { counter } = receiving;
  if (index > counter) {
    if (index - counter > maxJump) throw invalidMessage('message too far in the future');
    return stepUp(receiving, index);
  }
  if (index === counter) throw invalidMessage('key already requested');
  if (index + MAX_OUT_OF_ORDER < counter) throw invalidMessage('key too old');
  const taken = takeSkipped(receiving.skipped, index);
  if (taken === undefined) throw invalidMessage('key already requested');
  return { receiving: { counter, next: receiving.next, skipped: taken.store }, key: taken.key };
}

function stepUp(
  receiving: ReceivingChain,
  target: number,
): { receiving: ReceivingChain; key: Secret<'PqMessageKey'> } {
  const { counter } = receiving;
  if (target === counter + 1) {
    const { next, key } = chainStep(receiving.next, target);
    return { receiving: { counter: target, next, skipped: receiving.skipped }, key };
  }
  const firstKept = Math.max(counter + 1, target - MAX_OUT_OF_ORDER);
  const entries = new Secret('PqSkippedKeys', new Uint8Array((target - firstKept) * SKIPPED_ENTRY_BYTES));
  const view = new DataView(entries.expose().buffer);
  let chainKey = receiving.next;
  for (let index = counter + 1; index < target; index++) {
    const { next, key } = chainStep(chainKey, index);
    if (index >= firstKept) {
      const offset = (index - firstKept) * SKIPPED_ENTRY_BYTES;
      view.setUint32(offset, index);
      entries.expose().set(key.expose(), offset + 4);
    }
    key.wipe();
    if (chainKey !== receiving.next) chainKey.wipe();
    chainKey = next;
  }
  const { next, key } = chainStep(chainKey, target);
  chainKey.wipe();
  const old = target > counter + MAX_OUT_OF_ORDER ? NO_SKIPPED_KEYS : receiving.skipped;
  const appended = appendSkipped(old, entries);
  entries.wipe();
  if (appended.count < COLLECT_AT) return { receiving: { counter: target, next, skipped: appended }, key };
  const skipped = dropSkippedBelow(appended, target - MAX_OUT_OF_ORDER);
  wipeBetween(old, appended, skipped);
  return { receiving: { counter: target, next, skipped }, key };
}

function chainStep(
  chainKey: Secret<'PqChainKey'>,
  counter: number,
): { next: Secret<'PqChainKey'>; key: Secret<'PqMessageKey'> } {
  const info = NEXT_INFO.slice();
  info[0] = counter >>> 24;
  info[1] = counter >>> 16;
  info[2] = counter >>> 8;
  info[3] = counter;
  const okm = hkdfSha256(undefined, chainKey.expose(), info, 2 * KEY_BYTES);
  return {
    next: new Secret('PqChainKey', okm.subarray(0, KEY_BYTES)),
    key: new Secret('PqMessageKey', okm.subarray(KEY_BYTES)),
  };
}

function retireBefore(links: readonly ChainLink[], epoch: number): ChainLink[] {
  return links
    .filter((link) => link.epoch >= epoch - 1)
    .map((link) =>
      link.epoch < epoch ? { epoch: link.epoch, sending: undefined, receiving: link.receiving } : link,
    );
}

function rootOf(okm: Uint8Array): Secret<'PqChainRoot'> {
  return new Secret('PqChainRoot', okm.subarray(0, KEY_BYTES));
}

function linkOf(okm: Uint8Array, epoch: number, direction: SpqrDirection): ChainLink {
  const a2b = new Secret('PqChainKey', okm.subarray(KEY_BYTES, 2 * KEY_BYTES));
  const b2a = new Secret('PqChainKey', okm.subarray(2 * KEY_BYTES));
  const [ours, theirs] = direction === 'a2b' ? [a2b, b2a] : [b2a, a2b];
  return {
    epoch,
    sending: { counter: 0, next: ours },
    receiving: { counter: 0, next: theirs, skipped: NO_SKIPPED_KEYS },
  };
}
