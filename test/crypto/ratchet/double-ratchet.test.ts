import { expect } from 'chai';
import { toHex } from '../../../crypto/bytes.ts';
import { generateKeyPair, type KeyPair, type PublicKey, parsePublicKey } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { kdfCk, skipMessages } from '../../../crypto/ratchet/chain-key.ts';
import {
  abandonReception,
  acceptDoubleRatchet,
  beginReception,
  completeReception,
  type DoubleRatchetState,
  doubleRatchetSecrets,
  initiateDoubleRatchet,
  type MessageHeader,
  type RatchetSecrets,
  stepSending,
} from '../../../crypto/ratchet/double-ratchet.ts';
import { type AnySecret, Secret } from '../../../crypto/secret.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const MAX_JUMP = 25_000;

/** One end: what a step spends is wiped at once, and the `spent` list is checked against the states. */
class End {
  state: DoubleRatchetState;
  readonly random: SeededRandom;

  constructor(state: DoubleRatchetState, label: string) {
    this.state = state;
    this.random = new SeededRandom(label);
  }

  send(): { readonly header: MessageHeader; readonly seed: string } {
    const step = stepSending(this.state);
    this.#commit(step.state, step.spent);
    return { header: step.output.header, seed: toHex(step.output.seed.expose()) };
  }

  receive({ ratchetKey, counter }: MessageHeader, maxJump = MAX_JUMP): string {
    const reception = beginReception(this.state, ratchetKey, counter, maxJump);
    const seed = toHex(reception.seed.expose());
    const step = completeReception(this.state, reception, this.random);
    this.#commit(step.state, step.spent);
    return seed;
  }

  #commit(state: DoubleRatchetState, spent: readonly AnySecret[]): void {
    const kept = new Set(doubleRatchetSecrets(state));
    const lost = doubleRatchetSecrets(this.state).filter((secret) => !kept.has(secret));
    expect(new Set(spent)).to.deep.equal(new Set(lost));
    this.state = state;
    for (const secret of spent) secret.wipe();
  }
}

function secrets(): RatchetSecrets {
  return {
    rootKey: new Secret('RootKey', new Uint8Array(32).fill(1)),
    chainKey: new Secret('ChainKey', new Uint8Array(32).fill(2)),
  };
}

function newEnds(): { alice: End; bob: End; signedPreKey: KeyPair } {
  const signedPreKey = generateKeyPair(new SeededRandom('signed'), 'signedPreKey');
  const random = new SeededRandom('alice');
  const alice = initiateDoubleRatchet(secrets(), signedPreKey.publicKey, random);
  const bob = acceptDoubleRatchet(secrets(), signedPreKey);
  return { alice: new End(alice, 'a'), bob: new End(bob, 'b'), signedPreKey };
}

function deliver(from: End, to: End): void {
  const { header, seed } = from.send();
  expect(to.receive(header)).to.equal(seed);
}

describe('the double ratchet', () => {
  before(ready);

  it('gives both ends the same seeds in turn', () => {
    const { alice, bob } = newEnds();
    for (let i = 0; i < 12; i++) {
      deliver(alice, bob);
      deliver(alice, bob);
      deliver(bob, alice);
    }
  });

  it('lets the initiator receive on the chain of the signed pre-key', () => {
    const { alice, bob, signedPreKey } = newEnds();
    const { header, seed } = bob.send();
    expect(toHex(header.ratchetKey)).to.equal(toHex(signedPreKey.publicKey));
    expect(alice.receive(header)).to.equal(seed);
    expect(alice.random.drawn).to.deep.equal([]);
  });

  it('draws a new key exactly when a new ratchet key arrives', () => {
    const { alice, bob } = newEnds();
    deliver(alice, bob);
    deliver(alice, bob);
    expect(bob.random.drawn).to.deep.equal(['ratchetKey']);
    deliver(bob, alice);
    expect(alice.random.drawn).to.deep.equal(['ratchetKey']);
  });

  it('counts the messages of the previous chain but one, and never below 0', () => {
    const { alice, bob } = newEnds();
    deliver(alice, bob);
    expect(bob.state.previousCounter).to.equal(0);
    for (let i = 0; i < 4; i++) deliver(bob, alice);
    deliver(alice, bob);
    expect(bob.state.previousCounter).to.equal(3);
    deliver(bob, alice);
    expect(alice.state.previousCounter).to.equal(0);
  });

  it('delivers each skipped message once, in any order', () => {
    const { alice, bob } = newEnds();
    const sent = Array.from({ length: 10 }, () => alice.send());
    for (const i of [9, 0, 5, 3, 8, 1, 2, 4, 6, 7]) {
      const { header, seed } = sent[i] as (typeof sent)[number];
      expect(bob.receive(header)).to.equal(seed);
      expect(refusalOf(() => bob.receive(header))).to.equal('duplicate-message');
    }
  });

  it('takes a jump of 25,000 and refuses one of 25,001', () => {
    const { alice, bob } = newEnds();
    deliver(alice, bob);
    const sent = Array.from({ length: 25_003 }, () => alice.send());
    const tooFar = sent[25_001] as (typeof sent)[number];
    const far = sent[25_000] as (typeof sent)[number];
    expect(tooFar.header.counter - 1).to.equal(25_001);
    expect(refusalOf(() => bob.receive(tooFar.header))).to.equal('invalid-message');
    expect(bob.receive(far.header)).to.equal(far.seed);
    expect(bob.receive(tooFar.header)).to.equal(tooFar.seed);
  }).timeout(20_000);

  it('takes the same jumps on a new chain', () => {
    const { alice, bob } = newEnds();
    const sent = Array.from({ length: 25_002 }, () => alice.send());
    expect(refusalOf(() => bob.receive((sent[25_001] as (typeof sent)[number]).header))).to.equal(
      'invalid-message',
    );
    const { header, seed } = sent[25_000] as (typeof sent)[number];
    expect(bob.receive(header)).to.equal(seed);
    const kept = bob.state.receivingChains[0]?.skipped.count;
    expect(kept).to.equal(2000);
    const available = (counter: number): string =>
      refusalOf(() => bob.receive((sent[counter] as (typeof sent)[number]).header));
    expect(available(22_999)).to.equal('duplicate-message');
    expect(available(23_000)).to.equal('none');
    expect(available(24_999)).to.equal('none');
  }).timeout(20_000);

  it('refuses the highest counter even where jumps are free', () => {
    const { alice, bob } = newEnds();
    const { header } = alice.send();
    const last = { ...header, counter: 0xffff_ffff };
    expect(refusalOf(() => bob.receive(last, Number.MAX_SAFE_INTEGER))).to.equal('invalid-message');
  });

  it('keeps five receiving chains and forgets the oldest with its skipped messages', () => {
    const { alice, bob } = newEnds();
    const late: { readonly header: MessageHeader; readonly seed: string }[] = [];
    for (let i = 0; i < 6; i++) {
      late.push(alice.send());
      deliver(alice, bob);
      deliver(bob, alice);
    }
    expect(bob.state.receivingChains).to.have.lengthOf(5);
    const [forgotten, ...kept] = late;
    for (const { header, seed } of kept) expect(bob.receive(header)).to.equal(seed);
    // Looks like a new ratchet key, and gives a seed that nobody has.
    const before = bob.state;
    const { header, seed } = forgotten as (typeof late)[number];
    const reception = beginReception(before, header.ratchetKey, header.counter, MAX_JUMP);
    expect(reception.kind).to.equal('new-chain');
    expect(toHex(reception.seed.expose())).not.to.equal(seed);
  });

  it('is not changed by a reception that is abandoned, which wipes all that it derived', () => {
    const { alice, bob } = newEnds();
    deliver(alice, bob);
    alice.send();
    const skipping = alice.send();
    deliver(bob, alice);
    const turning = alice.send();
    for (const { header } of [skipping, turning]) {
      const before = doubleRatchetSecrets(bob.state).map((secret) => toHex(secret.expose()));
      const reception = beginReception(bob.state, header.ratchetKey, header.counter, MAX_JUMP);
      abandonReception(reception);
      expect(reception.seed.wiped).to.equal(true);
      expect(reception.chain.chainKey.wiped).to.equal(true);
      expect(reception.chain.skipped.blocks.every((block) => block.wiped)).to.equal(true);
      if (reception.kind === 'new-chain') expect(reception.rootKey.wiped).to.equal(true);
      expect(doubleRatchetSecrets(bob.state).map((secret) => toHex(secret.expose()))).to.deep.equal(before);
    }
  });

  it('leaves the chain alone when a reception of a skipped message is abandoned', () => {
    const { alice, bob } = newEnds();
    const late = alice.send();
    deliver(alice, bob);
    const reception = beginReception(bob.state, late.header.ratchetKey, late.header.counter, MAX_JUMP);
    abandonReception(reception);
    expect(bob.receive(late.header)).to.equal(late.seed);
  });

  it('refuses a ratchet key of small order', () => {
    const { alice, bob } = newEnds();
    deliver(alice, bob);
    const zero: PublicKey = parsePublicKey(Uint8Array.of(5, ...new Uint8Array(32)));
    const header = { ratchetKey: zero, counter: 0, previousCounter: 0 };
    expect(refusalOf(() => bob.receive(header))).to.equal('invalid-key-agreement');
  });

  it('keeps a copy of a ratchet key, not a view of the message', () => {
    const { alice, bob } = newEnds();
    const { header } = alice.send();
    const message = Uint8Array.of(0, ...header.ratchetKey);
    const view = message.subarray(1) as PublicKey;
    bob.receive({ ...header, ratchetKey: view });
    message.fill(0);
    expect(toHex(bob.state.receivingChains[0]?.ratchetKey ?? new Uint8Array())).to.equal(
      toHex(header.ratchetKey),
    );
  });

  it('stops sending when no counter is left', () => {
    const { alice } = newEnds();
    const exhausted = {
      ...alice.state,
      sendingChain: { ...alice.state.sendingChain, index: 0xffff_ffff },
    };
    expect(refusalOf(() => stepSending(exhausted))).to.equal('chain-exhausted');
  });
});

describe('a chain key', () => {
  before(ready);

  it('reaches by skipping what single steps reach, with the same seeds', () => {
    let stepped = new Secret('ChainKey', new Uint8Array(32).fill(5));
    const start = stepped.clone();
    const seeds: string[] = [];
    for (let counter = 7; counter < 27; counter++) {
      const { seed, next } = kdfCk(stepped);
      seeds.push(toHex(seed.expose()));
      stepped = next;
    }
    const { chainKey, skipped } = skipMessages(start, 7, 27);
    expect(toHex(chainKey.expose())).to.equal(toHex(stepped.expose()));
    const packed = skipped.expose();
    expect(packed).to.have.lengthOf(20 * 36);
    for (const [i, seed] of seeds.entries()) {
      expect(toHex(packed.subarray(36 * i, 36 * i + 36))).to.equal(
        `000000${(7 + i).toString(16).padStart(2, '0')}${seed}`,
      );
    }
    expect(toHex(start.expose())).to.equal('05'.repeat(32));
  });
});
