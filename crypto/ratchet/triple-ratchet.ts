/**
 * Both ratchets of a session in one: the double ratchet gives a seed, the post-quantum ratchet a key, and only
 * together they make the keys of a message. States are values: a step returns a new state, and a message that
 * is refused leaves nothing behind.
 *
 * @see signal-wire section 6
 */

import { equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { KeyPair, PublicKey } from '../keys/keys.ts';
import type { Random } from '../random.ts';
import type { AnySecret, Secret, Step } from '../secret.ts';
import { encodeSignalMessage, type SignalMessage } from '../wire/signal-message.ts';
import {
  abandonReception,
  acceptDoubleRatchet,
  beginReception,
  completeReception,
  type DoubleRatchetState,
  doubleRatchetSecrets,
  initiateDoubleRatchet,
  type RatchetSecrets,
  stepSending,
  stepsToReception,
} from './double-ratchet.ts';
import {
  type Correspondents,
  computeMac,
  decryptBody,
  deriveMessageKeys,
  encryptBody,
  verifyMac,
} from './message-keys.ts';
import {
  initSpqr,
  type SpqrState,
  spentSpqrSecrets,
  spqrReceive,
  spqrSecrets,
  spqrSend,
  stepsToKey,
} from './spqr/index.ts';

export interface TripleRatchetState {
  readonly doubleRatchet: DoubleRatchetState;
  readonly spqr: SpqrState;
}

export interface TripleRatchetSecrets extends RatchetSecrets {
  readonly pqRatchetKey: Secret<'PqRatchetKey'>;
}

export interface EncryptParams {
  readonly correspondents: Correspondents;
  /** 36 bytes, only in messages that open a session. */
  readonly addresses: Uint8Array | undefined;
  readonly plaintext: Uint8Array;
}

export interface DecryptParams {
  readonly correspondents: Correspondents;
  readonly message: SignalMessage;
  /** What the message must name when it names any; undefined when the addresses have no such form. */
  readonly addresses: Uint8Array | undefined;
  /** How far the message counter may run ahead. */
  readonly maxJump: number;
}

/** Draws `ratchetKey`; takes ownership of the secrets. */
export function initiateTripleRatchet(
  secrets: TripleRatchetSecrets,
  signedPreKey: PublicKey,
  selfSession: boolean,
  random: Random,
): TripleRatchetState {
  const spqr = initSpqr({ authKey: secrets.pqRatchetKey, direction: 'a2b', selfSession });
  secrets.pqRatchetKey.wipe();
  return { doubleRatchet: initiateDoubleRatchet(secrets, signedPreKey, random), spqr };
}

/** Takes ownership of the secrets and of the key pair. */
export function acceptTripleRatchet(
  secrets: TripleRatchetSecrets,
  signedPreKeyPair: KeyPair,
  selfSession: boolean,
): TripleRatchetState {
  const spqr = initSpqr({ authKey: secrets.pqRatchetKey, direction: 'b2a', selfSession });
  secrets.pqRatchetKey.wipe();
  return { doubleRatchet: acceptDoubleRatchet(secrets, signedPreKeyPair), spqr };
}

/**
 * Makes the next message. Draws what the post-quantum ratchet draws.
 *
 * @throws ProtocolError `chain-exhausted` when no counter is left.
 */
export function ratchetEncrypt(
  state: TripleRatchetState,
  params: EncryptParams,
  random: Random,
): Step<TripleRatchetState, Uint8Array> {
  const classical = stepSending(state.doubleRatchet);
  const pq = spqrSend(state.spqr, random);
  const { header, seed } = classical.output;
  const keys = deriveMessageKeys(seed, pq.output.key);
  const message = encodeSignalMessage(
    {
      ratchetKey: header.ratchetKey,
      counter: header.counter,
      previousCounter: header.previousCounter,
      ciphertext: encryptBody(keys, params.plaintext),
      pqRatchet: pq.output.message,
      addresses: params.addresses,
    },
    (authenticated) => computeMac(keys, params.correspondents, authenticated),
  );
  keys.wipe();
  return {
    state: { doubleRatchet: classical.state, spqr: pq.state },
    output: message,
    spent: [...classical.spent, ...pq.spent],
  };
}

/**
 * Opens a message. Draws `ratchetKey` when it turns the ratchet, and only once it proved to be genuine.
 *
 * @throws ProtocolError `duplicate-message`; `invalid-message`; `invalid-key-agreement` for a ratchet key of
 *   small order.
 */
export function ratchetDecrypt(
  state: TripleRatchetState,
  params: DecryptParams,
  random: Random,
): Step<TripleRatchetState, Uint8Array> {
  const { ratchetKey, counter, pqRatchet } = params.message;
  const reception = beginReception(state.doubleRatchet, ratchetKey, counter, params.maxJump);
  let received: SpqrState | undefined;
  try {
    const pq = spqrReceive(state.spqr, pqRatchet);
    received = pq.state;
    const plaintext = open(reception.seed, pq.output.key, params);
    const classical = completeReception(state.doubleRatchet, reception, random);
    return {
      state: { doubleRatchet: classical.state, spqr: received },
      output: plaintext,
      spent: [...classical.spent, ...pq.spent],
    };
  } catch (error) {
    abandonReception(reception);
    if (received !== undefined) for (const made of spentSpqrSecrets(received, state.spqr)) made.wipe();
    throw error;
  }
}

/** How many chain steps `ratchetDecrypt` takes in both ratchets before it can check the MAC. */
export function stepsToOpen(state: TripleRatchetState, message: SignalMessage): number {
  const { ratchetKey, counter, pqRatchet } = message;
  return stepsToReception(state.doubleRatchet, ratchetKey, counter) + stepsToKey(state.spqr, pqRatchet);
}

/** Every secret of the state, for wiping it as a whole. */
export function tripleRatchetSecrets(state: TripleRatchetState): AnySecret[] {
  return [...doubleRatchetSecrets(state.doubleRatchet), ...spqrSecrets(state.spqr)];
}

function open(
  seed: Secret<'MessageSeed'>,
  pqKey: Secret<'PqMessageKey'>,
  { correspondents, message, addresses }: DecryptParams,
): Uint8Array {
  const keys = deriveMessageKeys(seed, pqKey);
  try {
    if (!verifyMac(keys, correspondents, message.authenticated, message.mac)) {
      throw new ProtocolError('invalid-message', 'the MAC does not match');
    }
    if (message.addresses !== undefined && !isSame(message.addresses, addresses)) {
      throw new ProtocolError('invalid-message', 'the message is for other addresses');
    }
    return decryptBody(keys, message.ciphertext);
  } finally {
    keys.wipe();
  }
}

function isSame(named: Uint8Array, expected: Uint8Array | undefined): boolean {
  return expected !== undefined && equalBytes(named, expected);
}
