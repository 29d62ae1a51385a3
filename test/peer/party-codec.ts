/** A party's whole store as one byte string, for `save` and `restore`. */

import { makeAddress } from '../../crypto/keys/address.ts';
import { importKeyPair, parseIdentityKey } from '../../crypto/keys/keys.ts';
import {
  decodeKemPreKeyRecord,
  decodePreKeyRecord,
  decodeSignedPreKeyRecord,
  encodeKemPreKeyRecord,
  encodePreKeyRecord,
  encodeSignedPreKeyRecord,
} from '../../crypto/keys/prekeys.ts';
import { Secret } from '../../crypto/secret.ts';
import { decodeSessionRecord, encodeSessionRecord } from '../../crypto/session/record.ts';
import {
  bytes,
  message,
  nested,
  optional,
  repeated,
  required,
  text,
  uint8,
  uint32,
  uint53,
} from '../../crypto/wire/schema.ts';
import { addressKey, emptyStore, type PartyStore, type Peer } from './party.ts';

/** Far above what any schedule makes; a list without a limit is a bug waiting. */
const MAX_ENTRIES = 1_000_000;
const MAX_NAME_BYTES = 1 << 20;
const MAX_RECORD_BYTES = 1 << 28;
const ENTRIES = { max: MAX_ENTRIES };
const record = bytes({ max: MAX_RECORD_BYTES });
const name = text({ max: MAX_NAME_BYTES });

const StoredPeer = message('StoredPeer', {
  name: required(1, name),
  deviceId: required(2, uint8),
  identityKey: optional(3, bytes({ length: 33 })),
  record: optional(4, record),
});

const StoredParty = message('StoredParty', {
  name: required(1, name),
  deviceId: required(2, uint8),
  registrationId: required(3, uint32),
  identityPrivate: required(4, bytes({ length: 32 })),
  nextKeyId: required(5, uint53),
  preKeys: repeated(6, record, ENTRIES),
  signedPreKeys: repeated(7, record, ENTRIES),
  kemPreKeys: repeated(8, record, ENTRIES),
  peers: repeated(9, nested(StoredPeer), ENTRIES),
  usedTriples: repeated(10, text({ max: 256 }), ENTRIES),
});

export function encodeParty(store: PartyStore): Uint8Array {
  const { address, identityKeyPair, registrationId } = store.local;
  return StoredParty.encode({
    name: address.name,
    deviceId: address.deviceId,
    registrationId,
    identityPrivate: identityKeyPair.privateKey.secret.expose(),
    nextKeyId: store.nextKeyId,
    preKeys: [...store.preKeys.values()].map(encodePreKeyRecord),
    signedPreKeys: [...store.signedPreKeys.values()].map(encodeSignedPreKeyRecord),
    kemPreKeys: [...store.kemPreKeys.values()].map(encodeKemPreKeyRecord),
    peers: [...store.peers.values()].map(storedPeer),
    usedTriples: [...store.usedTriples],
  });
}

/** @throws CodecError for bytes that `encodeParty` cannot have made. */
export function decodeParty(encoded: Uint8Array): PartyStore {
  const stored = StoredParty.decode(encoded);
  const store = emptyStore({
    address: makeAddress(stored.name, stored.deviceId),
    identityKeyPair: importKeyPair(new Secret('PrivateKey', stored.identityPrivate.slice())),
    registrationId: stored.registrationId,
  });
  store.nextKeyId = stored.nextKeyId;
  for (const each of stored.preKeys.map(decodePreKeyRecord)) store.preKeys.set(each.id, each);
  for (const each of stored.signedPreKeys.map(decodeSignedPreKeyRecord)) {
    store.signedPreKeys.set(each.id, each);
  }
  for (const each of stored.kemPreKeys.map(decodeKemPreKeyRecord)) store.kemPreKeys.set(each.id, each);
  for (const each of stored.peers) {
    const address = makeAddress(each.name, each.deviceId);
    const peer: Peer = {
      address,
      identityKey: each.identityKey === undefined ? undefined : parseIdentityKey(each.identityKey),
      record: each.record === undefined ? undefined : decodeSessionRecord(each.record),
    };
    store.peers.set(addressKey(address), peer);
  }
  for (const triple of stored.usedTriples) store.usedTriples.add(triple);
  return store;
}

function storedPeer(peer: Peer): Parameters<typeof StoredPeer.encode>[0] {
  return {
    name: peer.address.name,
    deviceId: peer.address.deviceId,
    ...(peer.identityKey === undefined ? {} : { identityKey: peer.identityKey }),
    ...(peer.record === undefined ? {} : { record: encodeSessionRecord(peer.record) }),
  };
}
