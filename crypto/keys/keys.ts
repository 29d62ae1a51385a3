/**
 * Curve25519 keys. A public key is its 33 bytes on the wire; a private key is a wipeable box that keeps the
 * imported form beside it, because importing costs as much as an agreement.
 */

import { equalBytes } from '../bytes.ts';
import { PRIVATE_KEY_BYTES, PUBLIC_KEY_BYTES } from '../constants.ts';
import { CodecError } from '../errors.ts';
import { isCanonicalPoint } from '../primitives/curve-points.ts';
import { agree, publicKeyOf, X25519PrivateKey } from '../primitives/x25519.ts';
import type { DrawName, Random } from '../random.ts';
import { Secret } from '../secret.ts';

declare const publicKeyBrand: unique symbol;

/** 33 bytes: the type 05, then the little-endian u-coordinate. */
export type PublicKey = Uint8Array & { readonly [publicKeyBrand]: true };

const CURVE25519_TYPE = 0x05;
/** Keys that passed the curve test, so that a bundle, its session and its messages pay for it once. */
const MAX_KNOWN_IDENTITIES = 256;
const knownIdentities = new Set<string>();

/**
 * Checks the form of a public key and copies it.
 *
 * @throws CodecError `invalid-key` unless there are exactly 33 bytes of type 05.
 * @see signal-wire section 1.1
 */
export function parsePublicKey(bytes: Uint8Array): PublicKey {
  return viewPublicKey(bytes).slice() as PublicKey;
}

/** As `parsePublicKey`, but the result shares memory with the input: for keys that are not kept. */
export function viewPublicKey(bytes: Uint8Array): PublicKey {
  if (bytes.length !== PUBLIC_KEY_BYTES || bytes[0] !== CURVE25519_TYPE) {
    throw new CodecError('invalid-key', `a public key is ${PUBLIC_KEY_BYTES} bytes of type 5`);
  }
  return bytes as PublicKey;
}

/**
 * Checks an identity key and copies it: well-formed, canonical, and a point of the prime-order subgroup.
 * Signal takes others too; no honest party has one, and they let one party appear under several keys.
 *
 * @throws CodecError `invalid-key`
 * @see signal-wire section 1.1, "Canonical" test
 */
export function parseIdentityKey(bytes: Uint8Array): PublicKey {
  const publicKey = parsePublicKey(bytes);
  const id = String.fromCharCode(...publicKey);
  if (knownIdentities.has(id)) return publicKey;
  if (!isCanonicalPublicKey(publicKey)) {
    throw new CodecError('invalid-key', 'the identity key is not canonical or has a small order');
  }
  if (knownIdentities.size >= MAX_KNOWN_IDENTITIES) knownIdentities.clear();
  knownIdentities.add(id);
  return publicKey;
}

/** Whether the key is the one encoding of a point of the prime-order subgroup. */
export function isCanonicalPublicKey(publicKey: PublicKey): boolean {
  return isCanonicalPoint(rawPublicKey(publicKey));
}

export function equalPublicKeys(a: PublicKey, b: PublicKey): boolean {
  return equalBytes(a, b);
}

/** The 32-byte u-coordinate, as a view. */
export function rawPublicKey(publicKey: PublicKey): Uint8Array {
  return publicKey.subarray(1);
}

/** A Curve25519 private key: wipeable, redacting, imported at most once. */
export class PrivateKey implements Disposable {
  /** The 32 clamped bytes; this is the box that a `spent` list names. */
  readonly secret: Secret<'PrivateKey'>;
  readonly #imported: X25519PrivateKey;

  /**
   * Takes ownership of the secret and clamps it in place.
   *
   * @param imported the same key as it was imported before, sharing the secret's bytes
   * @throws CodecError `invalid-key` unless there are 32 bytes.
   */
  constructor(secret: Secret<'PrivateKey'>, imported?: X25519PrivateKey) {
    const bytes = secret.expose();
    if (bytes.length !== PRIVATE_KEY_BYTES) {
      throw new CodecError('invalid-key', `a private key is ${PRIVATE_KEY_BYTES} bytes`);
    }
    bytes[0] = (bytes[0] as number) & 0xf8;
    bytes[31] = ((bytes[31] as number) & 0x7f) | 0x40;
    this.secret = secret;
    this.#imported = imported ?? new X25519PrivateKey(bytes);
  }

  /** The form that the primitives take; it shares the secret's bytes. */
  imported(): X25519PrivateKey {
    // The key object inside outlives the bytes: asking for them keeps a wiped key from working on.
    this.secret.expose();
    return this.#imported;
  }

  clone(): PrivateKey {
    const imported = this.imported().clone();
    return new PrivateKey(new Secret('PrivateKey', imported.bytes), imported);
  }

  wipe(): void {
    this.secret.wipe();
    this.#imported.wipe();
  }

  [Symbol.dispose](): void {
    this.wipe();
  }
}

export interface KeyPair {
  readonly publicKey: PublicKey;
  readonly privateKey: PrivateKey;
}

/** Draws 32 bytes under the given name and makes a key pair of them. */
export function generateKeyPair(random: Random, drawName: DrawName): KeyPair {
  return importKeyPair(new Secret('PrivateKey', random.draw(drawName, PRIVATE_KEY_BYTES)));
}

/**
 * Derives the public key of 32 private bytes; takes ownership of the secret.
 *
 * @throws CodecError `invalid-key` when there are not 32 bytes.
 */
export function importKeyPair(secret: Secret<'PrivateKey'>): KeyPair {
  const privateKey = new PrivateKey(secret);
  const publicKey = new Uint8Array(PUBLIC_KEY_BYTES);
  publicKey[0] = CURVE25519_TYPE;
  publicKey.set(publicKeyOf(privateKey.imported()), 1);
  return { publicKey: publicKey as PublicKey, privateKey };
}

/** A second pair with its own copy of the private bytes, so that wiping one leaves the other alone. */
export function cloneKeyPair(keyPair: KeyPair): KeyPair {
  return { publicKey: keyPair.publicKey, privateKey: keyPair.privateKey.clone() };
}

/**
 * X25519.
 *
 * @returns 32 bytes
 * @throws ProtocolError `invalid-key-agreement` when the result is all zero: the other key has a small order.
 * @see RFC 7748, section 6.1
 */
export function deriveSharedSecret(privateKey: PrivateKey, publicKey: PublicKey): Secret<'SharedSecret'> {
  return new Secret('SharedSecret', agree(privateKey.imported(), rawPublicKey(publicKey)));
}
