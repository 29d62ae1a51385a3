/** The pre-keys of a device: what is stored of them, and how they are made. */

import {
  KEM_PUBLIC_KEY_BYTES,
  KEM_SECRET_KEY_BYTES,
  PRIVATE_KEY_BYTES,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
} from '../constants.ts';
import type { Random } from '../random.ts';
import { Secret } from '../secret.ts';
import { bytes, message, required, uint32, uint53 } from '../wire/schema.ts';
import { generateKemKeyPair, type KemKeyPair, parseKemPublicKey, parseKemSecretKey } from './kem.ts';
import { generateKeyPair, type KeyPair, PrivateKey, parsePublicKey } from './keys.ts';
import { sign } from './signature.ts';

/** A one-time key: deleted with the first message that used it. */
export interface PreKeyRecord {
  readonly id: number;
  readonly keyPair: KeyPair;
}

/** A key that many sessions use until it is replaced; signed by the identity key over its 33 bytes. */
export interface SignedPreKeyRecord {
  readonly id: number;
  readonly keyPair: KeyPair;
  readonly signature: Uint8Array;
  readonly createdMs: number;
}

/** A KEM key, one-time or last-resort as its owner decides; signed over its 1569 bytes. */
export interface KemPreKeyRecord {
  readonly id: number;
  readonly keyPair: KemKeyPair;
  readonly signature: Uint8Array;
  readonly createdMs: number;
}

export interface SignedPreKeyParams {
  readonly id: number;
  readonly identityKeyPair: KeyPair;
  readonly nowMs: number;
}

const StoredPreKey = message('StoredPreKey', {
  id: required(1, uint32),
  publicKey: required(2, bytes({ length: PUBLIC_KEY_BYTES })),
  privateKey: required(3, bytes({ length: PRIVATE_KEY_BYTES })),
});

const StoredSignedPreKey = message('StoredSignedPreKey', {
  id: required(1, uint32),
  publicKey: required(2, bytes({ length: PUBLIC_KEY_BYTES })),
  privateKey: required(3, bytes({ length: PRIVATE_KEY_BYTES })),
  signature: required(4, bytes({ length: SIGNATURE_BYTES })),
  createdMs: required(5, uint53),
});

const StoredKemPreKey = message('StoredKemPreKey', {
  id: required(1, uint32),
  publicKey: required(2, bytes({ length: KEM_PUBLIC_KEY_BYTES })),
  secretKey: required(3, bytes({ length: KEM_SECRET_KEY_BYTES })),
  signature: required(4, bytes({ length: SIGNATURE_BYTES })),
  createdMs: required(5, uint53),
});

/** Makes one one-time key for each id. */
export function generatePreKeys(random: Random, ids: readonly number[]): PreKeyRecord[] {
  return ids.map((id) => ({ id, keyPair: generateKeyPair(random, 'preKey') }));
}

export function generateSignedPreKey(random: Random, params: SignedPreKeyParams): SignedPreKeyRecord {
  const keyPair = generateKeyPair(random, 'signedPreKey');
  const signature = sign(params.identityKeyPair.privateKey, keyPair.publicKey, random);
  return { id: params.id, keyPair, signature, createdMs: params.nowMs };
}

export function generateKemPreKey(random: Random, params: SignedPreKeyParams): KemPreKeyRecord {
  const keyPair = generateKemKeyPair(random);
  const signature = sign(params.identityKeyPair.privateKey, keyPair.publicKey, random);
  return { id: params.id, keyPair, signature, createdMs: params.nowMs };
}

/** For the sealed store: the bytes hold the private key. */
export function encodePreKeyRecord(record: PreKeyRecord): Uint8Array {
  return StoredPreKey.encode({ id: record.id, ...storedPair(record.keyPair) });
}

/** @throws CodecError `invalid-key` and those of the schema. */
export function decodePreKeyRecord(encoded: Uint8Array): PreKeyRecord {
  const stored = StoredPreKey.decode(encoded);
  return { id: stored.id, keyPair: loadedPair(stored) };
}

/** For the sealed store: the bytes hold the private key. */
export function encodeSignedPreKeyRecord(record: SignedPreKeyRecord): Uint8Array {
  const { id, signature, createdMs } = record;
  return StoredSignedPreKey.encode({ id, ...storedPair(record.keyPair), signature, createdMs });
}

/** @throws CodecError `invalid-key` and those of the schema. */
export function decodeSignedPreKeyRecord(encoded: Uint8Array): SignedPreKeyRecord {
  const stored = StoredSignedPreKey.decode(encoded);
  const { id, createdMs } = stored;
  return { id, keyPair: loadedPair(stored), signature: stored.signature.slice(), createdMs };
}

/** For the sealed store: the bytes hold the secret key. */
export function encodeKemPreKeyRecord(record: KemPreKeyRecord): Uint8Array {
  const { id, keyPair, signature, createdMs } = record;
  const secretKey = keyPair.secretKey.expose();
  return StoredKemPreKey.encode({ id, publicKey: keyPair.publicKey, secretKey, signature, createdMs });
}

/** @throws CodecError `invalid-key` and those of the schema. */
export function decodeKemPreKeyRecord(encoded: Uint8Array): KemPreKeyRecord {
  const stored = StoredKemPreKey.decode(encoded);
  const keyPair = {
    publicKey: parseKemPublicKey(stored.publicKey),
    secretKey: parseKemSecretKey(new Secret('KemSecretKey', stored.secretKey.slice())),
  };
  return { id: stored.id, keyPair, signature: stored.signature.slice(), createdMs: stored.createdMs };
}

function storedPair(keyPair: KeyPair): { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array } {
  return { publicKey: keyPair.publicKey, privateKey: keyPair.privateKey.secret.expose() };
}

/** The stored public key is taken as it is: deriving it again would double the cost of opening a store. */
function loadedPair(stored: { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array }): KeyPair {
  return {
    publicKey: parsePublicKey(stored.publicKey),
    privateKey: new PrivateKey(new Secret('PrivateKey', stored.privateKey.slice())),
  };
}
