/** The rules of device lists, over the whole life of an account. */

import { equalBytes } from '../bytes.ts';
import { equalPublicKeys, type PublicKey } from '../keys/keys.ts';
import { RecordChainError } from './chain-error.ts';
import { verifyDeviceEntry } from './device-entry.ts';
import type { AccountRecord, DeviceEntry } from './record-codec.ts';

export interface DeviceListParams {
  readonly record: AccountRecord;
  readonly firstRootKey: PublicKey;
  /** Undefined for record 0. */
  readonly previous: AccountRecord | undefined;
  readonly everListed: ReadonlyMap<number, DeviceEntry>;
}

/** @throws ProtocolError `bad-record-chain`. */
export function checkDeviceList({ record, firstRootKey, previous, everListed }: DeviceListParams): void {
  const { devices, sequence } = record;
  if (devices.length === 0) throw new RecordChainError('no-devices', sequence);
  checkUnique(devices, sequence);
  for (const entry of devices) {
    const before = everListed.get(entry.id);
    const isListed = previous?.devices.some(({ id }) => id === entry.id) === true;
    if (before !== undefined && !(isListed && isSameDevice(before, entry))) {
      throw new RecordChainError('device-id-reused', sequence);
    }
    for (const other of everListed.values()) {
      if (other.id !== entry.id && equalPublicKeys(other.identityKey, entry.identityKey)) {
        throw new RecordChainError('device-key-reused', sequence);
      }
    }
    // A device that goes on unchanged was verified when it came.
    if (before !== undefined && equalBytes(before.signature, entry.signature)) continue;
    if (!verifyDeviceEntry(firstRootKey, entry)) throw new RecordChainError('device-signature', sequence);
  }
}

/** The devices ever listed, with those of one more record. */
export function rememberDevices(
  everListed: ReadonlyMap<number, DeviceEntry>,
  record: AccountRecord,
): ReadonlyMap<number, DeviceEntry> {
  const all = new Map(everListed);
  for (const entry of record.devices) all.set(entry.id, entry);
  return all;
}

function checkUnique(devices: readonly DeviceEntry[], sequence: number): void {
  for (const [index, entry] of devices.entries()) {
    for (const earlier of devices.slice(0, index)) {
      if (earlier.id === entry.id || equalPublicKeys(earlier.identityKey, entry.identityKey)) {
        throw new RecordChainError('duplicate-device', sequence);
      }
    }
  }
}

/** The registration id belongs to the device as the key does: a new one would be a new installation. */
function isSameDevice(a: DeviceEntry, b: DeviceEntry): boolean {
  return equalPublicKeys(a.identityKey, b.identityKey) && a.registrationId === b.registrationId;
}
