import { expect } from 'chai';
import fc from 'fast-check';
import { concatBytes, equalBytes, toHex } from '../../../../crypto/bytes.ts';
import { CodecError } from '../../../../crypto/errors.ts';
import {
  decodeSpqrState,
  describeSpqr,
  encodeSpqrState,
  spqrReceive,
  spqrSecrets,
  spqrSend,
} from '../../../../crypto/ratchet/spqr/index.ts';
import { codeOf, newPair, newParties, SeededRandom } from './support.ts';

/** One stored state per braid state, with late keys in most of them. */
function storedStates(): Map<string, Uint8Array> {
  const stored = new Map<string, Uint8Array>();
  const random = new SeededRandom(3);
  for (let seed = 1; stored.size < 11 && seed < 50; seed++) {
    const { alice, bob } = newParties(seed);
    while (describeSpqr(alice.state).epoch < 4) {
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        const { message } = from.send();
        if (!random.chance(0.4)) to.receive(message);
        for (const { state } of [alice, bob]) {
          stored.set(describeSpqr(state).stateName, encodeSpqrState(state));
        }
      }
    }
  }
  return stored;
}

const stored = storedStates();

function changed(bytes: Uint8Array, position: number, value: number): Uint8Array {
  const out = bytes.slice();
  out[position] = value;
  return out;
}

function refusal(bytes: Uint8Array): string {
  return codeOf(() => decodeSpqrState(bytes));
}

describe('stored SPQR state', () => {
  it('round-trips in all eleven braid states', () => {
    expect(stored.size).to.equal(11);
    for (const [name, encoded] of stored) {
      const state = decodeSpqrState(encoded);
      expect(describeSpqr(state).stateName).to.equal(name);
      expect(toHex(encodeSpqrState(state))).to.equal(toHex(encoded));
    }
  });

  it('has a fixed layout', () => {
    const { alice, bob } = newPair({ selfSession: true });
    const [a, b] = [encodeSpqrState(alice), encodeSpqrState(bob)];
    // version, flags, two epochs, links, root, one link (1 + 36 + 36 + 2), state, epoch, authenticator
    expect(a).to.have.lengthOf(2 + 8 + 8 + 1 + 32 + 75 + 1 + 8 + 64);
    expect(b).to.have.lengthOf(a.length + 1);
    expect(toHex(a.subarray(0, 19))).to.equal(`0104${'00'.repeat(16)}01`);
    expect(toHex(b.subarray(0, 2))).to.equal('0105');
    expect([a[126], b[126]]).to.deep.equal([0, 5]);
  });

  it('keeps late keys, flags and counters', () => {
    const { alice, bob } = newPair({ selfSession: true });
    let sender = alice;
    const sent = Array.from({ length: 70 }, () => {
      const step = spqrSend(sender, new SeededRandom(1));
      sender = step.state;
      return step.output;
    });
    const last = sent.at(-1) ?? expect.fail('nothing sent');
    const received = decodeSpqrState(encodeSpqrState(spqrReceive(bob, last.message).state));
    expect(received.negotiated).to.equal(true);
    expect(received.selfSession).to.equal(true);
    for (const { message, key } of sent.slice(0, -1)) {
      const { output } = spqrReceive(received, message);
      expect(equalBytes(output.key.expose(), key.expose())).to.equal(true);
    }
    expect(codeOf(() => spqrReceive(received, last.message))).to.equal('invalid-message');
  });

  it('shares no memory with the bytes it was read from', () => {
    for (const encoded of stored.values()) {
      const bytes = encoded.slice();
      const state = decodeSpqrState(bytes);
      bytes.fill(0xaa);
      expect(equalBytes(encodeSpqrState(state), encoded)).to.equal(true);
      const again = encodeSpqrState(state);
      for (const secret of spqrSecrets(state)) secret.wipe();
      expect(equalBytes(again, encoded)).to.equal(true);
    }
  });

  it('refuses every truncation and every extension', () => {
    for (const encoded of stored.values()) {
      for (let length = 0; length < encoded.length; length += 1 + (length >> 4)) {
        expect(refusal(encoded.subarray(0, length))).to.equal('bad-spqr-state');
      }
      expect(refusal(concatBytes(encoded, Uint8Array.of(0)))).to.equal('bad-spqr-state');
    }
  });

  it('refuses unknown versions, flags and braid states', () => {
    const fresh = encodeSpqrState(newPair().alice);
    for (const version of [0, 2, 255]) expect(refusal(changed(fresh, 0, version))).to.equal('bad-spqr-state');
    for (const flags of [8, 128, 255]) expect(refusal(changed(fresh, 1, flags))).to.equal('bad-spqr-state');
    for (const name of [11, 255]) expect(refusal(changed(fresh, 126, name))).to.equal('bad-spqr-state');
  });

  it('refuses a state of the other role, and epochs of chain and braid that differ', () => {
    const fresh = encodeSpqrState(newPair().alice);
    expect(refusal(changed(fresh, 1, 1))).to.equal('bad-spqr-state');
    expect(refusal(changed(fresh, 9, 1))).to.equal('bad-spqr-state');
    expect(refusal(changed(fresh, 17, 1))).to.equal('bad-spqr-state');
    for (const epoch of [0, 2, 3]) expect(refusal(changed(fresh, 134, epoch))).to.equal('bad-spqr-state');
    expect(refusal(changed(fresh, 127, 0xff))).to.equal('bad-spqr-state');
  });

  it('refuses impossible links and late keys', () => {
    const { alice, bob } = newPair();
    const second = spqrSend(spqrSend(alice, new SeededRandom(1)).state, new SeededRandom(1)).output.message;
    const encoded = encodeSpqrState(spqrReceive(bob, second).state);
    // One late key of index 1 while the counter is 2: count at 124, index at 126.
    expect(toHex(encoded.subarray(124, 130))).to.equal('000100000001');
    for (const index of [0, 2, 3]) expect(refusal(changed(encoded, 129, index))).to.equal('bad-spqr-state');
    expect(refusal(changed(encoded, 124, 0xff))).to.equal('bad-spqr-state');
    for (const links of [0, 4]) expect(refusal(changed(encoded, 18, links))).to.equal('bad-spqr-state');
    for (const sends of [0, 2]) expect(refusal(changed(encoded, 51, sends))).to.equal('bad-spqr-state');
  });

  it('refuses a send epoch that the braid has not reached', () => {
    const { alice } = newPair();
    const [link] = alice.chain.links;
    const links = link === undefined ? [] : [{ ...link, sending: undefined }];
    const early = { ...alice, chain: { ...alice.chain, sendEpoch: 1, links } };
    expect(refusal(encodeSpqrState(early))).to.equal('bad-spqr-state');
  });

  it('refuses links that sending would have retired', () => {
    const { alice, bob } = newParties(2);
    while (describeSpqr(alice.state).epoch < 3) {
      bob.receive(alice.send().message);
      alice.receive(bob.send().message);
    }
    bob.receive(alice.send().message);
    const { chain } = alice.state;
    const [oldest, second] = chain.links;
    if (oldest === undefined || second === undefined) return expect.fail('too few links');
    expect([chain.sendEpoch, oldest.epoch]).to.deep.equal([2, 1]);
    const links = [{ ...oldest, epoch: 0 }, oldest, second];
    const late = { ...alice.state, chain: { ...chain, links } };
    expect(refusal(encodeSpqrState(late))).to.equal('bad-spqr-state');
  });

  it('refuses a decoder that is full or has a chunk number twice', () => {
    const { alice, bob } = newPair();
    const first = spqrSend(alice, new SeededRandom(1));
    const second = spqrSend(first.state, new SeededRandom(1));
    const state = spqrReceive(spqrReceive(bob, first.output.message).state, second.output.message).state;
    const encoded = encodeSpqrState(state);
    // The decoder ends the state: a count and two points of 34 bytes.
    const count = encoded.length - 69;
    expect(encoded[count]).to.equal(2);
    expect(refusal(changed(encoded, count + 36, 0))).to.equal('bad-spqr-state');
    const full = concatBytes(encoded, Uint8Array.of(0, 9), new Uint8Array(32));
    expect(refusal(changed(full, count, 3))).to.equal('bad-spqr-state');
  });

  it('throws nothing but its typed error on changed or random bytes, and reads only what it would write', () => {
    const samples = [...stored.values()];
    const damaged = fc
      .record({
        sample: fc.constantFrom(...samples),
        edits: fc.array(fc.record({ at: fc.oneof(fc.nat(200), fc.nat(8000)), value: fc.nat(255) }), {
          minLength: 1,
          maxLength: 4,
        }),
      })
      .map(({ sample, edits }) => {
        const bytes = sample.slice();
        for (const { at, value } of edits) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 400 })), (bytes) => {
        try {
          expect(equalBytes(encodeSpqrState(decodeSpqrState(bytes)), bytes)).to.equal(true);
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
          expect(error.code).to.equal('bad-spqr-state');
        }
      }),
      { numRuns: 3000 },
    );
  });
});
