/**
 * One device with an in-memory store, as the smallest application of the protocol: it keeps pre-keys, session
 * records and the identity key seen first for each address, and commits a step only when nothing speaks
 * against it.
 */

import { equalBytes, toHex } from '../../crypto/bytes.ts';
import { ProtocolError, TrustError } from '../../crypto/errors.ts';
import {
  type AnySecret,
  archiveCurrentSession,
  type CiphertextMessage,
  decryptMessage,
  describeSession,
  encodeSessionRecord,
  encryptMessage,
  establishSession,
  generateKemPreKey,
  generatePreKeys,
  generateSignedPreKey,
  type KemPreKeyRecord,
  type LocalParty,
  MESSAGE_TYPE,
  type PreKeyBundle,
  type PreKeyRecord,
  type PreKeySource,
  type ProtocolAddress,
  type PublicKey,
  peekPreKeyMessage,
  type Random,
  type SessionDescription,
  type SessionRecord,
  type SignedPreKeyRecord,
  type UsedPreKeys,
} from '../../crypto/index.ts';

export interface IncomingMessage {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Everything that `save` writes; the maps are the party's own. */
export interface PartyStore {
  readonly local: LocalParty;
  readonly preKeys: Map<number, PreKeyRecord>;
  readonly signedPreKeys: Map<number, SignedPreKeyRecord>;
  readonly kemPreKeys: Map<number, KemPreKeyRecord>;
  readonly peers: Map<string, Peer>;
  /** Every (KEM id, signed id, base key) that opened a session: KEM keys are kept as last-resort keys. */
  readonly usedTriples: Set<string>;
  nextKeyId: number;
}

export interface Peer {
  readonly address: ProtocolAddress;
  identityKey: PublicKey | undefined;
  record: SessionRecord | undefined;
}

export function emptyStore(local: LocalParty): PartyStore {
  return {
    local,
    preKeys: new Map(),
    signedPreKeys: new Map(),
    kemPreKeys: new Map(),
    peers: new Map(),
    usedTriples: new Set(),
    nextKeyId: 1,
  };
}

/** The device id comes last and is a number, so that no two addresses share a key. */
export function addressKey(address: ProtocolAddress): string {
  return `${address.name}.${address.deviceId}`;
}

export class Party {
  readonly store: PartyStore;
  readonly #random: Random;
  readonly #preKeys: PreKeySource;

  constructor(store: PartyStore, random: Random) {
    this.store = store;
    this.#random = random;
    this.#preKeys = {
      oneTimePreKey: (id) => store.preKeys.get(id),
      signedPreKey: (id) => store.signedPreKeys.get(id),
      kemPreKey: (id) => store.kemPreKeys.get(id),
    };
  }

  makeBundle(nowMs: number, oneTime: boolean): PreKeyBundle {
    const { local, preKeys, signedPreKeys, kemPreKeys } = this.store;
    const { identityKeyPair, registrationId } = local;
    const signed = generateSignedPreKey(this.#random, { id: this.#takeId(), identityKeyPair, nowMs });
    const kem = generateKemPreKey(this.#random, { id: this.#takeId(), identityKeyPair, nowMs });
    const bundle = {
      registrationId,
      deviceId: local.address.deviceId,
      identityKey: identityKeyPair.publicKey,
      signedPreKey: { id: signed.id, publicKey: signed.keyPair.publicKey, signature: signed.signature },
      kemPreKey: { id: kem.id, publicKey: kem.keyPair.publicKey, signature: kem.signature },
    };
    signedPreKeys.set(signed.id, signed);
    kemPreKeys.set(kem.id, kem);
    if (!oneTime) return bundle;
    const id = this.#takeId();
    for (const record of generatePreKeys(this.#random, [id])) {
      preKeys.set(id, record);
      return { ...bundle, oneTimePreKey: { id, publicKey: record.keyPair.publicKey } };
    }
    return bundle;
  }

  processBundle(remote: ProtocolAddress, bundle: PreKeyBundle, nowMs: number): void {
    const peer = this.#peer(remote);
    checkTrust(peer, bundle.identityKey);
    const { record } = peer;
    const step = establishSession({ record, local: this.store.local, remote, bundle, nowMs }, this.#random);
    this.#commit(peer, step.state, bundle.identityKey, step.spent);
  }

  encrypt(remote: ProtocolAddress, plaintext: Uint8Array, nowMs: number): CiphertextMessage {
    const peer = this.#peer(remote);
    const { record } = peer;
    const step = encryptMessage({ record, local: this.store.local, remote, plaintext, nowMs }, this.#random);
    const identityKey = step.state.current?.remoteIdentityKey;
    if (identityKey !== undefined) checkTrust(peer, identityKey);
    this.#commit(peer, step.state, identityKey, step.spent);
    return step.output;
  }

  decrypt(remote: ProtocolAddress, message: IncomingMessage, nowMs: number): Uint8Array {
    const peer = this.#peer(remote);
    if (message.type === MESSAGE_TYPE.preKey) checkTrust(peer, peekPreKeyMessage(message.bytes).identityKey);
    const { local } = this.store;
    const params = { record: peer.record, local, remote, message, preKeys: this.#preKeys, nowMs };
    const { state, output, spent } = decryptMessage(params, this.#random);
    checkTrust(peer, output.remoteIdentityKey);
    if (output.used !== undefined) this.#consume(output.used);
    this.#commit(peer, state, output.remoteIdentityKey, spent);
    return output.plaintext;
  }

  archive(remote: ProtocolAddress): void {
    const peer = this.#peer(remote);
    const step = archiveCurrentSession(recordOf(peer));
    this.#commit(peer, step.state, peer.identityKey, step.spent);
  }

  trust(remote: ProtocolAddress, identityKey: PublicKey): void {
    const peer = this.#peer(remote);
    peer.identityKey = identityKey;
    this.store.peers.set(addressKey(remote), peer);
  }

  describe(remote: ProtocolAddress): SessionDescription & { readonly recordBytes: number } {
    const record = recordOf(this.#peer(remote));
    return { ...describeSession(record), recordBytes: encodeSessionRecord(record).length };
  }

  /** The stored peer, or a new one that only a commit stores. */
  #peer(address: ProtocolAddress): Peer {
    const stored = this.store.peers.get(addressKey(address));
    return stored ?? { address, identityKey: undefined, record: undefined };
  }

  #commit(
    peer: Peer,
    record: SessionRecord,
    identityKey: PublicKey | undefined,
    spent: readonly AnySecret[],
  ): void {
    peer.record = record;
    peer.identityKey = identityKey;
    this.store.peers.set(addressKey(peer.address), peer);
    for (const secret of spent) secret.wipe();
  }

  #consume(used: UsedPreKeys): void {
    const triple = `${used.kemPreKeyId}/${used.signedPreKeyId}/${toHex(used.baseKey)}`;
    if (this.store.usedTriples.has(triple)) {
      throw new ProtocolError('invalid-message', 'a base key came twice for the same last-resort key');
    }
    this.store.usedTriples.add(triple);
    if (used.oneTimePreKeyId !== undefined) this.store.preKeys.delete(used.oneTimePreKeyId);
  }

  #takeId(): number {
    const { preKeys, signedPreKeys, kemPreKeys } = this.store;
    for (;;) {
      const id = this.store.nextKeyId++;
      if (!preKeys.has(id) && !signedPreKeys.has(id) && !kemPreKeys.has(id)) return id;
    }
  }
}

function checkTrust(peer: Peer, identityKey: PublicKey): void {
  if (peer.identityKey !== undefined && !equalBytes(peer.identityKey, identityKey)) {
    throw new TrustError('untrusted-identity', 'the address has another identity key');
  }
}

function recordOf(peer: Peer): SessionRecord {
  if (peer.record === undefined) {
    throw new ProtocolError('session-not-found', 'there is no session with this address');
  }
  return peer.record;
}
