/**
 * ML-KEM-768, whole and in the parts in which SPQR sends it. A header is rho(32) || SHA3-256(ek)(32), the
 * vector is the first 1152 bytes of the encapsulation key ek = vector || rho.
 *
 * @see FIPS 203; ML-KEM Braid, the incremental KEM
 */

import { concatBytes, equalBytes } from '../bytes.ts';
import { assert, ProtocolError } from '../errors.ts';
import { sha3_256 } from './hash.ts';
import { encryptFirstPart, encryptSecondPart, firstPartBytes, isReducedVector, ML_KEM_768 } from './k-pke.ts';
import { decapsulate, deriveSecret, encapsulate, generate } from './ml-kem-core.ts';

const RHO_BYTES = 32;
const HEADER_BYTES = 64;
const SECOND_PART_BYTES = 128;

/** Deterministic key pair from the 64-byte seed d || z: 1184-byte encapsulation, 2400-byte decapsulation key. */
export function mlKem768KeyPair(seed64: Uint8Array): {
  readonly encapsulationKey: Uint8Array;
  readonly decapsulationKey: Uint8Array;
} {
  return generate(ML_KEM_768, seed64);
}

/**
 * Deterministic encapsulation with 32 bytes of randomness: 1088-byte ciphertext, 32-byte secret.
 *
 * @throws ProtocolError `invalid-key` unless the key has 1184 bytes and passes the modulus check
 */
export function mlKem768Encapsulate(
  encapsulationKey: Uint8Array,
  m32: Uint8Array,
): { readonly ciphertext: Uint8Array; readonly sharedSecret: Uint8Array } {
  return encapsulate(ML_KEM_768, encapsulationKey, m32);
}

/**
 * The 32-byte secret of a 1088-byte ciphertext; a foreign ciphertext yields an unrelated one.
 *
 * @throws ProtocolError `invalid-key` for a damaged key, `invalid-message` for a wrong ciphertext length
 */
export function mlKem768Decapsulate(decapsulationKey: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return decapsulate(ML_KEM_768, decapsulationKey, ciphertext);
}

/** The 64-byte header of a 1184-byte encapsulation key. */
export function headerOf(encapsulationKey: Uint8Array): Uint8Array {
  return concatBytes(encapsulationKey.subarray(-RHO_BYTES), sha3_256(encapsulationKey));
}

/** The 960-byte first part of a ciphertext and the 32-byte secret, from the 64-byte header alone. */
export function encapsulateHeader(
  header64: Uint8Array,
  m32: Uint8Array,
): { readonly ct1: Uint8Array; readonly sharedSecret: Uint8Array } {
  assert(header64.length === HEADER_BYTES, 'an ML-KEM-768 header has 64 bytes');
  const { sharedSecret, r } = deriveSecret(m32, header64.subarray(RHO_BYTES));
  const ct1 = new Uint8Array(firstPartBytes(ML_KEM_768));
  encryptFirstPart(ML_KEM_768, ct1, header64.subarray(0, RHO_BYTES), r);
  r.fill(0);
  return { ct1, sharedSecret };
}

/**
 * The 128-byte second part of the ciphertext that `encapsulateHeader` began with the same randomness.
 *
 * @throws ProtocolError `invalid-key` unless `isValidVector` holds
 */
export function encapsulateVector(
  header64: Uint8Array,
  ekVector1152: Uint8Array,
  m32: Uint8Array,
): Uint8Array {
  if (!isValidVector(header64, ekVector1152)) {
    throw new ProtocolError('invalid-key', 'the vector does not belong to its header');
  }
  const { sharedSecret, r } = deriveSecret(m32, header64.subarray(RHO_BYTES));
  const ct2 = new Uint8Array(SECOND_PART_BYTES);
  encryptSecondPart(ML_KEM_768, ct2, ekVector1152, m32, r);
  sharedSecret.fill(0);
  r.fill(0);
  return ct2;
}

/** Whether a received 1152-byte vector has the hash that its header announced and only reduced coefficients. */
export function isValidVector(header64: Uint8Array, ekVector: Uint8Array): boolean {
  if (header64.length !== HEADER_BYTES || !isReducedVector(ML_KEM_768, ekVector)) return false;
  const keyHash = sha3_256(concatBytes(ekVector, header64.subarray(0, RHO_BYTES)));
  return equalBytes(keyHash, header64.subarray(RHO_BYTES));
}
