/** The KEM keys of pre-keys: Kyber-1024 with its type byte. */

import { concatBytes } from '../bytes.ts';
import {
  KEM_CIPHERTEXT_BYTES,
  KEM_COINS_BYTES,
  KEM_KEY_SEED_BYTES,
  KEM_PUBLIC_KEY_BYTES,
  KEM_SECRET_KEY_BYTES,
} from '../constants.ts';
import { CodecError, ProtocolError } from '../errors.ts';
import { kyberDecapsulate, kyberEncapsulate, kyberKeyPair } from '../primitives/kyber1024.ts';
import type { Random } from '../random.ts';
import { Secret } from '../secret.ts';

declare const kemPublicKeyBrand: unique symbol;

/** 1569 bytes: the type 08, then the encapsulation key. */
export type KemPublicKey = Uint8Array & { readonly [kemPublicKeyBrand]: true };

/** 3169 bytes: the type 08, then the decapsulation key. */
export type KemSecretKey = Secret<'KemSecretKey'>;

export interface KemKeyPair {
  readonly publicKey: KemPublicKey;
  readonly secretKey: KemSecretKey;
}

const KYBER_1024_TYPE = 0x08;
const TYPE = Uint8Array.of(KYBER_1024_TYPE);

/**
 * Checks type and length of a KEM public key and copies it; whether its coefficients are in range shows when
 * it is used.
 *
 * @throws CodecError `invalid-key`
 * @see signal-wire section 1.4
 */
export function parseKemPublicKey(bytes: Uint8Array): KemPublicKey {
  if (bytes.length !== KEM_PUBLIC_KEY_BYTES || bytes[0] !== KYBER_1024_TYPE) {
    throw new CodecError('invalid-key', `a KEM public key is ${KEM_PUBLIC_KEY_BYTES} bytes of type 8`);
  }
  return bytes.slice() as KemPublicKey;
}

/**
 * Checks type and length of a KEM secret key; takes ownership of the bytes.
 *
 * @throws CodecError `invalid-key`
 */
export function parseKemSecretKey(secretKey: KemSecretKey): KemSecretKey {
  if (secretKey.length !== KEM_SECRET_KEY_BYTES || secretKey.expose()[0] !== KYBER_1024_TYPE) {
    throw new CodecError('invalid-key', `a KEM secret key is ${KEM_SECRET_KEY_BYTES} bytes of type 8`);
  }
  return secretKey;
}

/** Draws a 64-byte seed and derives a pair from it. */
export function generateKemKeyPair(random: Random): KemKeyPair {
  const seed = random.draw('kemKeySeed', KEM_KEY_SEED_BYTES);
  const pair = kyberKeyPair(seed);
  seed.fill(0);
  const secretKey = new Secret('KemSecretKey', concatBytes(TYPE, pair.secretKey));
  pair.secretKey.fill(0);
  return { publicKey: concatBytes(TYPE, pair.publicKey) as KemPublicKey, secretKey };
}

/**
 * @returns a ciphertext of 1569 bytes and a shared secret of 32
 * @throws ProtocolError `invalid-key` when a coefficient of the key is out of range.
 */
export function encapsulate(
  publicKey: KemPublicKey,
  random: Random,
): { readonly ciphertext: Uint8Array; readonly sharedSecret: Secret<'SharedSecret'> } {
  const coins = random.draw('kemCoins', KEM_COINS_BYTES);
  const { ciphertext, sharedSecret } = kyberEncapsulate(publicKey.subarray(1), coins);
  coins.fill(0);
  return {
    ciphertext: concatBytes(TYPE, ciphertext),
    sharedSecret: new Secret('SharedSecret', sharedSecret),
  };
}

/**
 * @returns 32 bytes; those of a ciphertext made for another key are unrelated to its sender's
 * @throws ProtocolError `invalid-message` unless the ciphertext is 1569 bytes of type 08.
 */
export function decapsulate(secretKey: KemSecretKey, ciphertext: Uint8Array): Secret<'SharedSecret'> {
  if (ciphertext.length !== KEM_CIPHERTEXT_BYTES || ciphertext[0] !== KYBER_1024_TYPE) {
    throw new ProtocolError('invalid-message', `a KEM ciphertext is ${KEM_CIPHERTEXT_BYTES} bytes of type 8`);
  }
  return new Secret('SharedSecret', kyberDecapsulate(secretKey.expose().subarray(1), ciphertext.subarray(1)));
}
