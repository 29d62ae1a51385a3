/** Accounts with known keys: every test that needs records, devices and their private keys starts here. */

import type { ChainState } from '../../crypto/account/check-chain.ts';
import { makeDeviceEntry } from '../../crypto/account/device-entry.ts';
import { makeFirstRecord } from '../../crypto/account/make-record.ts';
import type { DeviceEntry } from '../../crypto/account/record-codec.ts';
import { deriveRootKeyPair, generateRecoverySecret } from '../../crypto/account/recovery.ts';
import { generateKeyPair, type KeyPair } from '../../crypto/keys/keys.ts';
import { SeededRandom } from './seeded-random.ts';

export interface TestDevice {
  readonly keyPair: KeyPair;
  readonly entry: DeviceEntry;
}

export interface TestAccount {
  readonly random: SeededRandom;
  readonly root: KeyPair;
  readonly device: TestDevice;
  readonly record: Uint8Array;
  readonly chain: ChainState;
}

export const TEST_RELAY_FINGERPRINT: Uint8Array = new Uint8Array(32).fill(0xfe);
export const TEST_TIME_MS = 1_800_000_000_000;

/** A device with a fresh key, signed for the account of `firstRoot`. */
export function makeTestDevice(random: SeededRandom, firstRoot: KeyPair, id: number): TestDevice {
  const keyPair = generateKeyPair(random, 'identityKey');
  const params = {
    firstRootKey: firstRoot.publicKey,
    id,
    registrationId: 1000 + id,
    identityKeyPair: keyPair,
  };
  return { keyPair, entry: makeDeviceEntry(params, random) };
}

/** An account with one device, id 1; the same name gives the same account in every run. */
export function makeTestAccount(username: string): TestAccount {
  const random = new SeededRandom(`account ${username}`);
  using secret = generateRecoverySecret(random);
  const root = deriveRootKeyPair(secret);
  const device = makeTestDevice(random, root, 1);
  const { record, chain } = makeFirstRecord(
    {
      username,
      relayFingerprint: TEST_RELAY_FINGERPRINT,
      root,
      devices: [device.entry],
      timeMs: TEST_TIME_MS,
    },
    random,
  );
  return { random, root, device, record, chain };
}
