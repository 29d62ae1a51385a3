import { assert, CodecError } from '../errors.ts';
import { acquire, type RawSodium, rawSodium, release } from './sodium.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;

/**
 * XChaCha20-Poly1305: 32-byte key, 24-byte nonce; 16 bytes longer than the plaintext.
 *
 * @see draft-irtf-cfrg-xchacha-03, section 2
 */
export function aeadSeal(
  key32: Uint8Array,
  nonce24: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const sodium = rawSodium();
  const area = place(sodium, key32, nonce24, aad, plaintext, plaintext.length + TAG_BYTES);
  const { textAt, keyAt, nonceAt, aadAt } = area;
  // biome-ignore format: one line per C argument hides that they come in pairs
  sodium._crypto_aead_xchacha20poly1305_ietf_encrypt(
    textAt, 0, textAt, plaintext.length, 0, aadAt, aad.length, 0, 0, nonceAt, keyAt,
  );
  const out = sodium.HEAPU8.slice(textAt, keyAt);
  release(sodium, textAt, area.size);
  return out;
}

/** The inverse of `aeadSeal`. @throws CodecError `tampered` when key, nonce, associated data or bytes do not fit */
export function aeadOpen(
  key32: Uint8Array,
  nonce24: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  if (ciphertext.length < TAG_BYTES) throw new CodecError('tampered', 'sealed bytes are too short');
  const sodium = rawSodium();
  const area = place(sodium, key32, nonce24, aad, ciphertext, ciphertext.length);
  const { textAt, keyAt, nonceAt, aadAt } = area;
  // biome-ignore format: one line per C argument hides that they come in pairs
  const status = sodium._crypto_aead_xchacha20poly1305_ietf_decrypt(
    textAt, 0, 0, textAt, ciphertext.length, 0, aadAt, aad.length, 0, nonceAt, keyAt,
  );
  const plaintext = status === 0 ? sodium.HEAPU8.slice(textAt, keyAt - TAG_BYTES) : undefined;
  release(sodium, textAt, area.size);
  if (plaintext === undefined) throw new CodecError('tampered', 'sealed bytes do not open');
  return plaintext;
}

/** Puts the text, which is worked on in place, before the other inputs. */
function place(
  sodium: RawSodium,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
  roomBytes: number,
): { textAt: number; keyAt: number; nonceAt: number; aadAt: number; size: number } {
  assert(key.length === KEY_BYTES, 'an XChaCha20-Poly1305 key has 32 bytes');
  assert(nonce.length === NONCE_BYTES, 'an XChaCha20-Poly1305 nonce has 24 bytes');
  const size = roomBytes + KEY_BYTES + NONCE_BYTES + aad.length;
  const textAt = acquire(sodium, size);
  const keyAt = textAt + roomBytes;
  const nonceAt = keyAt + KEY_BYTES;
  const aadAt = nonceAt + NONCE_BYTES;
  const heap = sodium.HEAPU8;
  heap.set(text, textAt);
  heap.set(key, keyAt);
  heap.set(nonce, nonceAt);
  heap.set(aad, aadAt);
  return { textAt, keyAt, nonceAt, aadAt, size };
}
