import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concatBytes } from '../bytes.ts';
import { assert, ProtocolError } from '../errors.ts';

const ALGORITHM = 'aes-256-cbc';
const KEY_BYTES = 32;
const BLOCK_BYTES = 16;

/** AES-256-CBC with PKCS#7 padding: 32-byte key, 16-byte IV; 1 to 16 bytes longer than the plaintext. @see NIST SP 800-38A, section 6.2 */
export function aesCbcEncrypt(key32: Uint8Array, iv16: Uint8Array, plaintext: Uint8Array): Uint8Array {
  checkLengths(key32, iv16);
  const cipher = createCipheriv(ALGORITHM, key32, iv16);
  return concatBytes(cipher.update(plaintext), cipher.final());
}

/**
 * The inverse of `aesCbcEncrypt`; call it only on a ciphertext whose MAC was verified.
 *
 * @throws ProtocolError `invalid-message` for a length that is no positive multiple of 16 and for bad padding
 */
export function aesCbcDecrypt(key32: Uint8Array, iv16: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  checkLengths(key32, iv16);
  if (ciphertext.length === 0 || ciphertext.length % BLOCK_BYTES !== 0) {
    throw new ProtocolError('invalid-message', 'a ciphertext has a length that is no multiple of 16');
  }
  const decipher = createDecipheriv(ALGORITHM, key32, iv16);
  try {
    return concatBytes(decipher.update(ciphertext), decipher.final());
  } catch (cause) {
    throw new ProtocolError('invalid-message', 'the padding of a message is wrong', { cause });
  }
}

function checkLengths(key: Uint8Array, iv: Uint8Array): void {
  assert(
    key.length === KEY_BYTES && iv.length === BLOCK_BYTES,
    'AES-256-CBC takes a 32-byte key and a 16-byte IV',
  );
}
