/** A device proves by its own key that an account may list it, under one id and one registration id. */

import type { KeyPair, PublicKey } from '../keys/keys.ts';
import { signObject, verifyObject } from '../keys/signature.ts';
import type { Random } from '../random.ts';
import { bytes, message, required, uint32 } from '../wire/schema.ts';
import type { DeviceEntry } from './record-codec.ts';

const DEVICE_DOMAIN = 'device';

/** What a device signs. The root key is that of record 0, because it stays when the account's root is renewed. */
const DeviceClaim = message('DeviceClaim', {
  firstRootKey: required(1, bytes({ length: 33 })),
  id: required(2, uint32),
  registrationId: required(3, uint32),
});

export interface DeviceEntryParams {
  /** Root key of record 0 of the account. */
  readonly firstRootKey: PublicKey;
  /** 1 to 127, never used in this account before. */
  readonly id: number;
  /** 14 bits. */
  readonly registrationId: number;
  readonly identityKeyPair: KeyPair;
}

export function makeDeviceEntry(params: DeviceEntryParams, random: Random): DeviceEntry {
  const { id, registrationId, identityKeyPair } = params;
  return {
    id,
    registrationId,
    identityKey: identityKeyPair.publicKey,
    signature: signObject(identityKeyPair.privateKey, DEVICE_DOMAIN, DeviceClaim.encode(params), random),
    sealedName: new Uint8Array(0),
  };
}

/** Whether the device's own key signed this id and registration id for the account of this first root key. */
export function verifyDeviceEntry(firstRootKey: PublicKey, entry: DeviceEntry): boolean {
  const claim = DeviceClaim.encode({ firstRootKey, id: entry.id, registrationId: entry.registrationId });
  return verifyObject(entry.identityKey, DEVICE_DOMAIN, claim, entry.signature);
}
