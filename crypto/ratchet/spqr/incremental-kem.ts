/**
 * ML-KEM-768 cut into the parts the braid sends: header `rho(32) | H(ek)(32)`, ek vector (1152), ct1 (960)
 * and ct2 (128). The decapsulation key has the FIPS 203 layout `s(1152) | t(1152) | rho | H(ek) | z`.
 *
 * @see signal-wire, section 7.5; FIPS 203
 */

import { concatBytes } from '../../bytes.ts';
import { assert } from '../../errors.ts';
import {
  encapsulateHeader,
  encapsulateVector,
  isValidVector,
  mlKem768Decapsulate,
  mlKem768KeyPair,
} from '../../primitives/ml-kem-768.ts';
import type { Random } from '../../random.ts';
import { Secret } from '../../secret.ts';
import { DECAPSULATION_KEY_BYTES, EK_VECTOR_BYTES, HEADER_BYTES } from './constants.ts';
import { invalidMessage } from './refusal.ts';

const SEED_BYTES = 64;
const COINS_BYTES = 32;
const VECTOR_OFFSET = EK_VECTOR_BYTES;
const HEADER_OFFSET = 2 * EK_VECTOR_BYTES;

/** Draws `spqrKeySeed` (64 bytes, d | z), unless the random source replays a recorded key. */
export function generateDecapsulationKey(random: Random): Secret<'PqDecapsulationKey'> {
  const recorded = random.keyPair?.('spqrKeySeed');
  if (recorded !== undefined) {
    assert(recorded.length === DECAPSULATION_KEY_BYTES, 'recorded key of a wrong length');
    return new Secret('PqDecapsulationKey', recorded.slice());
  }
  const seed = random.draw('spqrKeySeed', SEED_BYTES);
  const { decapsulationKey } = mlKem768KeyPair(seed);
  seed.fill(0);
  return new Secret('PqDecapsulationKey', decapsulationKey);
}

export function headerOf(decapsulationKey: Secret<'PqDecapsulationKey'>): Uint8Array {
  return decapsulationKey.expose().slice(HEADER_OFFSET, HEADER_OFFSET + HEADER_BYTES);
}

export function ekVectorOf(decapsulationKey: Secret<'PqDecapsulationKey'>): Uint8Array {
  return decapsulationKey.expose().slice(VECTOR_OFFSET, VECTOR_OFFSET + EK_VECTOR_BYTES);
}

/** Draws `spqrCoins` (32 bytes) and makes the first part of a ciphertext from the header alone. */
export function encapsulateToHeader(
  header: Uint8Array,
  random: Random,
): { ct1: Uint8Array; coins: Secret<'PqCoins'>; kemSecret: Secret<'PqKemSecret'> } {
  const coins = new Secret('PqCoins', random.draw('spqrCoins', COINS_BYTES));
  const { ct1, sharedSecret } = encapsulateHeader(header, coins.expose());
  return { ct1, coins, kemSecret: new Secret('PqKemSecret', sharedSecret) };
}

/**
 * The second part of the ciphertext (128 bytes), once the ek vector is there.
 *
 * @throws ProtocolError `invalid-message` when the vector is not the one of the header or not reduced.
 */
export function encapsulateToVector(
  header: Uint8Array,
  ekVector: Uint8Array,
  coins: Secret<'PqCoins'>,
): Uint8Array {
  if (!isValidVector(header, ekVector)) throw invalidMessage('encapsulation key does not match its header');
  return encapsulateVector(header, ekVector, coins.expose());
}

export function decapsulate(
  decapsulationKey: Secret<'PqDecapsulationKey'>,
  ct1: Uint8Array,
  ct2: Uint8Array,
): Secret<'PqKemSecret'> {
  return new Secret('PqKemSecret', mlKem768Decapsulate(decapsulationKey.expose(), concatBytes(ct1, ct2)));
}
