/**
 * The eleven states of the braid, each with only what it needs. A state is named by what has happened.
 *
 *   key owner:      KeysUnsampled -> KeysSampled -> HeaderSent -> Ct1Received -> EkSentCt1Received -+
 *                        ^                                                                          | epoch + 1
 *                        | epoch + 1                                                                v
 *   encapsulating:  Ct2Sampled <- EkReceivedCt1Sampled | Ct1Acknowledged <- Ct1Sampled <- HeaderReceived <- NoHeaderReceived
 *
 * The roles swap with every epoch; in odd epochs the initiator of the session owns the key.
 *
 * @see signal-wire, section 7.7
 */

import type { Secret } from '../../secret.ts';
import type { Authenticator } from './authenticator.ts';
import type { ChunkDecoder, ChunkEncoder } from './erasure-code.ts';
import type { SpqrPayload } from './message.ts';

interface BraidBase {
  readonly epoch: number;
  readonly authenticator: Authenticator;
}

export interface KeysUnsampledState extends BraidBase {
  readonly name: 'KeysUnsampled';
}

export interface KeysSampledState extends BraidBase {
  readonly name: 'KeysSampled';
  readonly decapsulationKey: Secret<'PqDecapsulationKey'>;
  /** Sends header and MAC. */
  readonly headerEncoder: ChunkEncoder;
}

export interface HeaderSentState extends BraidBase {
  readonly name: 'HeaderSent';
  readonly decapsulationKey: Secret<'PqDecapsulationKey'>;
  readonly ekEncoder: ChunkEncoder;
  readonly ct1Decoder: ChunkDecoder;
}

export interface Ct1ReceivedState extends BraidBase {
  readonly name: 'Ct1Received';
  readonly decapsulationKey: Secret<'PqDecapsulationKey'>;
  readonly ekEncoder: ChunkEncoder;
  readonly ct1: Uint8Array;
}

export interface EkSentCt1ReceivedState extends BraidBase {
  readonly name: 'EkSentCt1Received';
  readonly decapsulationKey: Secret<'PqDecapsulationKey'>;
  readonly ct1: Uint8Array;
  readonly ct2Decoder: ChunkDecoder;
}

export interface NoHeaderReceivedState extends BraidBase {
  readonly name: 'NoHeaderReceived';
  readonly headerDecoder: ChunkDecoder;
}

export interface HeaderReceivedState extends BraidBase {
  readonly name: 'HeaderReceived';
  readonly header: Uint8Array;
}

export interface Ct1SampledState extends BraidBase {
  readonly name: 'Ct1Sampled';
  readonly header: Uint8Array;
  readonly coins: Secret<'PqCoins'>;
  readonly ct1Encoder: ChunkEncoder;
  readonly ekDecoder: ChunkDecoder;
}

export interface EkReceivedCt1SampledState extends BraidBase {
  readonly name: 'EkReceivedCt1Sampled';
  readonly ct1Encoder: ChunkEncoder;
  /** ct2 and MAC; made as soon as the ek vector is complete, so that the coins need not be kept. */
  readonly ct2Transfer: Uint8Array;
}

export interface Ct1AcknowledgedState extends BraidBase {
  readonly name: 'Ct1Acknowledged';
  readonly header: Uint8Array;
  readonly coins: Secret<'PqCoins'>;
  readonly ct1: Uint8Array;
  readonly ekDecoder: ChunkDecoder;
}

export interface Ct2SampledState extends BraidBase {
  readonly name: 'Ct2Sampled';
  /** Sends ct2 and MAC. */
  readonly ct2Encoder: ChunkEncoder;
}

export type KeyOwnerState =
  | KeysUnsampledState
  | KeysSampledState
  | HeaderSentState
  | Ct1ReceivedState
  | EkSentCt1ReceivedState;

export type EncapsulatingState =
  | NoHeaderReceivedState
  | HeaderReceivedState
  | Ct1SampledState
  | EkReceivedCt1SampledState
  | Ct1AcknowledgedState
  | Ct2SampledState;

export type BraidState = KeyOwnerState | EncapsulatingState;
export type BraidStateName = BraidState['name'];

export function ownsKey(state: BraidState): state is KeyOwnerState {
  return state.name === 'KeysUnsampled' || 'decapsulationKey' in state;
}

/** Whether the secret of the state's own epoch has been put out already. */
export function knowsEpochSecret(state: BraidState): boolean {
  return 'ct1Encoder' in state || state.name === 'Ct1Acknowledged' || state.name === 'Ct2Sampled';
}

export interface BraidSent {
  readonly state: BraidState;
  readonly payload: SpqrPayload;
  /** The secret of the state's epoch, when this step yielded it; the caller owns it. */
  readonly epochSecret?: Secret<'PqEpochSecret'>;
}

export interface BraidReceived {
  readonly state: BraidState;
  /** The secret of the old state's epoch, when this step yielded it; the caller owns it. */
  readonly epochSecret?: Secret<'PqEpochSecret'>;
}
