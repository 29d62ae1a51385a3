// Goal: what is not genuine is refused with the code that tells the least, and leaves nothing behind.
// Method: the whole store of the receiver is compared before and after.

import { expect } from 'chai';
import { concatBytes, fromHex, toHex } from '../../../crypto/bytes.ts';
import type { CiphertextMessage } from '../../../crypto/index.ts';
import { parsePublicKey } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { decodePreKeySignalMessage } from '../../../crypto/wire/pre-key-signal-message.ts';
import { decodeSignalMessage } from '../../../crypto/wire/signal-message.ts';
import { refusalOf } from '../../support/refusal.ts';
import { readSignalVectors } from '../../support/vectors.ts';
import {
  ALICE_ID,
  acknowledgedPair,
  BOB_ID,
  Device,
  exchange,
  expectRefusal,
  flipBit,
  NOW_MS,
  newPair,
} from './pair.ts';

function withBytes(message: CiphertextMessage, bytes: Uint8Array): CiphertextMessage {
  return { type: message.type, bytes };
}

describe('an ordinary message', () => {
  before(ready);

  it('is refused for each of its flipped bits, and then opens unflipped', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'genuine');
    for (let bit = 0; bit < message.bytes.length * 8; bit++) {
      const flipped = withBytes(message, flipBit(message.bytes, bit));
      const code = expectedCode(flipped.bytes);
      expectRefusal(bob, code, () => bob.receive(alice, flipped), `bit ${bit}`);
    }
    expect(bob.receive(alice, message)).to.equal('genuine');
  });

  it('is refused when it is cut off anywhere', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'genuine');
    for (let length = 0; length < message.bytes.length; length++) {
      const cut = withBytes(message, message.bytes.slice(0, length));
      expectRefusal(bob, 'invalid-message', () => bob.receive(alice, cut), `${length} bytes`);
    }
  });

  it('is a duplicate when it comes again, at once and later', () => {
    const { alice, bob } = acknowledgedPair();
    const first = alice.send(bob, 'first');
    const second = alice.send(bob, 'second');
    expect(bob.receive(alice, second)).to.equal('second');
    expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, second));
    expect(bob.receive(alice, first)).to.equal('first');
    expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, first));
    exchange(bob, alice, 'answer');
    exchange(alice, bob, 'third');
    expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, first));
    bob.reload();
    expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, second));
  });

  it('is a duplicate, not invalid, when its body was changed after its key was used', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'once');
    bob.receive(alice, message);
    const flipped = withBytes(message, flipBit(message.bytes, message.bytes.length * 8 - 1));
    expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, flipped));
  });

  it('is not found without any record, and invalid once there is one', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'for bob');
    const carol = new Device('carol');
    expectRefusal(carol, 'session-not-found', () => carol.receive(alice, message));
    carol.open(alice);
    expectRefusal(carol, 'invalid-message', () => carol.receive(alice, message));
  });

  it('is read before the record is looked for', () => {
    const carol = new Device('carol');
    const alice = new Device('alice');
    const cases: readonly (readonly [string, string])[] = [
      ['', 'invalid-message'],
      ['4400000000000000', 'invalid-message'],
      ['240000000000000000', 'legacy-version'],
      ['040000000000000000', 'legacy-version'],
      ['540000000000000000', 'unrecognized-version'],
      ['f40000000000000000', 'unrecognized-version'],
      ['440000000000000000', 'invalid-message'],
    ];
    for (const [bytes, code] of cases) {
      const message: CiphertextMessage = { type: 2, bytes: fromHex(bytes) };
      expectRefusal(carol, code, () => carol.receive(alice, message), bytes);
    }
  });

  it('of version 3 opens no session of version 4', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'genuine');
    const old = withBytes(message, message.bytes.slice());
    old.bytes[0] = 0x34;
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, old));
  });

  it('for another correspondent does not open under the same keys', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'to bob');
    expectRefusal(alice, 'invalid-message', () => alice.receive(bob, message));
  });

  it('needs no addresses, and none of its own: it never carries any', () => {
    const { alice, bob } = acknowledgedPair();
    expect(decodeSignalMessage(alice.send(bob, 'x').bytes).addresses).to.equal(undefined);
  });

  it('is of type 2 or 3; for the others there are other doors', () => {
    const { alice, bob } = acknowledgedPair();
    const { bytes } = alice.send(bob, 'x');
    for (const type of [0, 1, 7, 8]) {
      const decrypt = (): unknown => bob.party.decrypt(alice.address, { type, bytes }, NOW_MS);
      expectRefusal(bob, 'bad-message-type', decrypt);
    }
  });

  it('may be empty', () => {
    const { alice, bob } = acknowledgedPair();
    exchange(alice, bob, '');
  });

  it('is refused when its identity is no longer the trusted one', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'old identity');
    const mallory = new Device('mallory');
    bob.party.trust(alice.address, mallory.party.store.local.identityKeyPair.publicKey);
    expectRefusal(bob, 'untrusted-identity', () => bob.receive(alice, message));
    expectRefusal(bob, 'untrusted-identity', () => bob.send(alice, 'x'));
    bob.party.trust(alice.address, alice.party.store.local.identityKeyPair.publicKey);
    expect(bob.receive(alice, message)).to.equal('old identity');
  });
});

/** The version byte is read first; everything else is one and the same refusal. */
function expectedCode(bytes: Uint8Array): string {
  const version = (bytes[0] as number) >> 4;
  if (version < 3) return 'legacy-version';
  return version > 4 ? 'unrecognized-version' : 'invalid-message';
}

describe('a message that opens a session', () => {
  before(ready);

  it('is refused for each flipped bit but those that nothing can bind', () => {
    const accepted: number[] = [];
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'genuine');
    const before = bob.snapshot();
    for (let bit = 0; bit < message.bytes.length * 8; bit++) {
      // The KEM ciphertext is nine tenths of the message: every eighth of its bits will do.
      if (bit > 2400 && bit < message.bytes.length * 8 - 80 && bit % 8 !== 3) continue;
      const flipped = withBytes(message, flipBit(message.bytes, bit));
      const code = refusalOf(() => bob.receive(alice, flipped));
      if (code === 'none') {
        accepted.push(bit);
        bob.load(fromHex(before));
      } else {
        expect(ALLOWED_CODES, `bit ${bit}`).to.include(code);
        expect(bob.snapshot() === before, `bit ${bit}: state changed`).to.equal(true);
      }
    }
    expectUnauthenticated(message.bytes, accepted);
    expect(bob.receive(alice, message)).to.equal('genuine');
  });

  it('of an existing session binds base key, identity key and inner message, and nothing else', () => {
    const { alice, bob } = newPair();
    exchange(alice, bob, 'opens the session');
    const message = alice.send(bob, 'repeats it');
    const { baseKey } = decodePreKeySignalMessage(message.bytes);
    const start = baseKey.byteOffset - message.bytes.byteOffset;
    const { end } = innerRegion(message.bytes);
    const before = bob.snapshot();
    for (let bit = 8 * start; bit < 8 * end; bit++) {
      const flipped = withBytes(message, flipBit(message.bytes, bit));
      expect(
        refusalOf(() => bob.receive(alice, flipped)),
        `bit ${bit}`,
      ).not.to.equal('none');
      expect(bob.snapshot() === before, `bit ${bit}: state changed`).to.equal(true);
    }
    const kem = withBytes(message, flipBit(message.bytes, message.bytes.length * 8 - 1));
    expect(bob.receive(alice, kem)).to.equal('repeats it');
  });

  it('with a flipped identity key is untrusted when another one is known, else invalid', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    const identity = decodePreKeySignalMessage(message.bytes).identityKey;
    const changed = message.bytes.slice();
    changed.set(
      bob.party.store.local.identityKeyPair.publicKey,
      identity.byteOffset - message.bytes.byteOffset,
    );
    const forged = withBytes(message, changed);
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, forged), 'unknown');
    bob.receive(alice, message);
    expectRefusal(bob, 'untrusted-identity', () => bob.receive(alice, forged), 'known');
  });

  it('of a known session with another identity key than the session is invalid', () => {
    const { alice, bob } = newPair();
    exchange(alice, bob, 'opens the session');
    const message = alice.send(bob, 'repeats it');
    const changed = message.bytes.slice();
    const identity = decodePreKeySignalMessage(message.bytes).identityKey;
    const other = new Device('other').party.store.local.identityKeyPair.publicKey;
    changed.set(other, identity.byteOffset - message.bytes.byteOffset);
    bob.party.trust(alice.address, other);
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, withBytes(message, changed)));
  });

  it('is refused for an identity key that is not canonical or of small order', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    const offset = decodePreKeySignalMessage(message.bytes).identityKey.byteOffset - message.bytes.byteOffset;
    const { rows } = readSignalVectors<{ rows: readonly { public: string; acceptedAsBaseKey: boolean }[] }>(
      'edge-points',
    );
    for (const row of rows.filter((each) => !each.acceptedAsBaseKey)) {
      const changed = message.bytes.slice();
      changed.set(fromHex(row.public), offset);
      expectRefusal(bob, 'invalid-message', () => bob.receive(alice, withBytes(message, changed)));
    }
  });

  it('is refused for a base key that is not canonical', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    const offset = decodePreKeySignalMessage(message.bytes).baseKey.byteOffset - message.bytes.byteOffset;
    const changed = message.bytes.slice();
    changed[offset + 32] = (changed[offset + 32] as number) | 0x80;
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, withBytes(message, changed)));
  });

  it('names the pre-key that is gone', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    for (const map of ['preKeys', 'signedPreKeys', 'kemPreKeys'] as const) {
      const kept = [...bob.party.store[map]] as [number, never][];
      bob.party.store[map].clear();
      expectRefusal(bob, 'invalid-key-id', () => bob.receive(alice, message), map);
      for (const [id, record] of kept) bob.party.store[map].set(id, record);
    }
    expect(bob.receive(alice, message)).to.equal('hi');
  });

  it('of an unknown or legacy version is refused by its first byte, inside and outside', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    const inner = innerRegion(message.bytes).start;
    const cases: readonly (readonly [number, number, string])[] = [
      [0, 0x24, 'legacy-version'],
      [0, 0x54, 'unrecognized-version'],
      [0, 0x34, 'invalid-message'],
      [inner, 0x24, 'legacy-version'],
      [inner, 0x54, 'unrecognized-version'],
      [inner, 0x34, 'invalid-message'],
    ];
    for (const [offset, value, code] of cases) {
      const changed = message.bytes.slice();
      changed[offset] = value;
      expectRefusal(bob, code, () => bob.receive(alice, withBytes(message, changed)), `${offset}: ${value}`);
    }
  });

  it('is bound to both addresses', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    const from = [
      { name: BOB_ID, deviceId: 1 },
      { name: ALICE_ID, deviceId: 2 },
      { name: `PNI:${ALICE_ID}`, deviceId: 1 },
      { name: 'alice', deviceId: 1 },
    ];
    for (const address of from) {
      const decrypt = (): unknown => bob.party.decrypt(address, message, 0);
      expectRefusal(bob, 'invalid-message', decrypt, JSON.stringify(address));
    }
    expect(bob.receive(alice, message)).to.equal('hi');
  });

  it('is refused with addresses when the receiver’s own name is no service id', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    const renamed = new Device('bob', { identityKeyPair: bob.party.store.local.identityKeyPair });
    for (const map of ['preKeys', 'signedPreKeys', 'kemPreKeys'] as const) {
      for (const [id, record] of bob.party.store[map]) renamed.party.store[map].set(id, record as never);
    }
    expectRefusal(renamed, 'invalid-message', () => renamed.receive(alice, message));
  });

  it('carries addresses only between service ids', () => {
    const named = newPair();
    const inner = decodePreKeySignalMessage(named.alice.send(named.bob, 'x').bytes).message;
    expect(toHex(inner.addresses ?? new Uint8Array())).to.equal(
      `00${ALICE_ID.replaceAll('-', '')}0100${BOB_ID.replaceAll('-', '')}02`,
    );
    for (const [from, to] of [
      ['alice', BOB_ID],
      [ALICE_ID, 'bob'],
      ['alice', 'bob'],
    ] as const) {
      const alice = new Device('alice', { name: from });
      const bob = new Device('bob', { name: to });
      alice.open(bob);
      const message = alice.send(bob, 'hello');
      expect(decodePreKeySignalMessage(message.bytes).message.addresses).to.equal(undefined);
      expect(bob.receive(alice, message)).to.equal('hello');
    }
  });

  it('keeps its registration id as a hint only', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    expect(decodePreKeySignalMessage(message.bytes).registrationId).to.equal(2);
    bob.receive(alice, message);
    const record = bob.party.store.peers.get(`${ALICE_ID}.1`)?.record;
    expect(record?.current?.remoteRegistrationId).to.equal(2);
  });

  it('tolerates unknown fields, as the protocol may grow', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    const grown = concatBytes(message.bytes, fromHex('7a0301020378057b78017c'));
    expect(bob.receive(alice, withBytes(message, grown))).to.equal('hi');
  });
});

const ALLOWED_CODES = ['invalid-message', 'invalid-key-id', 'legacy-version', 'unrecognized-version'];

/** The complete inner message. */
function innerRegion(bytes: Uint8Array): { readonly start: number; readonly end: number } {
  const { message } = decodePreKeySignalMessage(bytes);
  const start = message.authenticated.byteOffset - bytes.byteOffset;
  return { start, end: message.mac.byteOffset + message.mac.length - bytes.byteOffset };
}

/** Low nibble of the version, the registration id, and its tag where the flip makes another field of it. */
function expectUnauthenticated(bytes: Uint8Array, accepted: readonly number[]): void {
  const { start, end } = registrationField(bytes);
  const lowNibble = [0, 1, 2, 3];
  expect(accepted.slice(0, 4)).to.deep.equal(lowNibble);
  for (const bit of accepted.slice(4)) {
    expect(bit, `bit ${bit} was accepted`).to.be.within(8 * start, 8 * end - 1);
  }
  const valueBits = accepted.filter((bit) => bit >= 8 * (start + 1));
  expect(valueBits.length).to.be.greaterThan(6);
}

/** Tag and value of the registration id, which follows the inner message. */
function registrationField(bytes: Uint8Array): { readonly start: number; readonly end: number } {
  const start = innerRegion(bytes).end;
  expect(bytes[start]).to.equal(5 << 3);
  return { start, end: start + 2 };
}

describe('a trusted key', () => {
  before(ready);

  it('is not replaced by the bundle of another one', () => {
    const { alice, bob } = newPair();
    const impostor = new Device('impostor', { name: BOB_ID, deviceId: 2 });
    const bundle = impostor.party.makeBundle(0, true);
    expectRefusal(alice, 'untrusted-identity', () => alice.party.processBundle(bob.address, bundle, 0));
    alice.party.trust(bob.address, bundle.identityKey);
    alice.party.processBundle(bob.address, bundle, NOW_MS);
    expect(impostor.receive(alice, alice.send(impostor, 'hello impostor'))).to.equal('hello impostor');
  });

  it('is not stored by a bundle with a wrong signature or key', () => {
    const alice = new Device('alice');
    const bob = new Device('bob');
    const bundle = bob.party.makeBundle(0, true);
    const signature = flipBit(bundle.signedPreKey.signature, 9);
    const wrong = { ...bundle, signedPreKey: { ...bundle.signedPreKey, signature } };
    expectRefusal(alice, 'invalid-signature', () => alice.party.processBundle(bob.address, wrong, 0));
    const zero = parsePublicKey(concatBytes(Uint8Array.of(5), new Uint8Array(32)));
    const smallOrder = { ...bundle, oneTimePreKey: { id: 1, publicKey: zero } };
    expectRefusal(alice, 'invalid-key', () => alice.party.processBundle(bob.address, smallOrder, 0));
    const smallIdentity = { ...bundle, identityKey: zero };
    expectRefusal(alice, 'invalid-key', () => alice.party.processBundle(bob.address, smallIdentity, 0));
    expectRefusal(alice, 'session-not-found', () => alice.send(bob, 'x'));
  });
});
