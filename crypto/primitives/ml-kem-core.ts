/**
 * ML-KEM-768 and ML-KEM-1024, deterministic. node:crypto hashes; the arithmetic is ours because no library
 * offers the cut that SPQR needs, and because the JavaScript ones spend their time in Keccak.
 *
 * @see FIPS 203, algorithms 16 to 18
 */

import { concatBytes, equalBytes } from '../bytes.ts';
import { assert, ProtocolError } from '../errors.ts';
import { sha3_256, sha3_512, shake256 } from './hash.ts';
import {
  ciphertextBytes,
  decapsulationKeyBytes,
  decrypt,
  encapsulationKeyBytes,
  encrypt,
  generateVectors,
  isReducedVector,
  type MlKemParams,
  SYMBOL_BYTES,
  vectorBytes,
} from './k-pke.ts';

/** KeyGen_internal with the 64-byte seed d || z; ek = vector || rho, dk = s || ek || H(ek) || z. */
export function generate(
  params: MlKemParams,
  seed: Uint8Array,
): { readonly encapsulationKey: Uint8Array; readonly decapsulationKey: Uint8Array } {
  assert(seed.length === 2 * SYMBOL_BYTES, 'an ML-KEM seed has 64 bytes');
  const size = vectorBytes(params);
  const input = concatBytes(seed.subarray(0, SYMBOL_BYTES), Uint8Array.of(params.k));
  const expanded = sha3_512(input);
  const rho = expanded.subarray(0, SYMBOL_BYTES);
  const sigma = expanded.subarray(SYMBOL_BYTES);
  const encapsulationKey = new Uint8Array(encapsulationKeyBytes(params));
  const decapsulationKey = new Uint8Array(decapsulationKeyBytes(params));
  generateVectors(params, rho, sigma, { keyVector: encapsulationKey, secretVector: decapsulationKey });
  encapsulationKey.set(rho, size);
  decapsulationKey.set(encapsulationKey, size);
  decapsulationKey.set(sha3_256(encapsulationKey), 2 * size + SYMBOL_BYTES);
  decapsulationKey.set(seed.subarray(SYMBOL_BYTES), 2 * size + 2 * SYMBOL_BYTES);
  input.fill(0);
  expanded.fill(0);
  return { encapsulationKey, decapsulationKey };
}

/** The shared secret and the encryption randomness of Encaps_internal, 32 bytes each. */
export function deriveSecret(
  m: Uint8Array,
  keyHash: Uint8Array,
): { readonly sharedSecret: Uint8Array; readonly r: Uint8Array } {
  assert(m.length === SYMBOL_BYTES, 'ML-KEM takes 32 bytes of randomness');
  const input = concatBytes(m, keyHash);
  const both = sha3_512(input);
  const sharedSecret = both.slice(0, SYMBOL_BYTES);
  const r = both.slice(SYMBOL_BYTES);
  input.fill(0);
  both.fill(0);
  return { sharedSecret, r };
}

/** Encaps_internal. @throws ProtocolError `invalid-key` for a wrong length or a coefficient not below q. */
export function encapsulate(
  params: MlKemParams,
  encapsulationKey: Uint8Array,
  m: Uint8Array,
): { readonly ciphertext: Uint8Array; readonly sharedSecret: Uint8Array } {
  if (
    encapsulationKey.length !== encapsulationKeyBytes(params) ||
    !isReducedVector(params, encapsulationKey.subarray(0, vectorBytes(params)))
  ) {
    throw new ProtocolError('invalid-key', 'not an ML-KEM encapsulation key');
  }
  const { sharedSecret, r } = deriveSecret(m, sha3_256(encapsulationKey));
  const ciphertext = encrypt(params, encapsulationKey, m, r);
  r.fill(0);
  return { ciphertext, sharedSecret };
}

/**
 * Decaps_internal: a ciphertext that was not made for the key yields an unrelated secret, never an error.
 *
 * @throws ProtocolError `invalid-key` for a wrong length or key hash, `invalid-message` for a wrong length
 */
export function decapsulate(
  params: MlKemParams,
  decapsulationKey: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  const size = vectorBytes(params);
  const hashOffset = 2 * size + SYMBOL_BYTES;
  const encapsulationKey = decapsulationKey.subarray(size, hashOffset);
  const keyHash = decapsulationKey.subarray(hashOffset, hashOffset + SYMBOL_BYTES);
  if (
    decapsulationKey.length !== decapsulationKeyBytes(params) ||
    !equalBytes(sha3_256(encapsulationKey), keyHash)
  ) {
    throw new ProtocolError('invalid-key', 'not an ML-KEM decapsulation key');
  }
  if (ciphertext.length !== ciphertextBytes(params)) {
    throw new ProtocolError('invalid-message', 'an ML-KEM ciphertext has the wrong length');
  }
  const m = decrypt(params, decapsulationKey, ciphertext);
  const { sharedSecret, r } = deriveSecret(m, keyHash);
  const rejectionInput = concatBytes(decapsulationKey.subarray(hashOffset + SYMBOL_BYTES), ciphertext);
  const rejection = shake256(rejectionInput, SYMBOL_BYTES);
  const expected = encrypt(params, encapsulationKey, m, r);
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference |= (expected[i] as number) ^ (ciphertext[i] as number);
  }
  const mask = (difference - 1) >> 31;
  for (let i = 0; i < SYMBOL_BYTES; i++) {
    sharedSecret[i] = ((sharedSecret[i] as number) & mask) | ((rejection[i] as number) & ~mask);
  }
  for (const secret of [m, r, rejectionInput, rejection, expected]) secret.fill(0);
  return sharedSecret;
}
