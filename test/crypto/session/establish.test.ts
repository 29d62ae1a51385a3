import { expect } from 'chai';
import { type PreKeyBundle, parseKemPublicKey, parsePublicKey, sign } from '../../../crypto/index.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { Device, exchange, expectRefusal, NOW_MS, recordWith } from './pair.ts';

/** A bundle whose pre-keys are wrong and whose signatures are right. */
function signed(owner: Device, change: (bundle: PreKeyBundle) => Partial<PreKeyBundle>): PreKeyBundle {
  const bundle = owner.party.makeBundle(NOW_MS, true);
  const { signedPreKey, kemPreKey, ...rest } = { ...bundle, ...change(bundle) };
  const { privateKey } = owner.party.store.local.identityKeyPair;
  const random = new SeededRandom('resign');
  return {
    ...rest,
    signedPreKey: { ...signedPreKey, signature: sign(privateKey, signedPreKey.publicKey, random) },
    kemPreKey: { ...kemPreKey, signature: sign(privateKey, kemPreKey.publicKey, random) },
  };
}

describe('establishing a session', () => {
  before(ready);

  it('draws the base key, the KEM coins and the ratchet key, in this order', () => {
    const alice = new Device('alice');
    const bob = new Device('bob');
    const drawn = alice.random.drawn.length;
    alice.open(bob);
    expect(alice.random.drawn.slice(drawn)).to.deep.equal(['baseKey', 'kemCoins', 'ratchetKey']);
  });

  it('refuses well-signed keys that cannot be used', () => {
    const alice = new Device('alice');
    const bob = new Device('bob');
    const zero = parsePublicKey(Uint8Array.of(5, ...new Uint8Array(32)));
    const outOfRange = parseKemPublicKey(Uint8Array.of(8, ...new Uint8Array(1568).fill(0xff)));
    const changes: ((bundle: PreKeyBundle) => Partial<PreKeyBundle>)[] = [
      ({ signedPreKey }) => ({ signedPreKey: { ...signedPreKey, publicKey: zero } }),
      () => ({ oneTimePreKey: { id: 1, publicKey: zero } }),
      ({ kemPreKey }) => ({ kemPreKey: { ...kemPreKey, publicKey: outOfRange } }),
    ];
    for (const change of changes) {
      const bundle = signed(bob, change);
      expectRefusal(alice, 'invalid-key', () => alice.party.processBundle(bob.address, bundle, NOW_MS));
    }
  });

  it('archives the session before it and starts unacknowledged', () => {
    const alice = new Device('alice');
    const bob = new Device('bob');
    alice.open(bob);
    exchange(alice, bob, 'hi');
    exchange(bob, alice, 'ho');
    expect(recordWith(alice, bob).current?.pending).to.equal(undefined);
    alice.open(bob);
    expect(alice.archivedWith(bob)).to.equal(1);
    expect(recordWith(alice, bob).current?.pending?.createdSeconds).to.equal(NOW_MS / 1000);
    expect(alice.send(bob, 'opens it').type).to.equal(3);
  });

  it('keeps the registration ids of both ends', () => {
    const alice = new Device('alice', { deviceId: 3 });
    const bob = new Device('bob', { deviceId: 5 });
    alice.open(bob);
    exchange(alice, bob, 'hi');
    expect(recordWith(alice, bob).current).to.include({ localRegistrationId: 4, remoteRegistrationId: 6 });
    expect(recordWith(bob, alice).current).to.include({ localRegistrationId: 6, remoteRegistrationId: 4 });
  });
});
