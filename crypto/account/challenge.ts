/**
 * What is signed on a connection: the relay proves its root key before it is told anything, and a device
 * proves its identity key for exactly this connection, this relay and this session token.
 */

import { concatBytes } from '../bytes.ts';
import { MAX_DEVICE_ID } from '../constants.ts';
import { CodecError } from '../errors.ts';
import type { PrivateKey, PublicKey } from '../keys/keys.ts';
import { signObject, verifyObject } from '../keys/signature.ts';
import { sha256 } from '../primitives/hash.ts';
import type { Random } from '../random.ts';
import { ACCOUNT_ID_BYTES, type AccountId } from './account-id.ts';

const HELLO_DOMAIN = 'hello';
const SESSION_DOMAIN = 'session';
export const CHALLENGE_NONCE_BYTES = 32;
const HASH_BYTES = 32;
/** Stands for the device id where the root key or an enrolment key signs. */
export const NO_DEVICE = 0;
/** Stands for the token hash in an enrolment session, which has no token. */
export const NO_TOKEN_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/**
 * The FINGERPRINT of a relay root key in `ic://` addresses and of an account root key in `trust --key`.
 * @returns SHA-256 of the 33 bytes.
 */
export function keyFingerprint(publicKey: PublicKey): Uint8Array {
  return sha256(publicKey);
}

/** Both nonces of the first two frames, 32 bytes each. */
export interface HelloParams {
  readonly clientNonce: Uint8Array;
  readonly relayNonce: Uint8Array;
}

/** The relay root key's signature over both nonces, 64 bytes. */
export function signHello(relayRootKey: PrivateKey, params: HelloParams, random: Random): Uint8Array {
  return signObject(relayRootKey, HELLO_DOMAIN, encodeHello(params), random);
}

/** Whether the relay has this root key and answers to this nonce of ours. */
export function verifyHello(relayRootKey: PublicKey, params: HelloParams, signature: Uint8Array): boolean {
  return verifyObject(relayRootKey, HELLO_DOMAIN, encodeHello(params), signature);
}

export interface SessionChallenge {
  /** The relay's nonce of this connection, 32 bytes. */
  readonly relayNonce: Uint8Array;
  /** SHA-256 of the relay's root key: a relay in the middle cannot pass the signature on. */
  readonly relayFingerprint: Uint8Array;
  /** SHA-256 of the session token, or `NO_TOKEN_HASH`. */
  readonly tokenHash: Uint8Array;
  readonly accountId: AccountId;
  /** 1 to 127, or `NO_DEVICE` when the root key or an enrolment key signs. */
  readonly deviceId: number;
}

/** Signature by the device identity key (or the root or enrolment key), 64 bytes. */
export function signSessionChallenge(
  privateKey: PrivateKey,
  challenge: SessionChallenge,
  random: Random,
): Uint8Array {
  return signObject(privateKey, SESSION_DOMAIN, encodeSessionChallenge(challenge), random);
}

/** Whether the key signed exactly this challenge. */
export function verifySessionChallenge(
  publicKey: PublicKey,
  challenge: SessionChallenge,
  signature: Uint8Array,
): boolean {
  return verifyObject(publicKey, SESSION_DOMAIN, encodeSessionChallenge(challenge), signature);
}

function encodeHello({ clientNonce, relayNonce }: HelloParams): Uint8Array {
  return concatBytes(exactly(CHALLENGE_NONCE_BYTES, clientNonce), exactly(CHALLENGE_NONCE_BYTES, relayNonce));
}

/** 113 bytes; every field has a fixed length, so no two challenges share an encoding. */
function encodeSessionChallenge(challenge: SessionChallenge): Uint8Array {
  const { relayNonce, relayFingerprint, tokenHash, accountId, deviceId } = challenge;
  return concatBytes(
    exactly(CHALLENGE_NONCE_BYTES, relayNonce),
    exactly(HASH_BYTES, relayFingerprint),
    exactly(HASH_BYTES, tokenHash),
    exactly(ACCOUNT_ID_BYTES, accountId),
    Uint8Array.of(checkDeviceId(deviceId)),
  );
}

/** A number that does not fit into its byte would be cut off and stand for another device. */
function checkDeviceId(deviceId: number): number {
  if (Number.isInteger(deviceId) && deviceId >= NO_DEVICE && deviceId <= MAX_DEVICE_ID) return deviceId;
  throw new CodecError('out-of-range', `a challenge names a device up to ${MAX_DEVICE_ID}`);
}

function exactly(length: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== length) {
    throw new CodecError('bad-length', `a challenge has a field of ${bytes.length} bytes, not ${length}`);
  }
  return bytes;
}
