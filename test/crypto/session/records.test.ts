import { expect } from 'chai';
import { toHex } from '../../../crypto/bytes.ts';
import { type CiphertextMessage, hasUsableSession } from '../../../crypto/index.ts';
import { generateKeyPair } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { decodeSignalMessage, encodeSignalMessage } from '../../../crypto/wire/signal-message.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import {
  ALICE_ID,
  acknowledgedPair,
  Device,
  exchange,
  expectRefusal,
  flipBit,
  NOW_MS,
  newPair,
  recordWith,
} from './pair.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

function currentBaseKey(device: Device, other: Device): string {
  return toHex(recordWith(device, other).current?.baseKey ?? new Uint8Array());
}

/** Opens session after session; Bob receives the first message of each. The second message of each stays out. */
function openMany(alice: Device, bob: Device, count: number): readonly CiphertextMessage[] {
  return Array.from({ length: count }, (_, i) => {
    alice.open(bob);
    exchange(alice, bob, `first of ${i}`);
    return alice.send(bob, `second of ${i}`);
  });
}

describe('archived sessions', () => {
  before(ready);

  it('are at most 40, and the oldest goes first', () => {
    const alice = new Device('alice');
    const bob = new Device('bob');
    const late = openMany(alice, bob, 43);
    expect(bob.archivedWith(alice)).to.equal(40);
    expect(alice.archivedWith(bob)).to.equal(40);
    for (const i of [0, 1]) {
      // Its session is gone, and so is the one-time key that could make it again.
      expectRefusal(bob, 'invalid-key-id', () => bob.receive(alice, late[i] as CiphertextMessage), `${i}`);
    }
    for (const i of [2, 20, 42]) {
      expect(bob.receive(alice, late[i] as CiphertextMessage)).to.equal(`second of ${i}`);
      expect(bob.archivedWith(alice)).to.equal(40);
    }
  });

  it('become current with the message that they open', () => {
    const { alice, bob } = acknowledgedPair();
    const first = currentBaseKey(bob, alice);
    const late = alice.send(bob, 'late');
    alice.open(bob);
    exchange(alice, bob, 'new session');
    expect(currentBaseKey(bob, alice)).not.to.equal(first);
    expect(bob.receive(alice, late)).to.equal('late');
    expect(currentBaseKey(bob, alice)).to.equal(first);
    expect(bob.archivedWith(alice)).to.equal(1);
    exchange(bob, alice, 'answer in the first session');
    expect(currentBaseKey(alice, bob)).to.equal(first);
  });

  it('are not promoted by a pre-key message whose inner message is wrong', () => {
    const { alice, bob } = newPair();
    exchange(alice, bob, 'one');
    const late = alice.send(bob, 'two');
    alice.open(bob);
    exchange(alice, bob, 'new session');
    const { type, bytes } = late;
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, { type, bytes: flipBit(bytes, 8 * 100) }));
    expect(bob.receive(alice, late)).to.equal('two');
    expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, late));
    expect(bob.archivedWith(alice)).to.equal(1);
  });

  it('say duplicate for a message that they have opened, whatever the other sessions say', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'once');
    bob.receive(alice, message);
    for (let i = 0; i < 3; i++) {
      alice.open(bob);
      exchange(alice, bob, 'newer');
    }
    expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, message));
  });

  it('open messages also without a current session', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'after the reset');
    bob.party.archive(alice.address);
    expect(recordWith(bob, alice).current).to.equal(undefined);
    expectRefusal(bob, 'session-not-found', () => bob.send(alice, 'x'));
    expect(bob.receive(alice, message)).to.equal('after the reset');
    expect(bob.archivedWith(alice)).to.equal(0);
    exchange(bob, alice, 'and it is current again');
  });

  it('are not made by archiving where nothing is current', () => {
    const { alice, bob } = acknowledgedPair();
    bob.party.archive(alice.address);
    expectRefusal(bob, 'none', () => bob.party.archive(alice.address));
    expect(bob.archivedWith(alice)).to.equal(1);
    const carol = new Device('carol');
    expectRefusal(carol, 'session-not-found', () => carol.party.archive(alice.address));
  });

  it('forget that they were unacknowledged', () => {
    const { alice, bob } = newPair();
    alice.send(bob, 'never arrives');
    alice.party.archive(bob.address);
    exchange2(bob, alice);
    expect(alice.archivedWith(bob)).to.equal(1);
  });
});

/** Bob opens a session of his own; Alice answers in it with ordinary messages. */
function exchange2(bob: Device, alice: Device): void {
  bob.open(alice);
  exchange(bob, alice, 'hello');
  const answer = alice.send(bob, 'hello yourself');
  expect(answer.type).to.equal(2);
  expect(bob.receive(alice, answer)).to.equal('hello yourself');
}

describe('an unacknowledged session', () => {
  before(ready);

  it('repeats what opens it until the first answer', () => {
    const { alice, bob } = newPair();
    const types = [alice.send(bob, '1').type, alice.send(bob, '2').type];
    expect(types).to.deep.equal([3, 3]);
    const third = alice.send(bob, '3');
    expect(bob.receive(alice, third)).to.equal('3');
    const answer = bob.send(alice, 'answer');
    expect(answer.type).to.equal(2);
    expect(alice.receive(bob, answer)).to.equal('answer');
    expect(alice.send(bob, '4').type).to.equal(2);
  });

  it('is used for 30 days and then no more', () => {
    const { alice, bob } = newPair();
    for (const days of [0, 29, 30]) alice.send(bob, 'x', NOW_MS + days * DAY_MS);
    const record = recordWith(alice, bob);
    expect(hasUsableSession(record, NOW_MS + 30 * DAY_MS)).to.equal(true);
    for (const ageMs of [30 * DAY_MS + 1, 31 * DAY_MS]) {
      expect(hasUsableSession(record, NOW_MS + ageMs)).to.equal(false);
      expectRefusal(alice, 'session-not-found', () => alice.send(bob, 'x', NOW_MS + ageMs));
    }
    alice.reload();
    expectRefusal(alice, 'session-not-found', () => alice.send(bob, 'x', NOW_MS + 31 * DAY_MS));
  });

  it('never expires once it was answered', () => {
    const { alice, bob } = acknowledgedPair();
    const message = alice.send(bob, 'a year later', NOW_MS + 365 * DAY_MS);
    expect(bob.receive(alice, message)).to.equal('a year later');
    expect(hasUsableSession(recordWith(alice, bob), NOW_MS + 365 * DAY_MS)).to.equal(true);
  });

  it('does not exist in an empty record', () => {
    expect(hasUsableSession({ current: undefined, archived: [] }, NOW_MS)).to.equal(false);
  });
});

describe('pre-keys', () => {
  before(ready);

  it('of the one-time kind are used up by the first message that opens, not by one that fails', () => {
    const { alice, bob } = newPair();
    const message = alice.send(bob, 'hi');
    const broken = { type: message.type, bytes: flipBit(message.bytes, 8 * 90) };
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, broken));
    expect(bob.party.store.preKeys.size).to.equal(1);
    bob.receive(alice, message);
    expect(bob.party.store.preKeys.size).to.equal(0);
  });

  it('are not needed again for later messages of their session', () => {
    const { alice, bob } = newPair();
    const messages = ['1', '2', '3'].map((text) => alice.send(bob, text));
    expect(bob.receive(alice, messages[1] as CiphertextMessage)).to.equal('2');
    bob.party.store.signedPreKeys.clear();
    bob.party.store.kemPreKeys.clear();
    expect(bob.receive(alice, messages[0] as CiphertextMessage)).to.equal('1');
    expect(bob.receive(alice, messages[2] as CiphertextMessage)).to.equal('3');
    for (const message of messages) {
      expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, message));
    }
  });

  it('of the last-resort kind open a second session for the same base key never', () => {
    const { alice, bob } = newPair({ oneTime: false });
    const message = alice.send(bob, 'hi');
    bob.receive(alice, message);
    expectRefusal(bob, 'duplicate-message', () => bob.receive(alice, message));
    // A store that lost the session is the case that the rule is for.
    for (const peer of bob.party.store.peers.values()) peer.record = undefined;
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, message));
    bob.reload();
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, message));
  });

  it('open a session with and without a one-time key', () => {
    for (const oneTime of [true, false]) {
      const { alice, bob } = newPair({ oneTime });
      exchange(alice, bob, 'hi');
      exchange(bob, alice, 'ho');
    }
  });
});

describe('simultaneous initiation', () => {
  before(ready);

  it('converges on one session, whoever is heard first', () => {
    for (const aliceFirst of [true, false]) {
      const alice = new Device('alice');
      const bob = new Device('bob');
      alice.open(bob);
      bob.open(alice);
      const fromAlice = alice.send(bob, 'from alice');
      const fromBob = bob.send(alice, 'from bob');
      const deliveries = [
        () => expect(bob.receive(alice, fromAlice)).to.equal('from alice'),
        () => expect(alice.receive(bob, fromBob)).to.equal('from bob'),
      ];
      for (const deliver of aliceFirst ? deliveries : deliveries.reverse()) deliver();
      for (let i = 0; i < 3; i++) {
        exchange(alice, bob, 'ping');
        exchange(bob, alice, 'pong');
      }
      expect(currentBaseKey(alice, bob)).to.equal(currentBaseKey(bob, alice));
      expect(alice.archivedWith(bob)).to.equal(1);
      expect(bob.archivedWith(alice)).to.equal(1);
    }
  });

  it('converges also when messages cross for a while', () => {
    const alice = new Device('alice');
    const bob = new Device('bob');
    alice.open(bob);
    bob.open(alice);
    for (let i = 0; i < 4; i++) {
      const fromAlice = alice.send(bob, `a${i}`);
      const fromBob = bob.send(alice, `b${i}`);
      expect(bob.receive(alice, fromAlice)).to.equal(`a${i}`);
      expect(alice.receive(bob, fromBob)).to.equal(`b${i}`);
    }
    exchange(alice, bob, 'ping');
    exchange(bob, alice, 'pong');
    expect(currentBaseKey(alice, bob)).to.equal(currentBaseKey(bob, alice));
  });
});

describe('a session among the devices of one account', () => {
  before(ready);

  it('has no limit of 25,000 on jumps', () => {
    const identityKeyPair = generateKeyPair(new SeededRandom('account'), 'identityKey');
    const phone = new Device('phone', { name: ALICE_ID, deviceId: 1, identityKeyPair });
    const laptop = new Device('laptop', { name: ALICE_ID.toUpperCase(), deviceId: 2, identityKeyPair });
    phone.open(laptop);
    exchange(phone, laptop, 'hello');
    exchange(laptop, phone, 'hello yourself');
    for (let i = 0; i < 25_100; i++) phone.send(laptop, '');
    exchange(phone, laptop, 'after a long time');
  }).timeout(60_000);

  it('refuses a forged counter at once that would take hours to reach', () => {
    const identityKeyPair = generateKeyPair(new SeededRandom('account'), 'identityKey');
    const phone = new Device('phone', { name: ALICE_ID, deviceId: 1, identityKeyPair });
    const laptop = new Device('laptop', { name: ALICE_ID, deviceId: 2, identityKeyPair });
    phone.open(laptop);
    exchange(phone, laptop, 'hello');
    exchange(laptop, phone, 'hello yourself');
    const { ratchetKey, ciphertext, pqRatchet } = decodeSignalMessage(phone.send(laptop, 'x').bytes);
    for (const counter of [250_002, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff]) {
      const fields = { ratchetKey, counter, previousCounter: 0, ciphertext, pqRatchet, addresses: undefined };
      const bytes = encodeSignalMessage(fields, () => new Uint8Array(8));
      expectRefusal(laptop, 'invalid-message', () => laptop.receive(phone, { type: 2, bytes }));
    }
  }).timeout(5000);

  it('has the limit when the names differ', () => {
    const { alice, bob } = acknowledgedPair();
    exchange(alice, bob, 'hello');
    for (let i = 0; i < 25_001; i++) alice.send(bob, '');
    const tooFar = alice.send(bob, 'too far');
    expectRefusal(bob, 'invalid-message', () => bob.receive(alice, tooFar));
  }).timeout(60_000);
});
