/** The owner of an epoch's KEM key: sends header and ek vector, receives the ciphertext. */

import { concatBytes } from '../../bytes.ts';
import { assertNever } from '../../errors.ts';
import type { Random } from '../../random.ts';
import { deriveEpochSecret, headerMac, updateAuthenticator, verifyCiphertext } from './authenticator.ts';
import type {
  BraidReceived,
  BraidSent,
  Ct1ReceivedState,
  EkSentCt1ReceivedState,
  HeaderSentState,
  KeyOwnerState,
  KeysSampledState,
  KeysUnsampledState,
  NoHeaderReceivedState,
} from './braid-states.ts';
import { CT1_BYTES, CT2_BYTES, CT2_TRANSFER_BYTES, HEADER_TRANSFER_BYTES } from './constants.ts';
import { addChunk, decodedMessage, nextChunk, startDecoder, startEncoder } from './erasure-code.ts';
import { decapsulate, ekVectorOf, generateDecapsulationKey, headerOf } from './incremental-kem.ts';
import type { Chunk, SpqrPayload } from './message.ts';
import { invalidMessage } from './refusal.ts';

export function sendAsKeyOwner(state: KeyOwnerState, random: Random): BraidSent {
  switch (state.name) {
    case 'KeysUnsampled':
      return sendHeader(sampleKeys(state, random));
    case 'KeysSampled':
      return sendHeader(state);
    case 'HeaderSent': {
      const { encoder, chunk } = nextChunk(state.ekEncoder);
      return { state: { ...state, ekEncoder: encoder }, payload: { type: 'Ek', chunk } };
    }
    case 'Ct1Received': {
      const { encoder, chunk } = nextChunk(state.ekEncoder);
      return { state: { ...state, ekEncoder: encoder }, payload: { type: 'EkCt1Ack', chunk } };
    }
    case 'EkSentCt1Received':
      return { state, payload: { type: 'Ct1Ack' } };
    default:
      return assertNever(state);
  }
}

/** @throws ProtocolError `invalid-message` when the completed ciphertext fails its MAC. */
export function receiveAsKeyOwner(state: KeyOwnerState, payload: SpqrPayload): BraidReceived {
  switch (state.name) {
    case 'KeysUnsampled':
      return { state };
    case 'KeysSampled':
      return { state: payload.type === 'Ct1' ? startCt1(state, payload.chunk) : state };
    case 'HeaderSent':
      return { state: payload.type === 'Ct1' ? continueCt1(state, payload.chunk) : state };
    case 'Ct1Received':
      return { state: payload.type === 'Ct2' ? startCt2(state, payload.chunk) : state };
    case 'EkSentCt1Received':
      return payload.type === 'Ct2' ? continueCt2(state, payload.chunk) : { state };
    default:
      return assertNever(state);
  }
}

function sampleKeys(state: KeysUnsampledState, random: Random): KeysSampledState {
  const { epoch, authenticator } = state;
  const decapsulationKey = generateDecapsulationKey(random);
  const header = headerOf(decapsulationKey);
  const transfer = concatBytes(header, headerMac(authenticator, epoch, header));
  return {
    name: 'KeysSampled',
    epoch,
    authenticator,
    decapsulationKey,
    headerEncoder: startEncoder(transfer),
  };
}

function sendHeader(state: KeysSampledState): BraidSent {
  const { encoder, chunk } = nextChunk(state.headerEncoder);
  return { state: { ...state, headerEncoder: encoder }, payload: { type: 'Hdr', chunk } };
}

function startCt1(state: KeysSampledState, chunk: Chunk): HeaderSentState {
  const { epoch, authenticator, decapsulationKey } = state;
  return {
    name: 'HeaderSent',
    epoch,
    authenticator,
    decapsulationKey,
    ekEncoder: startEncoder(ekVectorOf(decapsulationKey)),
    ct1Decoder: addChunk(startDecoder(CT1_BYTES), chunk),
  };
}

function continueCt1(state: HeaderSentState, chunk: Chunk): HeaderSentState | Ct1ReceivedState {
  const ct1Decoder = addChunk(state.ct1Decoder, chunk);
  if (ct1Decoder === state.ct1Decoder) return state;
  const ct1 = decodedMessage(ct1Decoder);
  if (ct1 === undefined) return { ...state, ct1Decoder };
  const { epoch, authenticator, decapsulationKey, ekEncoder } = state;
  return { name: 'Ct1Received', epoch, authenticator, decapsulationKey, ekEncoder, ct1 };
}

function startCt2(state: Ct1ReceivedState, chunk: Chunk): EkSentCt1ReceivedState {
  const { epoch, authenticator, decapsulationKey, ct1 } = state;
  const ct2Decoder = addChunk(startDecoder(CT2_TRANSFER_BYTES), chunk);
  return { name: 'EkSentCt1Received', epoch, authenticator, decapsulationKey, ct1, ct2Decoder };
}

function continueCt2(state: EkSentCt1ReceivedState, chunk: Chunk): BraidReceived {
  const ct2Decoder = addChunk(state.ct2Decoder, chunk);
  if (ct2Decoder === state.ct2Decoder) return { state };
  const transfer = decodedMessage(ct2Decoder);
  if (transfer === undefined) return { state: { ...state, ct2Decoder } };
  return finishEpoch(state, transfer.subarray(0, CT2_BYTES), transfer.subarray(CT2_BYTES));
}

function finishEpoch(state: EkSentCt1ReceivedState, ct2: Uint8Array, mac: Uint8Array): BraidReceived {
  const { epoch, ct1 } = state;
  const kemSecret = decapsulate(state.decapsulationKey, ct1, ct2);
  const epochSecret = deriveEpochSecret(epoch, kemSecret);
  kemSecret.wipe();
  const authenticator = updateAuthenticator(state.authenticator, epoch, epochSecret);
  if (!verifyCiphertext(authenticator, epoch, ct1, ct2, mac)) {
    epochSecret.wipe();
    authenticator.wipe();
    throw invalidMessage('ciphertext MAC does not match');
  }
  const next: NoHeaderReceivedState = {
    name: 'NoHeaderReceived',
    epoch: epoch + 1,
    authenticator,
    headerDecoder: startDecoder(HEADER_TRANSFER_BYTES),
  };
  return { state: next, epochSecret };
}
