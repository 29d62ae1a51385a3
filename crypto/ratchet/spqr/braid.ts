/**
 * The ML-KEM braid: a state machine that carries ML-KEM-768 keys and ciphertexts in 32-byte chunks beside the
 * messages and yields one secret per epoch. It knows nothing of message keys, indexes or versions.
 *
 * @see signal-wire, section 7.7
 */

import type { Random } from '../../random.ts';
import type { Authenticator } from './authenticator.ts';
import { type BraidReceived, type BraidSent, type BraidState, ownsKey } from './braid-states.ts';
import type { SpqrDirection } from './chain.ts';
import { HEADER_TRANSFER_BYTES } from './constants.ts';
import { receiveAsEncapsulator, sendAsEncapsulator, startKeyOwner } from './encapsulator.ts';
import { startDecoder } from './erasure-code.ts';
import { receiveAsKeyOwner, sendAsKeyOwner } from './key-owner.ts';
import type { SpqrPayload } from './message.ts';
import { invalidMessage } from './refusal.ts';

export function startBraid(authenticator: Authenticator, direction: SpqrDirection): BraidState {
  if (direction === 'a2b') return { name: 'KeysUnsampled', epoch: 1, authenticator };
  const headerDecoder = startDecoder(HEADER_TRANSFER_BYTES);
  return { name: 'NoHeaderReceived', epoch: 1, authenticator, headerDecoder };
}

export function braidSend(state: BraidState, random: Random): BraidSent {
  return ownsKey(state) ? sendAsKeyOwner(state, random) : sendAsEncapsulator(state, random);
}

/**
 * Takes in the payload of a message; a state without use for it is returned as it is.
 *
 * @throws ProtocolError `invalid-message` when the epoch is ahead of ours, or a completed transfer is false.
 */
export function braidReceive(state: BraidState, epoch: number, payload: SpqrPayload): BraidReceived {
  if (epoch < state.epoch) return { state };
  if (epoch > state.epoch) {
    if (state.name === 'Ct2Sampled' && epoch === state.epoch + 1) return { state: startKeyOwner(state) };
    throw invalidMessage('braid epoch out of range');
  }
  return ownsKey(state) ? receiveAsKeyOwner(state, payload) : receiveAsEncapsulator(state, payload);
}
