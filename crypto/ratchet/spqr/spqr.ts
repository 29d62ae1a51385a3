/**
 * The sparse post-quantum ratchet of one session: the braid supplies epoch secrets, the chain one key per
 * message. States are values: a step returns a new one and shares what it did not change, and a refused
 * message leaves the old one as it was.
 *
 * @see signal-wire, sections 6, 7.8 and 16
 */

import { ProtocolError } from '../../errors.ts';
import type { Random } from '../../random.ts';
import type { Secret, Step } from '../../secret.ts';
import { startAuthenticator } from './authenticator.ts';
import { braidReceive, braidSend, startBraid } from './braid.ts';
import type { BraidState, BraidStateName } from './braid-states.ts';
import {
  addEpoch,
  type SpqrChain,
  type SpqrDirection,
  startChain,
  stepReceiving,
  stepSending,
  stepsToIndex,
} from './chain.ts';
import { MAX_JUMP, MAX_JUMP_SELF, SPQR_VERSION } from './constants.ts';
import { decodeSpqrMessage, encodeSpqrMessage } from './message.ts';
import { invalidMessage } from './refusal.ts';
import { spentSpqrSecrets } from './secrets.ts';

export interface SpqrState {
  /** Set by the first message of our version; from then on no other version is taken. */
  readonly negotiated: boolean;
  readonly selfSession: boolean;
  readonly chain: SpqrChain;
  readonly braid: BraidState;
}

export interface SpqrParams {
  /** 32 bytes out of the handshake; derived from, not kept. */
  readonly authKey: Secret<'PqRatchetKey'>;
  /** `a2b` for the initiator of the session, `b2a` for the responder. */
  readonly direction: SpqrDirection;
  /** Both ends belong to one account: index jumps are not limited. */
  readonly selfSession?: boolean;
}

export function initSpqr(params: SpqrParams): SpqrState {
  const { authKey, direction, selfSession = false } = params;
  return {
    negotiated: false,
    selfSession,
    chain: startChain(authKey, direction),
    braid: startBraid(startAuthenticator(authKey), direction),
  };
}

/**
 * Makes the next message (4 to 50 bytes) and its 32-byte key, which the caller owns and wipes.
 * Draws `spqrKeySeed` (64) or `spqrCoins` (32) once per epoch.
 *
 * @throws ProtocolError `chain-exhausted` after 2^32-1 messages in one epoch.
 */
export function spqrSend(
  state: SpqrState,
  random: Random,
): Step<SpqrState, { message: Uint8Array; key: Secret<'PqMessageKey'> }> {
  const { state: braid, payload, epochSecret } = braidSend(state.braid, random);
  let chain = state.chain;
  if (epochSecret !== undefined) {
    chain = addEpoch(chain, braid.epoch, epochSecret);
    epochSecret.wipe();
  }
  const sent = stepSending(chain, braid.epoch - 1);
  const next: SpqrState = { ...state, chain: sent.chain, braid };
  return {
    state: next,
    output: { message: encodeSpqrMessage(braid.epoch, sent.index, payload), key: sent.key },
    spent: spentSpqrSecrets(state, next),
  };
}

/**
 * Takes in a peer's message and gives its 32-byte key, which the caller owns and wipes. The message is not
 * authentic until the caller has checked a MAC made with that key.
 *
 * @throws ProtocolError `invalid-message`, for whatever reason.
 */
export function spqrReceive(
  state: SpqrState,
  message: Uint8Array,
): Step<SpqrState, { key: Secret<'PqMessageKey'> }> {
  const { version, epoch, index, payload } = decodeSpqrMessage(message);
  // A newer peer opens with its own version; it is served in ours until one of ours has arrived.
  if (version !== SPQR_VERSION && state.negotiated) throw invalidMessage('version changed');
  const negotiated = state.negotiated || version === SPQR_VERSION;
  const { state: braid, epochSecret } = braidReceive(state.braid, epoch, payload);
  let chain = state.chain;
  if (epochSecret !== undefined) {
    chain = addEpoch(chain, epoch, epochSecret);
    epochSecret.wipe();
  }
  const maxJump = state.selfSession ? MAX_JUMP_SELF : MAX_JUMP;
  try {
    const received = stepReceiving(chain, epoch - 1, index, maxJump);
    const next: SpqrState = { ...state, negotiated, chain: received.chain, braid };
    return { state: next, output: { key: received.key }, spent: spentSpqrSecrets(state, next) };
  } catch (error) {
    for (const made of spentSpqrSecrets({ ...state, chain, braid }, state)) made.wipe();
    throw error;
  }
}

/** How many chain steps it takes to find the key of a message, be it genuine or not; none if it is malformed. */
export function stepsToKey(state: SpqrState, message: Uint8Array): number {
  try {
    const { epoch, index } = decodeSpqrMessage(message);
    return stepsToIndex(state.chain, epoch - 1, index);
  } catch (error) {
    if (error instanceof ProtocolError) return 0;
    throw error;
  }
}

export function describeSpqr(state: SpqrState): { epoch: number; stateName: BraidStateName } {
  return { epoch: state.braid.epoch, stateName: state.braid.name };
}
