/**
 * Kyber-1024 as of round 3, Signal's KEM of type 08: ML-KEM-1024 with another way from the inner secret to
 * the shared one. Keys and ciphertexts here carry no type byte.
 *
 * @see PQXDH, section 2.2; CRYSTALS-Kyber (round 3), section 1.3
 */

import { concatBytes } from '../bytes.ts';
import { assert } from '../errors.ts';
import { sha3_256, shake256 } from './hash.ts';
import { ML_KEM_1024 } from './k-pke.ts';
import { decapsulate, encapsulate, generate } from './ml-kem-core.ts';

const COINS_BYTES = 32;
const SHARED_SECRET_BYTES = 32;

/** Deterministic key pair from a 64-byte seed: 1568-byte public key, 3168-byte secret key. */
export function kyberKeyPair(seed64: Uint8Array): {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
} {
  const pair = generate(ML_KEM_1024, seed64);
  return { publicKey: pair.encapsulationKey, secretKey: pair.decapsulationKey };
}

/**
 * Deterministic encapsulation with 32 random bytes: 1568-byte ciphertext, 32-byte secret.
 *
 * @throws ProtocolError `invalid-key` unless the key has 1568 bytes and every coefficient is below 3329
 */
export function kyberEncapsulate(
  publicKey: Uint8Array,
  coins32: Uint8Array,
): { readonly ciphertext: Uint8Array; readonly sharedSecret: Uint8Array } {
  assert(coins32.length === COINS_BYTES, 'Kyber takes 32 bytes of randomness');
  const m = sha3_256(coins32);
  const inner = encapsulate(ML_KEM_1024, publicKey, m);
  m.fill(0);
  return { ciphertext: inner.ciphertext, sharedSecret: bindCiphertext(inner.sharedSecret, inner.ciphertext) };
}

/**
 * The 32-byte secret of a 1568-byte ciphertext; a foreign ciphertext yields an unrelated one.
 *
 * @throws ProtocolError `invalid-key` for a damaged key, `invalid-message` for a wrong ciphertext length
 */
export function kyberDecapsulate(secretKey: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return bindCiphertext(decapsulate(ML_KEM_1024, secretKey, ciphertext), ciphertext);
}

/** The last step of round 3, which FIPS 203 dropped. */
function bindCiphertext(inner: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const input = concatBytes(inner, sha3_256(ciphertext));
  const sharedSecret = shake256(input, SHARED_SECRET_BYTES);
  inner.fill(0);
  input.fill(0);
  return sharedSecret;
}
