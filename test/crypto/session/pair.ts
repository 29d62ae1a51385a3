/** Two devices that talk, for tests of sessions: the smallest application with a seeded source. */

import { expect } from 'chai';
import { fromUtf8, toHex, utf8 } from '../../../crypto/bytes.ts';
import {
  type CiphertextMessage,
  generateKeyPair,
  type ProtocolAddress,
  type SessionRecord,
} from '../../../crypto/index.ts';
import type { KeyPair } from '../../../crypto/keys/keys.ts';
import { emptyStore, Party } from '../../peer/party.ts';
import { decodeParty, encodeParty } from '../../peer/party-codec.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

export const NOW_MS = 1_700_000_000_000;

export const ALICE_ID = 'f0103c2c-6dcd-41a5-a03b-00d0b565324d';
export const BOB_ID = 'dfbff82a-646c-4c09-9f6a-ed42ac2c69da';

export interface DeviceOptions {
  readonly name?: string;
  readonly deviceId?: number;
  readonly identityKeyPair?: KeyPair;
}

/** A device and its randomness, whose draws a test may look at. */
export class Device {
  readonly random: SeededRandom;
  party: Party;

  constructor(label: string, { name = label, deviceId = 1, identityKeyPair }: DeviceOptions = {}) {
    this.random = new SeededRandom(label);
    const local = {
      address: { name, deviceId },
      identityKeyPair: identityKeyPair ?? generateKeyPair(this.random, 'identityKey'),
      registrationId: 1 + deviceId,
    };
    this.party = new Party(emptyStore(local), this.random);
  }

  get address(): ProtocolAddress {
    return this.party.store.local.address;
  }

  /** Processes a fresh bundle of the other device. */
  open(other: Device, { oneTime = true, nowMs = NOW_MS } = {}): void {
    this.party.processBundle(other.address, other.party.makeBundle(nowMs, oneTime), nowMs);
  }

  send(to: Device, text: string, nowMs = NOW_MS): CiphertextMessage {
    return this.party.encrypt(to.address, utf8(text), nowMs);
  }

  receive(from: Device, message: CiphertextMessage): string {
    return fromUtf8(this.party.decrypt(from.address, message, NOW_MS));
  }

  /** Everything that the device stores. */
  snapshot(): string {
    return toHex(encodeParty(this.party.store));
  }

  load(state: Uint8Array): void {
    this.party = new Party(decodeParty(state), this.random);
  }

  /** Stores everything and loads it again. */
  reload(): void {
    this.load(encodeParty(this.party.store));
  }

  archivedWith(other: Device): number {
    return this.party.describe(other.address).archived;
  }
}

/** What a device keeps about its sessions with another one. */
export function recordWith(device: Device, other: Device): SessionRecord {
  const { name, deviceId } = other.address;
  const record = device.party.store.peers.get(`${name}.${deviceId}`)?.record;
  if (record === undefined) throw new Error('no record');
  return record;
}

/** Refuses with the code, and everything that the device stores stays byte for byte the same. */
export function expectRefusal(device: Device, code: string, action: () => unknown, why = ''): void {
  const before = device.snapshot();
  expect(refusalOf(action), why).to.equal(code);
  expect(device.snapshot() === before, `${why}: state changed`).to.equal(true);
}

export function exchange(from: Device, to: Device, text: string): void {
  expect(to.receive(from, from.send(to, text))).to.equal(text);
}

/** Alice opened a session with Bob; nothing was sent yet. */
export function newPair(options: { oneTime?: boolean } = {}): { alice: Device; bob: Device } {
  const alice = new Device('alice', { name: ALICE_ID });
  const bob = new Device('bob', { name: BOB_ID, deviceId: 2 });
  alice.open(bob, options);
  return { alice, bob };
}

/** Both have answered: plain messages from here on. */
export function acknowledgedPair(): { alice: Device; bob: Device } {
  const pair = newPair();
  exchange(pair.alice, pair.bob, 'hello');
  exchange(pair.bob, pair.alice, 'hello yourself');
  return pair;
}

export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  return flipped;
}
