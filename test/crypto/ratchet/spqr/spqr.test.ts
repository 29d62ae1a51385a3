import { expect } from 'chai';
import { concatBytes, equalBytes, fromHex, toHex } from '../../../../crypto/bytes.ts';
import { ready } from '../../../../crypto/primitives/sodium.ts';
import {
  describeSpqr,
  encodeSpqrState,
  initSpqr,
  type SpqrState,
  spentSpqrSecrets,
  spqrReceive,
  spqrSecrets,
  spqrSend,
} from '../../../../crypto/ratchet/spqr/index.ts';
import { encodeSpqrMessage } from '../../../../crypto/ratchet/spqr/message.ts';
import {
  codeOf,
  deliver,
  expectRefused,
  expectSpent,
  newPair,
  newParties,
  SeededRandom,
  testAuthKey,
  wipedDuring,
} from './support.ts';

function withVersion(version: number, message: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(version), message.subarray(1));
}

function none(epoch: number, index: number): Uint8Array {
  return encodeSpqrMessage(epoch, index, { type: 'None' });
}

/** Sends `count` messages that are lost, then the message that is returned. */
function sendAfter(state: SpqrState, count: number): Uint8Array {
  let current = state;
  const random = new SeededRandom(1);
  for (let i = 0; i < count; i++) current = spqrSend(current, random).state;
  return spqrSend(current, random).output.message;
}

describe('SPQR session', () => {
  before(() => ready());

  it('starts with a header chunk of 37 bytes by the initiator and with nothing by the responder', () => {
    const { alice, bob } = newPair();
    const first = spqrSend(alice, new SeededRandom(1)).output.message;
    expect(first).to.have.lengthOf(37);
    expect(toHex(first.subarray(0, 5))).to.equal('0101010100');
    expect(toHex(spqrSend(bob, new SeededRandom(1)).output.message)).to.equal('01010100');
    expect(describeSpqr(alice)).to.deep.equal({ epoch: 1, stateName: 'KeysUnsampled' });
    expect(describeSpqr(bob)).to.deep.equal({ epoch: 1, stateName: 'NoHeaderReceived' });
  });

  it('keeps nothing of the auth key', () => {
    const authKey = testAuthKey();
    const state = initSpqr({ authKey, direction: 'a2b' });
    const encoded = toHex(encodeSpqrState(state));
    authKey.wipe();
    expect(toHex(encodeSpqrState(state))).to.equal(encoded);
    expect(encoded).to.not.include('07'.repeat(8));
  });

  it('gives both ends the same key for every message, and another one for every message', () => {
    const { alice, bob } = newParties(1);
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        const sent = from.send();
        expect(equalBytes(to.receive(sent.message), sent.key)).to.equal(true);
        seen.add(toHex(sent.key));
      }
    }
    expect(seen.size).to.equal(400);
  });

  it('completes about nine epochs in 400 round trips, drawing once in each', () => {
    const { alice, bob } = newParties(2);
    for (let i = 0; i < 400; i++) {
      deliver(alice, bob);
      deliver(bob, alice);
    }
    const { epoch } = describeSpqr(alice.state);
    expect(epoch).to.be.within(9, 11);
    const draws = [alice, bob].flatMap((party) => (party.random as SeededRandom).draws);
    expect(draws.filter((name) => name === 'spqrKeySeed')).to.have.lengthOf(epoch);
    expect(draws.length).to.be.within(2 * epoch - 1, 2 * epoch);
  });

  it('has other keys under another auth key', () => {
    const other = initSpqr({ authKey: testAuthKey(9), direction: 'b2a' });
    const sent = spqrSend(newPair().alice, new SeededRandom(1));
    const { key } = spqrReceive(other, sent.output.message).output;
    expect(equalBytes(key.expose(), sent.output.key.expose())).to.equal(false);
  });

  it('makes no progress on one-sided traffic, and goes on when the other end answers', () => {
    const { alice, bob } = newParties(3);
    for (let i = 0; i < 1000; i++) deliver(alice, bob);
    expect(describeSpqr(alice.state)).to.deep.equal({ epoch: 1, stateName: 'KeysSampled' });
    expect(describeSpqr(bob.state)).to.deep.equal({ epoch: 1, stateName: 'HeaderReceived' });
    for (let i = 0; i < 60; i++) {
      deliver(bob, alice);
      deliver(alice, bob);
    }
    expect(describeSpqr(alice.state).epoch).to.equal(2);
  });

  it('numbers parity chunks on through 65535 and begins again at 0', () => {
    const { alice } = newParties(4);
    let message: Uint8Array = new Uint8Array();
    for (let i = 0; i < 65_536; i++) message = alice.send().message;
    expect(toHex(message.subarray(0, 8))).to.equal('010180800401ffff');
    message = alice.send().message;
    expect(toHex(message.subarray(0, 7))).to.equal('01018180040100');
  }).timeout(30_000);

  it('lets either end send first and both at the same time', () => {
    const { alice, bob } = newParties(5);
    deliver(bob, alice);
    for (let i = 0; i < 60; i++) {
      const fromAlice = alice.send();
      const fromBob = bob.send();
      expect(equalBytes(alice.receive(fromBob.message), fromBob.key)).to.equal(true);
      expect(equalBytes(bob.receive(fromAlice.message), fromAlice.key)).to.equal(true);
    }
    expect(describeSpqr(alice.state).epoch).to.equal(2);
  });
});

describe('SPQR refusals', () => {
  before(() => ready());

  it('refuses an empty message and version 0, before and after the first message', () => {
    const { alice, bob } = newPair();
    const { message } = spqrSend(alice, new SeededRandom(1)).output;
    const greeted = spqrReceive(bob, message).state;
    for (const state of [bob, greeted]) {
      expectRefused(state, new Uint8Array());
      expectRefused(state, withVersion(0, sendAfter(alice, 1)));
    }
  });

  it('refuses index 0, which would leave a message without a post-quantum key', () => {
    const { alice, bob } = newPair();
    expectRefused(bob, none(1, 0));
    expectRefused(alice, none(1, 0));
    expectRefused(spqrReceive(bob, none(1, 1)).state, none(1, 0));
  });

  it('refuses a key that was given already', () => {
    const { alice, bob } = newParties(6);
    const first = alice.send().message;
    const second = alice.send().message;
    bob.receive(second);
    bob.receive(first);
    expectRefused(bob.state, first);
    expectRefused(bob.state, second);
  });

  it('takes an index 25,000 ahead and refuses one 25,001 ahead', () => {
    const { bob } = newPair();
    expectRefused(bob, none(1, 25_001));
    const state = spqrReceive(bob, none(1, 25_000)).state;
    expectRefused(state, none(1, 50_001));
    expect(codeOf(() => spqrReceive(state, none(1, 50_000)))).to.equal('no error');
    expectRefused(state, none(1, 22_999));
    expect(codeOf(() => spqrReceive(state, none(1, 23_000)))).to.equal('no error');
  });

  it('raises the limit of the index to 250,000 in a self session', () => {
    const { bob } = newPair({ selfSession: true });
    const state = spqrReceive(bob, none(1, 25_001)).state;
    expect(codeOf(() => spqrReceive(state, none(1, 60_000)))).to.equal('no error');
    expectRefused(bob, none(1, 250_001));
    expectRefused(bob, none(1, 0xffff_ffff));
  });

  it('refuses a message of an epoch ahead of its own', () => {
    const { alice, bob } = newPair();
    for (const state of [alice, bob]) {
      expectRefused(state, none(2, 1));
      expectRefused(state, none(12_884_901_888, 1));
    }
  });

  it('takes messages one epoch late and refuses them two epochs late', () => {
    const { alice, bob } = newParties(7);
    const early = alice.send();
    const spare = alice.send();
    const turn = () => {
      deliver(bob, alice);
      deliver(alice, bob);
    };
    while (describeSpqr(bob.state).epoch < 2) turn();
    turn();
    expect(equalBytes(bob.receive(spare.message), spare.key)).to.equal(true);
    while (describeSpqr(bob.state).epoch < 3) turn();
    turn();
    expectRefused(bob.state, early.message);
  });

  it('wipes what a refused message made, and nothing that the state holds', () => {
    const { alice, bob } = newParties(8);
    while (describeSpqr(alice.state).stateName !== 'EkSentCt1Received') {
      deliver(alice, bob);
      deliver(bob, alice);
    }
    let before = alice.state;
    let last = bob.send();
    while (describeSpqr(alice.state).epoch === 1) {
      before = alice.state;
      const step = spqrReceive(alice.state, last.message);
      alice.state = step.state;
      if (describeSpqr(alice.state).epoch === 1) last = bob.send();
    }
    // The message that completes the ciphertext again, but with an index that was used.
    const body = last.message.subarray(last.message.length - 34);
    const used = concatBytes(fromHex('010101'), body);
    const wiped = wipedDuring(() => expectRefused(before, used)).map((secret) => secret.name);
    const made = ['PqAuthenticator', 'PqChainKey', 'PqChainKey', 'PqChainRoot'];
    expect(wiped.sort()).to.deep.equal([...made, 'PqEpochSecret', 'PqKemSecret']);
    expect(spqrSecrets(before).some((secret) => secret.wiped)).to.equal(false);
    expect(codeOf(() => spqrReceive(before, last.message))).to.equal('no error');
  });
});

describe('SPQR version negotiation', () => {
  const first = () => sendAfter(newPair().alice, 0);

  it('serves a newer version in ours until a message of ours has arrived', () => {
    const { alice, bob } = newPair();
    const one = spqrSend(alice, new SeededRandom(1));
    const two = spqrSend(one.state, new SeededRandom(1));
    const three = spqrSend(two.state, new SeededRandom(1));
    const afterOne = spqrReceive(bob, withVersion(2, one.output.message));
    expect(equalBytes(afterOne.output.key.expose(), one.output.key.expose())).to.equal(true);
    expect(spqrSend(afterOne.state, new SeededRandom(2)).output.message[0]).to.equal(1);
    const afterTwo = spqrReceive(afterOne.state, withVersion(255, two.output.message));
    expect(equalBytes(afterTwo.output.key.expose(), two.output.key.expose())).to.equal(true);
    const afterThree = spqrReceive(afterTwo.state, three.output.message);
    expect(equalBytes(afterThree.output.key.expose(), three.output.key.expose())).to.equal(true);
  });

  it('refuses every other version after the first message of ours', () => {
    const { alice, bob } = newPair();
    const state = spqrReceive(bob, sendAfter(alice, 0)).state;
    const next = sendAfter(alice, 1);
    for (const version of [2, 3, 255]) expectRefused(state, withVersion(version, next));
    expect(codeOf(() => spqrReceive(state, next))).to.equal('no error');
  });

  it('refuses a newer version whose body has not the layout of ours', () => {
    expectRefused(newPair().bob, withVersion(2, first()).subarray(0, 20));
    expectRefused(newPair().bob, fromHex('02010007'));
  });

  it('does not take the version of a refused message for agreed', () => {
    const { bob } = newPair();
    expectRefused(bob, none(1, 25_001));
    expect(codeOf(() => spqrReceive(bob, withVersion(2, first())))).to.equal('no error');
  });
});

describe('SPQR secrets', () => {
  it('are spent exactly when the state lets them go, through whole epochs', () => {
    let { alice, bob } = newPair();
    const random = new SeededRandom(9);
    while (describeSpqr(alice).epoch < 4) {
      for (const turn of ['alice', 'bob'] as const) {
        const from = turn === 'alice' ? alice : bob;
        const to = turn === 'alice' ? bob : alice;
        const sent = spqrSend(from, random);
        expectSpent(from, sent);
        const received = spqrReceive(to, sent.output.message);
        expectSpent(to, received);
        [alice, bob] = turn === 'alice' ? [sent.state, received.state] : [received.state, sent.state];
      }
    }
  });

  it('are never the key that a step puts out', () => {
    const { alice, bob } = newPair();
    const skipped = spqrReceive(bob, sendAfter(alice, 2)).state;
    const taken = spqrReceive(skipped, sendAfter(alice, 0));
    const { key } = taken.output;
    expect([...taken.spent, ...spqrSecrets(skipped)].includes(key)).to.equal(false);
    const encoded = toHex(encodeSpqrState(skipped));
    key.wipe();
    expect(toHex(encodeSpqrState(skipped))).to.equal(encoded);
  });

  it('of a step that is thrown away can be wiped without harm to the kept state', () => {
    const { alice, bob } = newPair();
    const message = sendAfter(alice, 5);
    const before = toHex(encodeSpqrState(bob));
    const step = spqrReceive(bob, message);
    for (const secret of spentSpqrSecrets(step.state, bob)) secret.wipe();
    expect(toHex(encodeSpqrState(bob))).to.equal(before);
    expect(codeOf(() => spqrReceive(bob, message))).to.equal('no error');
  });
});
