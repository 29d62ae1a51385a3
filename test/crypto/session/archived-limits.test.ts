// Goal: whatever a peer does to the archived sessions, opening a message stays cheap and the record storable.

import { expect } from 'chai';
import { type CiphertextMessage, encodeSessionRecord, type SessionRecord } from '../../../crypto/index.ts';
import { generateKeyPair } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { encodeSpqrMessage } from '../../../crypto/ratchet/spqr/message.ts';
import { replaceCurrentSession } from '../../../crypto/session/record.ts';
import { decodeSession, encodeSession } from '../../../crypto/session/session-codec.ts';
import { MAX_RECORD_PLAINTEXT_BYTES } from '../../../crypto/vault/limits.ts';
import { decodeSignalMessage, encodeSignalMessage } from '../../../crypto/wire/signal-message.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { acknowledgedPair, type Device, exchange, expectRefusal, recordWith } from './pair.ts';
import { watchSecrets } from './secret-watch.ts';

/** A message of Alice's to Bob that nobody made: far ahead in both ratchets. */
function forgedJump(alice: Device, bob: Device): CiphertextMessage {
  const { ciphertext } = decodeSignalMessage(alice.send(bob, 'genuine').bytes);
  const { publicKey: ratchetKey } = generateKeyPair(new SeededRandom('forger'), 'ratchetKey');
  const pqRatchet = encodeSpqrMessage(1, 25_001, { type: 'None' });
  const fields = {
    ratchetKey,
    counter: 25_000,
    previousCounter: 0,
    ciphertext,
    pqRatchet,
    addresses: undefined,
  };
  return { type: 2, bytes: encodeSignalMessage(fields, () => new Uint8Array(8)) };
}

/** How often a step of the post-quantum chains is made while `run` runs. */
function countChainSteps(run: () => void): number {
  let steps = 0;
  for (const [{ name }, reads] of watchSecrets(run)) if (name === 'PqChainKey') steps += reads;
  return steps;
}

describe('many archived sessions', () => {
  before(ready);

  it('cost a forged message hardly more work than one', () => {
    const { alice, bob } = acknowledgedPair();
    for (let i = 0; i < 40; i++) {
      alice.open(bob);
      exchange(alice, bob, 'first');
      exchange(bob, alice, 'answer');
    }
    expect(bob.archivedWith(alice)).to.equal(40);
    const forged = forgedJump(alice, bob);
    const steps = countChainSteps(() => {
      expectRefusal(bob, 'invalid-message', () => bob.receive(alice, forged));
    });
    expect(steps).to.be.within(25_000, 60_000);
  });

  it('do not hide the one that a late message belongs to, however far it is on', () => {
    const { alice, bob } = acknowledgedPair();
    for (let i = 0; i < 6000; i++) alice.send(bob, 'lost');
    exchange(alice, bob, 'after the gap');
    const late = alice.send(bob, 'late');
    for (let i = 0; i < 12; i++) {
      alice.open(bob);
      exchange(alice, bob, 'newer');
    }
    expect(bob.receive(alice, late)).to.equal('late');
  });

  it('say what they would say if they were current when the post-quantum part is malformed', () => {
    const { alice, bob } = acknowledgedPair();
    const opened = alice.send(bob, 'opened');
    const late = alice.send(bob, 'late');
    bob.receive(alice, opened);
    alice.open(bob);
    exchange(alice, bob, 'newer');
    for (const [message, code] of [
      [opened, 'duplicate-message'],
      [late, 'invalid-message'],
    ] as const) {
      const fields = decodeSignalMessage(message.bytes);
      for (const pqRatchet of [new Uint8Array(0), Uint8Array.of(1, 0), Uint8Array.of(1, 1, 1, 9)]) {
        const bytes = encodeSignalMessage({ ...fields, pqRatchet }, () => fields.mac);
        expectRefusal(bob, code, () => bob.receive(alice, { type: 2, bytes }));
      }
    }
    expect(bob.receive(alice, late)).to.equal('late');
  });

  it('leave the record small enough to be stored, whatever the peer skips in them', () => {
    const { alice, bob } = acknowledgedPair();
    for (let chain = 0; chain < 5; chain++) {
      for (let i = 0; i < 2000; i++) alice.send(bob, 'lost');
      exchange(alice, bob, 'after the gap');
      exchange(bob, alice, 'answer');
    }
    expect(bob.party.describe(alice.address).skippedSeeds).to.equal(10_000);
    let record: SessionRecord = recordWith(bob, alice);
    const { current } = record;
    if (current === undefined) throw new Error('no session');
    for (let i = 0; i < 45; i++) {
      record = replaceCurrentSession(record, decodeSession(encodeSession(current))).state;
    }
    const { length } = encodeSessionRecord(record);
    expect(length).to.be.greaterThan(2 * encodeSession(current).length);
    expect(length).to.be.lessThan(MAX_RECORD_PLAINTEXT_BYTES / 2);
  });

  it('are spent when they are dropped for their size', () => {
    const { alice, bob } = acknowledgedPair();
    for (let i = 0; i < 2000; i++) alice.send(bob, 'lost');
    exchange(alice, bob, 'after the gap');
    let record: SessionRecord = recordWith(bob, alice);
    const { current } = record;
    if (current === undefined) throw new Error('no session');
    for (let i = 0; i < 40; i++) {
      const before = record.archived;
      const step = replaceCurrentSession(record, decodeSession(encodeSession(current)));
      record = step.state;
      const lost = before.filter((each) => !record.archived.includes(each)).map(({ encoded }) => encoded);
      expect(step.spent).to.include.members(lost);
    }
    expect(record.archived.length).to.be.within(20, 39);
  });
});
