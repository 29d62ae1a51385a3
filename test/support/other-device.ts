/** A device beside the one that an `Actor` is: it is listed, has keys at the relay, and can read and write. */

import { ownAccount } from '../../client/core/state.ts';
import { type Content, decodeContent } from '../../client/wire/content.ts';
import { decodeUnsealedEnvelope } from '../../client/wire/envelope.ts';
import { unpadContent } from '../../client/wire/padding.ts';
import type { ChainState } from '../../crypto/account/check-chain.ts';
import { makeDeviceEntry } from '../../crypto/account/device-entry.ts';
import { freshDeviceId, makeNextRecord, makeResetRecord } from '../../crypto/account/make-record.ts';
import type { DeviceEntry } from '../../crypto/account/record-codec.ts';
import { deriveRootKeyPair } from '../../crypto/account/recovery.ts';
import { accountName, makeAddress } from '../../crypto/keys/address.ts';
import { generateKeyPair, type KeyPair } from '../../crypto/keys/keys.ts';
import { generateKemPreKey, generateSignedPreKey } from '../../crypto/keys/prekeys.ts';
import { decryptMessage } from '../../crypto/session/decrypt.ts';
import { encryptMessage } from '../../crypto/session/encrypt.ts';
import type { SessionRecord } from '../../crypto/session/record.ts';
import type { LocalParty } from '../../crypto/session/state.ts';
import type { DeliverRequest } from '../../relay/protocol/operations.ts';
import type { Actor } from './account-world.ts';
import type { DeviceKeys } from './operation-relay.ts';

type Change =
  /** One more device, signed by the root. */
  | 'added'
  /** Instead of the old one, signed by the root. */
  | 'replaced'
  /** The same, under a new root key that the old one signed for. */
  | 'root-renewed'
  /** A new root that nobody signed for. */
  | 'reset';

export class OtherDevice {
  readonly id: number;
  readonly owner: Actor;
  readonly #party: LocalParty;
  readonly #signed: ReturnType<typeof generateSignedPreKey>;
  readonly #kem: ReturnType<typeof generateKemPreKey>;
  readonly #sessions = new Map<string, SessionRecord>();

  /** Changes the record of `owner` at the relay; nobody is told. */
  constructor(owner: Actor, change: Change) {
    const { random, world } = owner;
    const { chain } = world.relay.byName(owner.name);
    this.owner = owner;
    this.id = freshDeviceId(chain);
    const identityKeyPair = generateKeyPair(random, 'identityKey');
    const registrationId = 2_000 + this.id;
    this.#party = { address: makeAddress(accountName(owner.id), this.id), identityKeyPair, registrationId };
    const { nowMs } = world;
    this.#signed = generateSignedPreKey(random, { id: 71, identityKeyPair, nowMs });
    this.#kem = generateKemPreKey(random, { id: 72, identityKeyPair, nowMs });
    const claim = { firstRootKey: chain.firstRootKey, id: this.id, registrationId, identityKeyPair };
    const record = recordOf(owner, chain, makeDeviceEntry(claim, random), change);
    world.relay.addRecord(owner.id, record, [this.id, this.#keys()]);
  }

  get identityKeyPair(): KeyPair {
    return this.#party.identityKeyPair;
  }

  /** The content of a delivery, read with this device's keys. */
  read(from: Actor, delivery: DeliverRequest): Content {
    const copy = delivery.devices.find(({ device }) => device === this.id)?.bytes;
    if (copy === undefined) throw new Error('no copy for this device');
    const envelope = decodeUnsealedEnvelope(copy);
    const key = `${accountName(envelope.account)}.${envelope.device}`;
    const { state, output } = decryptMessage(
      {
        record: this.#sessions.get(key),
        local: this.#party,
        remote: makeAddress(accountName(envelope.account), envelope.device),
        message: { type: envelope.type, bytes: envelope.ciphertext },
        preKeys: {
          oneTimePreKey: () => undefined,
          signedPreKey: (id) => (id === this.#signed.id ? this.#signed : undefined),
          kemPreKey: (id) => (id === this.#kem.id ? this.#kem : undefined),
        },
        nowMs: from.world.nowMs,
      },
      this.owner.random,
    );
    this.#sessions.set(key, state);
    return decodeContent(unpadContent(output.plaintext));
  }

  /** Ciphertext of this device for an account's first device, over a session that `read` or `begin` made. */
  encrypt(to: Actor, plaintext: Uint8Array): { readonly type: 2 | 3; readonly bytes: Uint8Array } {
    const key = `${accountName(to.id)}.1`;
    const { state, output } = encryptMessage(
      {
        record: this.#sessions.get(key),
        local: this.#party,
        remote: makeAddress(accountName(to.id), 1),
        plaintext,
        nowMs: to.world.nowMs,
      },
      this.owner.random,
    );
    this.#sessions.set(key, state);
    return output;
  }

  adoptSession(to: Actor, record: SessionRecord): void {
    this.#sessions.set(`${accountName(to.id)}.1`, record);
  }

  get party(): LocalParty {
    return this.#party;
  }

  #keys(): DeviceKeys {
    const { id, keyPair, signature } = this.#signed;
    const kem = this.#kem;
    return {
      signed: { id, publicKey: keyPair.publicKey, signature },
      lastResort: { id: kem.id, publicKey: kem.keyPair.publicKey, signature: kem.signature },
      oneTime: [],
      oneTimeKem: [],
    };
  }
}

function recordOf(owner: Actor, chain: ChainState, entry: DeviceEntry, change: Change): Uint8Array {
  const { random, world } = owner;
  const timeMs = world.nowMs;
  const newRoot = generateKeyPair(random, 'identityKey');
  if (change === 'reset') return makeResetRecord({ chain, newRoot, devices: [entry], timeMs }, random).record;
  const root = deriveRootKeyPair(owner.recoverySecret.clone());
  const signer = { kind: 'root', privateKey: root.privateKey } as const;
  const devices = change === 'added' ? [...chain.current.devices, entry] : [entry];
  const renewed = change === 'root-renewed' ? { rootKey: newRoot.publicKey } : {};
  return makeNextRecord({ chain, devices, signer, timeMs, ...renewed }, random).record;
}

/** The sequence of the newest record that the owner itself knows. */
export function knownSequence(actor: Actor): number {
  return ownAccount(actor.view).sequence;
}
