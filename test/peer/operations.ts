/** The operations of the peer driver: a request's fields in, the fields of its answer out. */

import {
  KEM_SECRET_KEY_BYTES,
  MAX_FINGERPRINT_ITERATIONS,
  MIN_FINGERPRINT_ITERATIONS,
  PRIVATE_KEY_BYTES,
} from '../../crypto/constants.ts';
import {
  compareScannable,
  decodePlaintextContent,
  describeFailedMessage,
  displayableFingerprint,
  encodePlaintextContent,
  generateKeyPair,
  importKeyPair,
  type KemPreKeyRecord,
  type KeyPair,
  MESSAGE_TYPE,
  makeAddress,
  type PreKeyBundle,
  type PreKeyRecord,
  parseIdentityKey,
  parseKemPublicKey,
  Secret,
  type SignedPreKeyRecord,
  scannableFingerprint,
  sign,
  verify,
} from '../../crypto/index.ts';
import { parseKemSecretKey } from '../../crypto/keys/kem.ts';
import type { Random } from '../../crypto/random.ts';
import { FINGERPRINT_VERSION } from '../../crypto/trust/fingerprint.ts';
import {
  address,
  badRequest,
  bytes,
  bytesOf,
  deviceId,
  type Fields,
  flag,
  has,
  hex,
  integer,
  object,
  objects,
  publicKey,
  text,
  uint32,
} from './fields.ts';
import { emptyStore, Party } from './party.ts';
import { decodeParty, encodeParty } from './party-codec.ts';

export interface Peers {
  readonly parties: Map<string, Party>;
  readonly random: Random;
  nowMs(): number;
}

type Operation = (request: Fields, peers: Peers) => Fields;

const NOTHING: Fields = {};

/** Groups and sealed sender are not built yet: their operations are unknown like any other. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['party', createParty],
  ['bundle', makeBundle],
  ['importKeys', importKeys],
  ['processBundle', processBundle],
  ['encrypt', encrypt],
  ['decrypt', decrypt],
  ['archive', archive],
  ['state', describeState],
  ['save', save],
  ['restore', restore],
  ['sign', signMessage],
  ['verify', verifyMessage],
  ['fingerprint', fingerprint],
  ['fingerprintCompare', compareFingerprints],
  ['trust', trust],
  ['plaintextContent', plaintextContent],
  ['decryptionError', decryptionError],
]);

function partyOf(request: Fields, { parties }: Peers): Party {
  const party = parties.get(text(request, 'party'));
  if (party === undefined) throw badRequest('there is no such party');
  return party;
}

function keyPairOf(fields: Fields, name: string): KeyPair {
  return importKeyPair(new Secret('PrivateKey', bytesOf(fields, name, PRIVATE_KEY_BYTES)));
}

function createParty(request: Fields, { parties, random }: Peers): Fields {
  const party = text(request, 'party');
  const local = {
    address: makeAddress(text(request, 'name'), deviceId(request, 'deviceId')),
    registrationId: uint32(request, 'registrationId'),
    identityKeyPair: has(request, 'identityPrivate')
      ? keyPairOf(request, 'identityPrivate')
      : generateKeyPair(random, 'identityKey'),
  };
  parties.set(party, new Party(emptyStore(local), random));
  return { identityPublic: hex(local.identityKeyPair.publicKey) };
}

function makeBundle(request: Fields, peers: Peers): Fields {
  const party = partyOf(request, peers);
  const bundle = party.makeBundle(peers.nowMs(), flag(request, 'oneTime'));
  const { oneTimePreKey, signedPreKey, kemPreKey } = bundle;
  return {
    registrationId: bundle.registrationId,
    deviceId: bundle.deviceId,
    identityKey: hex(bundle.identityKey),
    signedPreKeyId: signedPreKey.id,
    signedPreKey: hex(signedPreKey.publicKey),
    signedPreKeySignature: hex(signedPreKey.signature),
    kemPreKeyId: kemPreKey.id,
    kemPreKey: hex(kemPreKey.publicKey),
    kemPreKeySignature: hex(kemPreKey.signature),
    ...(oneTimePreKey === undefined
      ? {}
      : { preKeyId: oneTimePreKey.id, preKey: hex(oneTimePreKey.publicKey) }),
  };
}

function importKeys(request: Fields, peers: Peers): Fields {
  const { store } = partyOf(request, peers);
  const createdMs = peers.nowMs();
  // All are read before the first is stored: a refused import leaves nothing behind.
  const signed = objects(request, 'signedPreKeys').map(
    (each): SignedPreKeyRecord => ({
      id: uint32(each, 'id'),
      keyPair: keyPairOf(each, 'private'),
      signature: bytesOf(each, 'signature', 64),
      createdMs,
    }),
  );
  const kem = objects(request, 'kemPreKeys').map(
    (each): KemPreKeyRecord => ({
      id: uint32(each, 'id'),
      keyPair: {
        publicKey: parseKemPublicKey(bytes(each, 'public')),
        secretKey: parseKemSecretKey(
          new Secret('KemSecretKey', bytesOf(each, 'secret', KEM_SECRET_KEY_BYTES)),
        ),
      },
      signature: bytesOf(each, 'signature', 64),
      createdMs,
    }),
  );
  const oneTime = objects(request, 'preKeys').map(
    (each): PreKeyRecord => ({ id: uint32(each, 'id'), keyPair: keyPairOf(each, 'private') }),
  );
  for (const record of signed) store.signedPreKeys.set(record.id, record);
  for (const record of kem) store.kemPreKeys.set(record.id, record);
  for (const record of oneTime) store.preKeys.set(record.id, record);
  return NOTHING;
}

function bundleOf(fields: Fields): PreKeyBundle {
  const bundle = {
    registrationId: uint32(fields, 'registrationId'),
    deviceId: deviceId(fields, 'deviceId'),
    signedPreKey: {
      id: uint32(fields, 'signedPreKeyId'),
      publicKey: publicKey(fields, 'signedPreKey'),
      signature: bytes(fields, 'signedPreKeySignature'),
    },
    kemPreKey: {
      id: uint32(fields, 'kemPreKeyId'),
      publicKey: parseKemPublicKey(bytes(fields, 'kemPreKey')),
      signature: bytes(fields, 'kemPreKeySignature'),
    },
    identityKey: publicKey(fields, 'identityKey'),
  };
  if (!has(fields, 'preKeyId') && !has(fields, 'preKey')) return bundle;
  const oneTimePreKey = { id: uint32(fields, 'preKeyId'), publicKey: publicKey(fields, 'preKey') };
  return { ...bundle, oneTimePreKey };
}

function processBundle(request: Fields, peers: Peers): Fields {
  const party = partyOf(request, peers);
  const remote = address(request, 'remote');
  party.processBundle(remote, bundleOf(object(request, 'bundle')), peers.nowMs());
  return NOTHING;
}

function encrypt(request: Fields, peers: Peers): Fields {
  const party = partyOf(request, peers);
  const remote = address(request, 'remote');
  const plaintext = bytes(request, 'plaintext');
  const nowMs = has(request, 'now') ? integer(request, 'now') : peers.nowMs();
  const message = party.encrypt(remote, plaintext, nowMs);
  return { type: message.type, message: hex(message.bytes) };
}

function decrypt(request: Fields, peers: Peers): Fields {
  const party = partyOf(request, peers);
  const remote = address(request, 'remote');
  const type = integer(request, 'type');
  if (type !== MESSAGE_TYPE.whisper && type !== MESSAGE_TYPE.preKey) throw badRequest('type is not 2 or 3');
  const message = { type, bytes: bytes(request, 'message') };
  return { plaintext: hex(party.decrypt(remote, message, peers.nowMs())) };
}

function archive(request: Fields, peers: Peers): Fields {
  partyOf(request, peers).archive(address(request, 'remote'));
  return NOTHING;
}

function describeState(request: Fields, peers: Peers): Fields {
  return { ...partyOf(request, peers).describe(address(request, 'remote')) };
}

function save(request: Fields, peers: Peers): Fields {
  return { state: hex(encodeParty(partyOf(request, peers).store)) };
}

function restore(request: Fields, { parties, random }: Peers): Fields {
  const party = text(request, 'party');
  const state = bytes(request, 'state');
  parties.set(party, new Party(readParty(state), random));
  return NOTHING;
}

function readParty(state: Uint8Array): ReturnType<typeof decodeParty> {
  try {
    return decodeParty(state);
  } catch {
    throw badRequest('state was not made by save');
  }
}

function signMessage(request: Fields, { random }: Peers): Fields {
  const { privateKey } = keyPairOf(request, 'private');
  return { signature: hex(sign(privateKey, bytes(request, 'message'), random)) };
}

function verifyMessage(request: Fields): Fields {
  const signature = bytes(request, 'signature');
  return { valid: verify(publicKey(request, 'public'), bytes(request, 'message'), signature) };
}

function fingerprint(request: Fields): Fields {
  const iterations = integer(request, 'iterations', MIN_FINGERPRINT_ITERATIONS, MAX_FINGERPRINT_ITERATIONS);
  const version = has(request, 'version') ? uint32(request, 'version') : FINGERPRINT_VERSION;
  const params = {
    iterations,
    localId: bytes(request, 'localId'),
    localKey: publicKey(request, 'localKey'),
    remoteId: bytes(request, 'remoteId'),
    remoteKey: publicKey(request, 'remoteKey'),
  };
  return {
    display: displayableFingerprint(params),
    scannable: hex(scannableFingerprint(params, version)),
  };
}

function compareFingerprints(request: Fields): Fields {
  return { equal: compareScannable(bytes(request, 'mine'), bytes(request, 'theirs')) };
}

function trust(request: Fields, peers: Peers): Fields {
  const party = partyOf(request, peers);
  const remote = address(request, 'remote');
  party.trust(remote, parseIdentityKey(bytes(request, 'identityKey')));
  return NOTHING;
}

function plaintextContent(request: Fields): Fields {
  const failed = { type: integer(request, 'type'), bytes: bytes(request, 'message') };
  const error = describeFailedMessage(failed, integer(request, 'timestamp'), deviceId(request, 'deviceId'));
  return { content: hex(encodePlaintextContent(error)) };
}

function decryptionError(request: Fields): Fields {
  const error = decodePlaintextContent(bytes(request, 'content'));
  return {
    ...(error.ratchetKey === undefined ? {} : { ratchetKey: hex(error.ratchetKey) }),
    timestamp: error.timestampMs,
    deviceId: error.deviceId,
  };
}
