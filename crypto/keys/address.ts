/** Whom a session is with: a name and a device. */

import { toHex } from '../bytes.ts';
import { MAX_DEVICE_ID, MIN_DEVICE_ID } from '../constants.ts';
import { CodecError } from '../errors.ts';

export interface ProtocolAddress {
  readonly name: string;
  readonly deviceId: number;
}

/** A name that identifies an account: 17 bytes, the kind (0 account, 1 phone number) and a UUID. */
declare const serviceIdBrand: unique symbol;
export type ServiceId = Uint8Array & { readonly [serviceIdBrand]: true };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PNI_PREFIX = 'PNI:';
const KIND_ACI = 0;
const KIND_PNI = 1;
const SERVICE_ID_BYTES = 17;
const UUID_BYTES = 16;
const MAX_KNOWN_NAMES = 1024;
const knownNames = new Map<string, ServiceId | undefined>();

/**
 * @throws CodecError `invalid-address` unless the device is 1 to 127.
 * @see signal-wire section 1.7
 */
export function makeAddress(name: string, deviceId: number): ProtocolAddress {
  if (!Number.isInteger(deviceId) || deviceId < MIN_DEVICE_ID || deviceId > MAX_DEVICE_ID) {
    throw new CodecError('invalid-address', `a device id is ${MIN_DEVICE_ID} to ${MAX_DEVICE_ID}`);
  }
  return { name, deviceId };
}

/**
 * The 17-byte form of a name that is a UUID or `PNI:` and a UUID; undefined for any other name.
 *
 * @see signal-wire section 1.7
 */
export function parseServiceId(name: string): ServiceId | undefined {
  if (knownNames.has(name)) return knownNames.get(name);
  const serviceId = computeServiceId(name);
  if (knownNames.size >= MAX_KNOWN_NAMES) knownNames.clear();
  knownNames.set(name, serviceId);
  return serviceId;
}

/** The address name of an account: its 16-byte id written as a UUID, so that pre-key messages bind it. */
export function accountName(accountId: Uint8Array): string {
  if (accountId.length !== UUID_BYTES) {
    throw new CodecError('bad-length', `an account id has ${accountId.length} bytes, not ${UUID_BYTES}`);
  }
  const hex = toHex(accountId);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function computeServiceId(name: string): ServiceId | undefined {
  const isPni = name.startsWith(PNI_PREFIX);
  const uuid = isPni ? name.slice(PNI_PREFIX.length) : name;
  if (!UUID.test(uuid)) return undefined;
  const out = new Uint8Array(SERVICE_ID_BYTES);
  out[0] = isPni ? KIND_PNI : KIND_ACI;
  const digits = uuid.replaceAll('-', '');
  for (let i = 0; i < UUID_BYTES; i++) out[1 + i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out as ServiceId;
}
