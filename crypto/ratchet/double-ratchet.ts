/**
 * The classical double ratchet: a Diffie-Hellman ratchet over chains of message seeds. It knows nothing of
 * messages, MACs or the post-quantum ratchet beside it.
 *
 * @see Double Ratchet, section 3; signal-wire section 4
 */

import { MAX_COUNTER, MAX_RECEIVING_CHAINS } from '../constants.ts';
import { ProtocolError } from '../errors.ts';
import {
  deriveSharedSecret,
  equalPublicKeys,
  generateKeyPair,
  type KeyPair,
  type PublicKey,
} from '../keys/keys.ts';
import type { Random } from '../random.ts';
import type { AnySecret, Step } from '../secret.ts';
import { type ChainKey, kdfCk, type MessageSeed, skipMessages } from './chain-key.ts';
import { replacedBlocks } from './packed-secrets.ts';
import { kdfRk, type RootKey } from './root-key.ts';
import { appendSkipped, NO_SKIPPED_SEEDS, type SkippedSeeds, takeSkipped } from './skipped.ts';

export interface SendingChain {
  readonly ratchetKeyPair: KeyPair;
  readonly chainKey: ChainKey;
  /** The counter of the next message. */
  readonly index: number;
}

export interface ReceivingChain {
  readonly ratchetKey: PublicKey;
  readonly chainKey: ChainKey;
  /** The counter that the chain key belongs to; lower ones are used up or skipped. */
  readonly index: number;
  readonly skipped: SkippedSeeds;
}

export interface DoubleRatchetState {
  readonly rootKey: RootKey;
  readonly previousCounter: number;
  readonly sendingChain: SendingChain;
  /** Oldest first. */
  readonly receivingChains: readonly ReceivingChain[];
}

export interface MessageHeader {
  readonly ratchetKey: PublicKey;
  readonly counter: number;
  readonly previousCounter: number;
}

/** What the key agreement leaves to the ratchet. */
export interface RatchetSecrets {
  readonly rootKey: RootKey;
  readonly chainKey: ChainKey;
}

interface BaseReception {
  readonly seed: MessageSeed;
  /** What becomes of the chain once the message proves to be genuine. */
  readonly chain: ReceivingChain;
}

export interface KnownChainReception extends BaseReception {
  readonly kind: 'known-chain';
  readonly before: ReceivingChain;
}

export interface NewChainReception extends BaseReception {
  readonly kind: 'new-chain';
  /** The root after the first half of the Diffie-Hellman step. */
  readonly rootKey: RootKey;
}

export type Reception = KnownChainReception | NewChainReception;

/**
 * The initiator sends on a chain of its own at once and can receive what the responder sends on the chain of
 * its signed pre-key. Draws `ratchetKey`; takes ownership of the secrets.
 */
export function initiateDoubleRatchet(
  { rootKey, chainKey }: RatchetSecrets,
  signedPreKey: PublicKey,
  random: Random,
): DoubleRatchetState {
  const ratchetKeyPair = generateKeyPair(random, 'ratchetKey');
  const next = kdfRk(rootKey, deriveSharedSecret(ratchetKeyPair.privateKey, signedPreKey));
  rootKey.wipe();
  return {
    rootKey: next.rootKey,
    previousCounter: 0,
    sendingChain: { ratchetKeyPair, chainKey: next.chainKey, index: 0 },
    receivingChains: [{ ratchetKey: signedPreKey, chainKey, index: 0, skipped: NO_SKIPPED_SEEDS }],
  };
}

/** The responder starts with its signed pre-key as ratchet key. Takes ownership of secrets and key pair. */
export function acceptDoubleRatchet(
  { rootKey, chainKey }: RatchetSecrets,
  signedPreKeyPair: KeyPair,
): DoubleRatchetState {
  return {
    rootKey,
    previousCounter: 0,
    sendingChain: { ratchetKeyPair: signedPreKeyPair, chainKey, index: 0 },
    receivingChains: [],
  };
}

/** @throws ProtocolError `chain-exhausted` after 2^32-1 messages without an answer. */
export function stepSending(
  state: DoubleRatchetState,
): Step<DoubleRatchetState, { readonly header: MessageHeader; readonly seed: MessageSeed }> {
  const { sendingChain, previousCounter } = state;
  const counter = sendingChain.index;
  if (counter >= MAX_COUNTER) throw new ProtocolError('chain-exhausted', 'no message counter is left');
  const { seed, next } = kdfCk(sendingChain.chainKey);
  const ratchetKeyPair = sendingChain.ratchetKeyPair;
  return {
    state: {
      rootKey: state.rootKey,
      previousCounter,
      sendingChain: { ratchetKeyPair, chainKey: next, index: counter + 1 },
      receivingChains: state.receivingChains,
    },
    output: { header: { ratchetKey: ratchetKeyPair.publicKey, counter, previousCounter }, seed },
    spent: [sendingChain.chainKey],
  };
}

/** How many chain steps it takes to find the seed of a message, be it genuine or not. */
export function stepsToReception(state: DoubleRatchetState, ratchetKey: PublicKey, counter: number): number {
  const known = findReceivingChain(state, ratchetKey);
  return Math.max(0, counter - (known?.index ?? 0));
}

/**
 * Finds the seed of a message. Nothing is authenticated yet, so the state stays as it is: `completeReception`
 * goes on once the MAC was checked, `abandonReception` wipes what was derived.
 *
 * @throws ProtocolError `duplicate-message`; `invalid-message` when the counter is too far ahead;
 *   `invalid-key-agreement` for a ratchet key of small order.
 */
export function beginReception(
  state: DoubleRatchetState,
  ratchetKey: PublicKey,
  counter: number,
  maxJump: number,
): Reception {
  const known = findReceivingChain(state, ratchetKey);
  if (known !== undefined) {
    return { kind: 'known-chain', before: known, ...seedAt(known, counter, maxJump) };
  }
  // Before the agreement, which is the costly part of refusing a forged message.
  checkJump(0, counter, maxJump);
  const shared = deriveSharedSecret(state.sendingChain.ratchetKeyPair.privateKey, ratchetKey);
  const { rootKey, chainKey } = kdfRk(state.rootKey, shared);
  const fresh = { ratchetKey: copyKey(ratchetKey), chainKey, index: 0, skipped: NO_SKIPPED_SEEDS };
  const next = seedAt(fresh, counter, maxJump);
  chainKey.wipe();
  return { kind: 'new-chain', rootKey, ...next };
}

/** Takes the reception over into the state; a new ratchet key draws `ratchetKey` and turns the ratchet. */
export function completeReception(
  state: DoubleRatchetState,
  reception: Reception,
  random: Random,
): Step<DoubleRatchetState, undefined> {
  if (reception.kind === 'new-chain') return turn(state, reception, random);
  const { before, chain } = reception;
  const receivingChains = state.receivingChains.map((each) => (each === before ? chain : each));
  const spent: AnySecret[] = [...replacedBlocks(before.skipped, chain.skipped)];
  if (before.chainKey !== chain.chainKey) spent.push(before.chainKey);
  const { rootKey, previousCounter, sendingChain } = state;
  return {
    state: { rootKey, previousCounter, sendingChain, receivingChains },
    output: undefined,
    spent,
  };
}

/** Wipes what was derived for a message that was not genuine. */
export function abandonReception(reception: Reception): void {
  const { seed, chain } = reception;
  seed.wipe();
  if (reception.kind === 'new-chain') {
    reception.rootKey.wipe();
    for (const secret of chainSecrets(chain)) secret.wipe();
    return;
  }
  const { before } = reception;
  if (chain.chainKey !== before.chainKey) chain.chainKey.wipe();
  for (const block of replacedBlocks(chain.skipped, before.skipped)) block.wipe();
}

/** Every secret of the state, for wiping it as a whole. */
export function doubleRatchetSecrets(state: DoubleRatchetState): AnySecret[] {
  const { rootKey, sendingChain, receivingChains } = state;
  return [
    rootKey,
    sendingChain.chainKey,
    sendingChain.ratchetKeyPair.privateKey.secret,
    ...receivingChains.flatMap(chainSecrets),
  ];
}

/** The second half of a Diffie-Hellman step: a new key of our own and the chain that we send on with it. */
function turn(
  state: DoubleRatchetState,
  { chain, rootKey }: NewChainReception,
  random: Random,
): Step<DoubleRatchetState, undefined> {
  const old = state.sendingChain;
  const ratchetKeyPair = generateKeyPair(random, 'ratchetKey');
  const shared = deriveSharedSecret(ratchetKeyPair.privateKey, chain.ratchetKey);
  const next = kdfRk(rootKey, shared);
  rootKey.wipe();
  const all = [...state.receivingChains, chain];
  const dropped = all.splice(0, Math.max(0, all.length - MAX_RECEIVING_CHAINS));
  return {
    state: {
      rootKey: next.rootKey,
      previousCounter: Math.max(0, old.index - 1),
      sendingChain: { ratchetKeyPair, chainKey: next.chainKey, index: 0 },
      receivingChains: all,
    },
    output: undefined,
    spent: [
      state.rootKey,
      old.chainKey,
      old.ratchetKeyPair.privateKey.secret,
      ...dropped.flatMap(chainSecrets),
    ],
  };
}

function findReceivingChain(state: DoubleRatchetState, ratchetKey: PublicKey): ReceivingChain | undefined {
  return state.receivingChains.find((chain) => equalPublicKeys(chain.ratchetKey, ratchetKey));
}

function seedAt(chain: ReceivingChain, counter: number, maxJump: number): BaseReception {
  const { ratchetKey, index } = chain;
  if (counter < index) {
    const taken = takeSkipped(chain.skipped, counter);
    if (taken === undefined) throw new ProtocolError('duplicate-message', 'the message key is used up');
    const { chainKey } = chain;
    return { seed: taken.seed, chain: { ratchetKey, chainKey, index, skipped: taken.rest } };
  }
  checkJump(index, counter, maxJump);
  if (counter === index) {
    const { seed, next } = kdfCk(chain.chainKey);
    return { seed, chain: { ratchetKey, chainKey: next, index: index + 1, skipped: chain.skipped } };
  }
  const ahead = skipMessages(chain.chainKey, index, counter);
  const { seed, next } = kdfCk(ahead.chainKey);
  const skipped = appendSkipped(chain.skipped, ahead.skipped);
  ahead.chainKey.wipe();
  ahead.skipped.wipe();
  return { seed, chain: { ratchetKey, chainKey: next, index: counter + 1, skipped } };
}

function checkJump(index: number, counter: number, maxJump: number): void {
  if (counter - index > maxJump || counter >= MAX_COUNTER) {
    throw new ProtocolError('invalid-message', 'the message is too far in the future');
  }
}

function chainSecrets(chain: ReceivingChain): AnySecret[] {
  return [chain.chainKey, ...chain.skipped.blocks];
}

/** A key in a message is a view of bytes that belong to somebody else. */
function copyKey(key: PublicKey): PublicKey {
  return key.slice() as PublicKey;
}
