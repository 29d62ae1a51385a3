// Goal: what a refused step has made is wiped when it returns; what a step has used up is named in `spent`.
// Method: every secret that is read on the way must afterwards be the device's own, or be wiped.

import { expect } from 'chai';
import { concatBytes, isZero } from '../../../crypto/bytes.ts';
import { parsePublicKey } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import type { DrawName } from '../../../crypto/random.ts';
import type { AnySecret } from '../../../crypto/secret.ts';
import { recordSecrets } from '../../../crypto/session/record.ts';
import { acknowledgedPair, Device, exchange, expectRefusal, flipBit, NOW_MS, newPair } from './pair.ts';
import { watchSecrets } from './secret-watch.ts';

/** Everything secret that a device stores. */
function storedSecrets({ party }: Device): Set<AnySecret> {
  const { local, preKeys, signedPreKeys, kemPreKeys, peers } = party.store;
  return new Set<AnySecret>([
    local.identityKeyPair.privateKey.secret,
    ...[...preKeys.values(), ...signedPreKeys.values()].map(({ keyPair }) => keyPair.privateKey.secret),
    ...[...kemPreKeys.values()].map(({ keyPair }) => keyPair.secretKey),
    ...[...peers.values()].flatMap(({ record }) => (record === undefined ? [] : recordSecrets(record))),
  ]);
}

function expectNothingLeft(device: Device, run: () => void): void {
  // A secret of the device that was read and is spent now was wiped with the commit.
  const reads = watchSecrets(run);
  const stored = storedSecrets(device);
  // An authenticator begins as zeros, which are no secret.
  const left = [...reads.keys()].filter(
    (secret) => !secret.wiped && !stored.has(secret) && !isZero(secret.expose()),
  );
  expect(left.map(({ name }) => name)).to.deep.equal([]);
}

describe('secrets', () => {
  before(ready);

  it('of a first message that is refused do not stay behind', () => {
    const { alice, bob } = newPair();
    const { type, bytes } = alice.send(bob, 'hi');
    const broken = { type, bytes: flipBit(bytes, 8 * 100) };
    expectNothingLeft(bob, () => {
      expectRefusal(bob, 'invalid-message', () => bob.receive(alice, broken));
    });
  });

  it('of ordinary messages that are refused do not stay behind, nor those of messages that open', () => {
    const { alice, bob } = acknowledgedPair();
    for (const skipped of [0, 40, 2100, 30]) {
      for (let i = 0; i < skipped; i++) alice.send(bob, 'late');
      const late = alice.send(bob, 'late');
      const message = alice.send(bob, 'hi');
      const broken = { type: message.type, bytes: flipBit(message.bytes, 8 * message.bytes.length - 1) };
      expectNothingLeft(bob, () => {
        expectRefusal(bob, 'invalid-message', () => bob.receive(alice, broken));
      });
      expectNothingLeft(bob, () => expect(bob.receive(alice, message)).to.equal('hi'));
      expectNothingLeft(bob, () => expect(bob.receive(alice, late)).to.equal('late'));
      expectNothingLeft(bob, () => {
        expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, late));
      });
    }
    exchange(bob, alice, 'turned');
  });

  it('of archived sessions do not stay behind when a message belongs to another one or to none', () => {
    const { alice, bob } = acknowledgedPair();
    const late = alice.send(bob, 'late');
    for (let i = 0; i < 3; i++) {
      alice.open(bob);
      exchange(alice, bob, 'newer');
    }
    const broken = { type: late.type, bytes: flipBit(late.bytes, 8 * late.bytes.length - 1) };
    expectNothingLeft(bob, () => {
      expectRefusal(bob, 'invalid-message', () => bob.receive(alice, broken));
    });
    expectNothingLeft(bob, () => expect(bob.receive(alice, late)).to.equal('late'));
  });

  it('drawn for a bundle that is refused are wiped', () => {
    const alice = new Device('alice');
    const bob = new Device('bob');
    const drawn = new Map<DrawName, Uint8Array>();
    const draw = alice.random.draw.bind(alice.random);
    alice.random.draw = (name, length) => {
      const bytes = draw(name, length);
      drawn.set(name, bytes);
      return bytes;
    };
    const bundle = bob.party.makeBundle(NOW_MS, true);
    const smallOrder = parsePublicKey(concatBytes(Uint8Array.of(5), new Uint8Array(32)));
    const refused = { ...bundle, oneTimePreKey: { id: 1, publicKey: smallOrder } };
    expectRefusal(alice, 'invalid-key', () => alice.party.processBundle(bob.address, refused, NOW_MS));
    const baseKey = drawn.get('baseKey');
    expect(baseKey === undefined ? 'not drawn' : isZero(baseKey)).to.equal(true);
  });
});
