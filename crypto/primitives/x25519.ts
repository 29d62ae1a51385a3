/**
 * X25519 by node:crypto on key objects that are imported once. They go in as JWK: the DER forms cost ten
 * times as much, and that is most of what a key agreement would take. The price is that a private key passes
 * through one base64url string, which JavaScript cannot wipe.
 *
 * @see RFC 7748, section 5
 */

import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { isZero } from '../bytes.ts';
import { assert, ProtocolError } from '../errors.ts';
import { BoundedCache } from './bounded-cache.ts';
import { importPublicJwk, toBase64Url } from './jwk.ts';

const KEY_BYTES = 32;
/** A ratchet turn uses a peer's key twice, an identity key comes back for every session. */
const MAX_CACHED_PUBLIC_KEYS = 256;
/** node:crypto demands the public half of a JWK and then ignores it. */
const IGNORED_PUBLIC_KEY = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

const publicKeys = new BoundedCache<KeyObject>(MAX_CACHED_PUBLIC_KEYS);

/** A clamped private key with what was computed from it so far. Made by `importPrivateKey`. */
export class X25519PrivateKey {
  readonly #bytes: Uint8Array;
  #keyObject: KeyObject | undefined;
  #publicKey: Uint8Array | undefined;
  #signingKey: Uint8Array | undefined;
  #wiped = false;

  /** Takes ownership of the bytes. */
  constructor(clamped: Uint8Array) {
    this.#bytes = clamped;
  }

  /** The 32 clamped bytes, owned by this object: a getter, so that no inspection or JSON shows them. */
  get bytes(): Uint8Array {
    this.assertAlive();
    return this.#bytes;
  }

  get keyObject(): KeyObject {
    this.assertAlive();
    this.#keyObject ??= createPrivateKey({
      key: { kty: 'OKP', crv: 'X25519', x: IGNORED_PUBLIC_KEY, d: toBase64Url(this.#bytes) },
      format: 'jwk',
    });
    return this.#keyObject;
  }

  get publicKey(): Uint8Array {
    this.#publicKey ??= exportPublicKey(this.keyObject);
    return this.#publicKey;
  }

  /** The compressed Edwards public key for XEdDSA, computed at the first signature. */
  signingKey(derive: (clamped: Uint8Array) => Uint8Array): Uint8Array {
    this.assertAlive();
    this.#signingKey ??= derive(this.#bytes);
    return this.#signingKey;
  }

  get wiped(): boolean {
    return this.#wiped;
  }

  /** An object of its own that needs no second import. */
  clone(): X25519PrivateKey {
    const copy = new X25519PrivateKey(this.bytes.slice());
    copy.#keyObject = this.#keyObject;
    copy.#publicKey = this.#publicKey;
    copy.#signingKey = this.#signingKey;
    return copy;
  }

  /** Zeroes the bytes and lets go of the key object; any later use is a bug. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#keyObject = undefined;
    this.#wiped = true;
  }

  assertAlive(): void {
    assert(!this.#wiped, 'a private key was used after it was wiped');
  }
}

/** Clamps and copies a 32-byte private key. @see RFC 7748, section 5, decodeScalar25519 */
export function importPrivateKey(bytes32: Uint8Array): X25519PrivateKey {
  assert(bytes32.length === KEY_BYTES, 'an X25519 private key has 32 bytes');
  const clamped = new Uint8Array(bytes32);
  clamped[0] = (clamped[0] as number) & 0xf8;
  clamped[31] = ((clamped[31] as number) & 0x7f) | 0x40;
  return new X25519PrivateKey(clamped);
}

/** The 32-byte public key of a private key, without a type byte; the caller owns the copy. */
export function publicKeyOf(privateKey: X25519PrivateKey): Uint8Array {
  return privateKey.publicKey.slice();
}

/**
 * The 32-byte shared secret with a 32-byte public key (no type byte), whose top bit is ignored.
 *
 * @throws ProtocolError `invalid-key-agreement` when the shared secret is all zero
 */
export function agree(privateKey: X25519PrivateKey, publicKey32: Uint8Array): Uint8Array {
  assert(publicKey32.length === KEY_BYTES, 'an X25519 public key has 32 bytes');
  const privateKeyObject = privateKey.keyObject;
  const publicKeyObject = importPublicKey(publicKey32);
  let shared: Buffer;
  try {
    shared = diffieHellman({ privateKey: privateKeyObject, publicKey: publicKeyObject });
  } catch (cause) {
    throw new ProtocolError('invalid-key-agreement', 'a public key has small order', { cause });
  }
  if (isZero(shared)) throw new ProtocolError('invalid-key-agreement', 'a public key has small order');
  return new Uint8Array(shared.buffer, shared.byteOffset, shared.length);
}

function importPublicKey(publicKey: Uint8Array): KeyObject {
  const x = toBase64Url(publicKey);
  return publicKeys.get(x, () => importPublicJwk('X25519', x));
}

function exportPublicKey(keyObject: KeyObject): Uint8Array {
  const { x } = createPublicKey(keyObject).export({ format: 'jwk' });
  assert(x !== undefined, 'node exported an X25519 key without x');
  return new Uint8Array(Buffer.from(x, 'base64url'));
}
