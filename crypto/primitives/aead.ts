import { assert, CodecError } from '../errors.ts';
import { rawAeadOpen, rawAeadSeal } from './sodium.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 24;

/** XChaCha20-Poly1305: 32-byte key, 24-byte nonce; 16 bytes longer than the plaintext. @see draft-irtf-cfrg-xchacha, section 2 */
export function aeadSeal(
  key32: Uint8Array,
  nonce24: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  checkLengths(key32, nonce24);
  return rawAeadSeal(key32, nonce24, aad, plaintext);
}

/** The inverse of `aeadSeal`. @throws CodecError `tampered` when key, nonce, associated data or bytes do not fit */
export function aeadOpen(
  key32: Uint8Array,
  nonce24: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  checkLengths(key32, nonce24);
  const plaintext = rawAeadOpen(key32, nonce24, aad, ciphertext);
  if (plaintext === undefined) throw new CodecError('tampered', 'sealed bytes do not open');
  return plaintext;
}

function checkLengths(key: Uint8Array, nonce: Uint8Array): void {
  assert(key.length === KEY_BYTES, 'an XChaCha20-Poly1305 key has 32 bytes');
  assert(nonce.length === NONCE_BYTES, 'an XChaCha20-Poly1305 nonce has 24 bytes');
}
