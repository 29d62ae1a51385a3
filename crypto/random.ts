/**
 * The one port through which randomness enters. Every draw is named and drawn in a documented order, so
 * that recorded vectors inject their values by name and a seed replays a whole run.
 */

export type DrawName =
  | 'identityKey'
  | 'baseKey'
  | 'ratchetKey'
  | 'preKey'
  | 'signedPreKey'
  | 'kemKeySeed'
  | 'kemCoins'
  | 'spqrKeySeed'
  | 'spqrCoins'
  | 'signatureNonce'
  | 'recoverySecret'
  | 'storeKey'
  | 'salt'
  | 'recordNonce'
  | 'id'
  | 'registrationId'
  | 'capability'
  | 'sessionToken'
  | 'linkNonce'
  | 'jitter';

export interface Random {
  /** @returns `length` fresh bytes that the caller owns. */
  draw(name: DrawName, length: number): Uint8Array;

  /**
   * For the replay of recorded sessions only, whose transcripts hold ML-KEM-768 decapsulation keys (2400
   * bytes, FIPS 203 layout) but not the seeds they came from: a key to use in place of the draw of that name.
   */
  keyPair?(name: 'spqrKeySeed'): Uint8Array | undefined;
}
