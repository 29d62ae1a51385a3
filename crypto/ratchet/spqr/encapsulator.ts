/** The encapsulating side of an epoch: receives header and ek vector, sends the ciphertext. */

import { concatBytes } from '../../bytes.ts';
import { assertNever } from '../../errors.ts';
import type { Random } from '../../random.ts';
import { ciphertextMac, deriveEpochSecret, updateAuthenticator, verifyHeader } from './authenticator.ts';
import type {
  BraidReceived,
  BraidSent,
  Ct1AcknowledgedState,
  Ct1SampledState,
  Ct2SampledState,
  EkReceivedCt1SampledState,
  EncapsulatingState,
  HeaderReceivedState,
  KeysUnsampledState,
  NoHeaderReceivedState,
} from './braid-states.ts';
import { EK_VECTOR_BYTES, HEADER_BYTES } from './constants.ts';
import {
  addChunk,
  type ChunkDecoder,
  decodedMessage,
  nextChunk,
  startDecoder,
  startEncoder,
} from './erasure-code.ts';
import { encapsulateToHeader, encapsulateToVector } from './incremental-kem.ts';
import type { Chunk, SpqrPayload } from './message.ts';
import { invalidMessage } from './refusal.ts';

export function sendAsEncapsulator(state: EncapsulatingState, random: Random): BraidSent {
  switch (state.name) {
    case 'NoHeaderReceived':
    case 'Ct1Acknowledged':
      return { state, payload: { type: 'None' } };
    case 'HeaderReceived':
      return sampleCt1(state, random);
    case 'Ct1Sampled':
    case 'EkReceivedCt1Sampled': {
      const { encoder, chunk } = nextChunk(state.ct1Encoder);
      return { state: { ...state, ct1Encoder: encoder }, payload: { type: 'Ct1', chunk } };
    }
    case 'Ct2Sampled': {
      const { encoder, chunk } = nextChunk(state.ct2Encoder);
      return { state: { ...state, ct2Encoder: encoder }, payload: { type: 'Ct2', chunk } };
    }
    default:
      return assertNever(state);
  }
}

/**
 * Handles a payload of the state's own epoch.
 *
 * @throws ProtocolError `invalid-message` when the completed header fails its MAC, or the completed ek vector
 *   is not the header's.
 */
export function receiveAsEncapsulator(state: EncapsulatingState, payload: SpqrPayload): BraidReceived {
  switch (state.name) {
    case 'NoHeaderReceived':
      return { state: payload.type === 'Hdr' ? continueHeader(state, payload.chunk) : state };
    case 'HeaderReceived':
    case 'Ct2Sampled':
      return { state };
    case 'Ct1Sampled':
    case 'Ct1Acknowledged':
      if (payload.type !== 'Ek' && payload.type !== 'EkCt1Ack') return { state };
      return { state: continueEk(state, payload.type === 'EkCt1Ack', payload.chunk) };
    case 'EkReceivedCt1Sampled': {
      const acknowledged = payload.type === 'Ct1Ack' || payload.type === 'EkCt1Ack';
      return { state: acknowledged ? startCt2(state, state.ct2Transfer) : state };
    }
    default:
      return assertNever(state);
  }
}

/** The peer is in the next epoch, so it has the whole ciphertext; there the key is ours to make. */
export function startKeyOwner(state: Ct2SampledState): KeysUnsampledState {
  return { name: 'KeysUnsampled', epoch: state.epoch + 1, authenticator: state.authenticator };
}

function continueHeader(
  state: NoHeaderReceivedState,
  chunk: Chunk,
): NoHeaderReceivedState | HeaderReceivedState {
  const headerDecoder = addChunk(state.headerDecoder, chunk);
  if (headerDecoder === state.headerDecoder) return state;
  const transfer = decodedMessage(headerDecoder);
  if (transfer === undefined) return { ...state, headerDecoder };
  const { epoch, authenticator } = state;
  const header = transfer.slice(0, HEADER_BYTES);
  if (!verifyHeader(authenticator, epoch, header, transfer.subarray(HEADER_BYTES))) {
    throw invalidMessage('header MAC does not match');
  }
  return { name: 'HeaderReceived', epoch, authenticator, header };
}

function sampleCt1(state: HeaderReceivedState, random: Random): BraidSent {
  const { epoch, header } = state;
  const { ct1, coins, kemSecret } = encapsulateToHeader(header, random);
  const epochSecret = deriveEpochSecret(epoch, kemSecret);
  kemSecret.wipe();
  const { encoder, chunk } = nextChunk(startEncoder(ct1));
  const next: Ct1SampledState = {
    name: 'Ct1Sampled',
    epoch,
    authenticator: updateAuthenticator(state.authenticator, epoch, epochSecret),
    header,
    coins,
    ct1Encoder: encoder,
    ekDecoder: startDecoder(EK_VECTOR_BYTES),
  };
  return { state: next, payload: { type: 'Ct1', chunk }, epochSecret };
}

function continueEk(
  state: Ct1SampledState | Ct1AcknowledgedState,
  acknowledged: boolean,
  chunk: Chunk,
): EncapsulatingState {
  const ekDecoder = addChunk(state.ekDecoder, chunk);
  const ekVector = decodedMessage(ekDecoder);
  if (ekVector !== undefined) {
    const ct2Transfer = makeCt2Transfer(state, ekVector);
    if (acknowledged || state.name === 'Ct1Acknowledged') return startCt2(state, ct2Transfer);
    const { epoch, authenticator, ct1Encoder } = state;
    return { name: 'EkReceivedCt1Sampled', epoch, authenticator, ct1Encoder, ct2Transfer };
  }
  if (acknowledged && state.name === 'Ct1Sampled') return acknowledgeCt1(state, ekDecoder);
  return ekDecoder === state.ekDecoder ? state : { ...state, ekDecoder };
}

function acknowledgeCt1(state: Ct1SampledState, ekDecoder: ChunkDecoder): Ct1AcknowledgedState {
  const { epoch, authenticator, header, coins } = state;
  const ct1 = state.ct1Encoder.message;
  return { name: 'Ct1Acknowledged', epoch, authenticator, header, coins, ct1, ekDecoder };
}

function makeCt2Transfer(state: Ct1SampledState | Ct1AcknowledgedState, ekVector: Uint8Array): Uint8Array {
  const ct1 = state.name === 'Ct1Sampled' ? state.ct1Encoder.message : state.ct1;
  const ct2 = encapsulateToVector(state.header, ekVector, state.coins);
  return concatBytes(ct2, ciphertextMac(state.authenticator, state.epoch, ct1, ct2));
}

function startCt2(
  state: Ct1SampledState | Ct1AcknowledgedState | EkReceivedCt1SampledState,
  ct2Transfer: Uint8Array,
): Ct2SampledState {
  const { epoch, authenticator } = state;
  return { name: 'Ct2Sampled', epoch, authenticator, ct2Encoder: startEncoder(ct2Transfer) };
}
