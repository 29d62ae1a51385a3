/** People with real keys for the relay of the tests; the same name gives the same person in every test. */

import { keyFingerprint } from '../../../crypto/account/challenge.ts';
import type { ChainState } from '../../../crypto/account/check-chain.ts';
import { makeFirstRecord } from '../../../crypto/account/make-record.ts';
import { generateKeyPair, type KeyPair } from '../../../crypto/keys/keys.ts';
import {
  generateKemPreKey,
  generatePreKeys,
  generateSignedPreKey,
  type KemPreKeyRecord,
  type SignedPreKeyRecord,
} from '../../../crypto/keys/prekeys.ts';
import { sha256 } from '../../../crypto/primitives/hash.ts';
import type { PreKeyUpload, RegisterRequest } from '../../../relay/protocol/operations.ts';
import { makeTestDevice, TEST_TIME_MS, type TestDevice } from '../../support/accounts.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

export const relayRootKey: KeyPair = generateKeyPair(new SeededRandom('relay root key'), 'identityKey');
export const relayFingerprint: Uint8Array = keyFingerprint(relayRootKey.publicKey);
/** base64 of 32 bytes without padding. */
export const AUTH_KEY = 'QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE';
export const WRONG_AUTH_KEY = 'QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI';

export interface Person {
  readonly name: string;
  readonly random: SeededRandom;
  readonly root: KeyPair;
  readonly device: TestDevice;
  readonly chain: ChainState;
  readonly account: Uint8Array;
  readonly token: Uint8Array;
  /** A contact capability that is registered with the account. */
  readonly capability: Uint8Array;
  readonly registration: RegisterRequest;
}

const known = new Map<string, Person>();

export function person(name: string): Person {
  const made = known.get(name) ?? makePerson(name);
  known.set(name, made);
  return made;
}

export function makePerson(name: string, label = name, fingerprint = relayFingerprint): Person {
  const random = new SeededRandom(`person ${label}`);
  const root = generateKeyPair(random, 'identityKey');
  const device = makeTestDevice(random, root, 1);
  const { record, chain } = makeFirstRecord(
    { username: name, relayFingerprint: fingerprint, root, devices: [device.entry], timeMs: TEST_TIME_MS },
    random,
  );
  const token = random.draw('sessionToken', 32);
  const capability = random.draw('capability', 32);
  const registration = {
    record,
    preKeys: uploadOf(random, device, 100, 2, true),
    capabilities: [{ hash: sha256(capability), kind: 1 }],
    sessionTokenHash: sha256(token),
  };
  return { name, random, root, device, chain, account: chain.accountId, token, capability, registration };
}

/** `count` one-time keys of each kind from id `first` on, and the signed and last-resort ones if wanted. */
export function uploadOf(
  random: SeededRandom,
  { keyPair }: TestDevice,
  first: number,
  count: number,
  signed = false,
): PreKeyUpload {
  const ids = Array.from({ length: count }, (_, index) => first + index);
  const params = (id: number) => ({ id, identityKeyPair: keyPair, nowMs: TEST_TIME_MS });
  const publicPart = ({ id, keyPair: pair, signature }: SignedPreKeyRecord | KemPreKeyRecord) => ({
    id,
    publicKey: pair.publicKey,
    signature,
  });
  const oneTime = {
    oneTimePreKeys: generatePreKeys(random, ids).map(({ id, keyPair: { publicKey } }) => ({ id, publicKey })),
    oneTimeKemPreKeys: ids.map((id) => publicPart(generateKemPreKey(random, params(id)))),
  };
  if (!signed) return oneTime;
  return {
    ...oneTime,
    signedPreKey: publicPart(generateSignedPreKey(random, params(1))),
    lastResortKemPreKey: publicPart(generateKemPreKey(random, params(2))),
  };
}
