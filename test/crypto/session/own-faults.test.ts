// Goal: a fault on our side is never mistaken for a bad message, which would be acknowledged and lost.

import { expect } from 'chai';
import { utf8 } from '../../../crypto/bytes.ts';
import { StoreError } from '../../../crypto/errors.ts';
import { decryptMessage, encryptMessage, type PreKeySource } from '../../../crypto/index.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { recordSecrets } from '../../../crypto/session/record.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { acknowledgedPair, type Device, NOW_MS, newPair, recordWith } from './pair.ts';

function failingWith(error: Error): PreKeySource {
  const fail = (): never => {
    throw error;
  };
  return { oneTimePreKey: fail, signedPreKey: fail, kemPreKey: fail };
}

describe('a fault of our own', () => {
  before(ready);

  function openFirst(preKeys: PreKeySource): unknown {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    const { local } = bob.party.store;
    const params = { record: undefined, local, remote: alice.address, message, preKeys, nowMs: NOW_MS };
    return decryptMessage(params, new SeededRandom('bob'));
  }

  it('in the store of pre-keys comes out as it is', () => {
    const damaged = new StoreError('store-damaged', 'a row does not open');
    expect(refusalOf(() => openFirst(failingWith(damaged)))).to.equal('store-damaged');
    const bug = new TypeError('undefined is not a function');
    expect(() => openFirst(failingWith(bug))).to.throw(bug);
  });

  it('in a session, such as a key that was wiped too early, is a bug', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'hi');
    const record = recordWith(bob, alice);
    for (const secret of recordSecrets(record)) secret.wipe();
    const params = { ...common(bob, alice), record };
    const random = new SeededRandom('bob');
    expect(refusalOf(() => decryptMessage({ ...params, message }, random))).to.equal('bug');
    expect(refusalOf(() => encryptMessage({ ...params, plaintext: utf8('x') }, random))).to.equal('bug');
  });

  it('in an archived session is a bug, too', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'hi');
    bob.party.archive(alice.address);
    const record = recordWith(bob, alice);
    expect(recordSecrets(record)).to.have.lengthOf(1);
    for (const secret of recordSecrets(record)) secret.wipe();
    const params = { ...common(bob, alice), record, message };
    expect(refusalOf(() => decryptMessage(params, new SeededRandom('bob')))).to.equal('bug');
  });
});

function common(
  device: Device,
  other: Device,
): Omit<Parameters<typeof decryptMessage>[0], 'record' | 'message'> {
  const preKeys = failingWith(new Error('not needed'));
  return { local: device.party.store.local, remote: other.address, preKeys, nowMs: NOW_MS };
}
