// Goal: what a copy of everything that a device stores is good for. Method: a thief is a second device with the
// stored bytes of the first and randomness of its own.

import { expect } from 'chai';
import { toHex } from '../../../crypto/bytes.ts';
import { decryptMessage } from '../../../crypto/index.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { encodeSessionRecord, type SessionRecord } from '../../../crypto/session/record.ts';
import { encodeParty } from '../../peer/party-codec.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { ALICE_ID, acknowledgedPair, BOB_ID, Device, exchange, NOW_MS, newPair } from './pair.ts';

function thiefOf(victim: Device, label: string): Device {
  const thief = new Device(label, { name: BOB_ID, deviceId: 2 });
  thief.load(encodeParty(victim.party.store));
  return thief;
}

describe('a copied store', () => {
  before(ready);

  it('opens no message that was received before it was copied', () => {
    const { alice, bob } = acknowledgedPair();
    const recorded = ['one', 'two', 'three'].map((text) => alice.send(bob, text));
    for (const message of recorded) bob.receive(alice, message);
    const thief = thiefOf(bob, 'late thief');
    for (const message of recorded) {
      expect(refusalOf(() => thief.receive(alice, message))).to.equal('duplicate-message');
    }
  });

  it('holds none of the keys that opened earlier messages', () => {
    const { alice, bob } = newPair();
    const { store } = bob.party;
    const preKeys = {
      oneTimePreKey: (id: number) => store.preKeys.get(id),
      signedPreKey: (id: number) => store.signedPreKeys.get(id),
      kemPreKey: (id: number) => store.kemPreKeys.get(id),
    };
    const used: string[] = [];
    let record: SessionRecord | undefined;
    for (let i = 0; i < 8; i++) {
      const message = alice.send(bob, `${i}`);
      const remote = { name: ALICE_ID, deviceId: 1 };
      const params = { record, local: store.local, remote, message, preKeys, nowMs: NOW_MS };
      const step = decryptMessage(params, new SeededRandom(`step ${i}`));
      for (const secret of step.spent) used.push(toHex(secret.expose()));
      record = step.state;
    }
    expect(used.length).to.be.greaterThan(8);
    const stored = toHex(encodeSessionRecord(record ?? { current: undefined, archived: [] }));
    expect(used.filter((secret) => stored.includes(secret))).to.deep.equal([]);
  });

  it('reads on only until both sides have written', () => {
    const { alice, bob } = acknowledgedPair();
    const thief = thiefOf(bob, 'silent thief');
    exchange(bob, alice, 'under the key that the thief has, too');
    const answer = alice.send(bob, 'still readable');
    expect(thief.receive(alice, answer)).to.equal('still readable');
    expect(bob.receive(alice, answer)).to.equal('still readable');
    exchange(bob, alice, 'under a fresh key');
    const healed = alice.send(bob, 'not any more');
    expect(refusalOf(() => thief.receive(alice, healed))).to.equal('invalid-message');
    expect(bob.receive(alice, healed)).to.equal('not any more');
  });
});
