import { expect } from 'chai';
import { fromHex, toHex } from '../../../../crypto/bytes.ts';
import { ready } from '../../../../crypto/primitives/sodium.ts';
import {
  addEpoch,
  type SpqrChain,
  type SpqrDirection,
  startChain,
  stepReceiving,
  stepSending,
} from '../../../../crypto/ratchet/spqr/chain.ts';
import { Secret } from '../../../../crypto/secret.ts';
import { codeOf, readVectors, testAuthKey, wipedDuring } from './support.ts';

interface Vectors {
  readonly chain: {
    readonly authKey: string;
    readonly epoch1Secret: string;
    readonly keys: readonly {
      readonly dir: 'A2B' | 'B2A';
      readonly epoch: number;
      readonly index: number;
      readonly key: string;
    }[];
  };
}

const vectors = readVectors<Vectors>('spqr-components.json').chain;
const LIMIT = 25_000;

function recordedChain(direction: SpqrDirection): SpqrChain {
  const chain = startChain(new Secret('PqRatchetKey', fromHex(vectors.authKey)), direction);
  return addEpoch(chain, 1, new Secret('PqEpochSecret', fromHex(vectors.epoch1Secret)));
}

function epochSecret(epoch: number): Secret<'PqEpochSecret'> {
  return new Secret('PqEpochSecret', new Uint8Array(32).fill(epoch));
}

function chainUpTo(direction: SpqrDirection, epoch: number): SpqrChain {
  let chain = startChain(testAuthKey(), direction);
  for (let next = 1; next <= epoch; next++) chain = addEpoch(chain, next, epochSecret(next));
  return chain;
}

function receive(chain: SpqrChain, index: number, maxJump = LIMIT): SpqrChain {
  return stepReceiving(chain, 0, index, maxJump).chain;
}

function refusal(chain: SpqrChain, index: number, maxJump = LIMIT): string {
  return codeOf(() => stepReceiving(chain, 0, index, maxJump));
}

/** Keys 1 to `count` of the sender in epoch 0. */
function sentKeys(count: number): string[] {
  let chain = startChain(testAuthKey(), 'b2a');
  return Array.from({ length: count }, () => {
    const sent = stepSending(chain, 0);
    chain = sent.chain;
    return toHex(sent.key.expose());
  });
}

describe('SPQR chain', () => {
  before(() => ready());

  it('gives the recorded keys to sender and receiver of both directions and epochs', () => {
    const chains = {
      A2B: { sender: recordedChain('a2b'), receiver: recordedChain('b2a') },
      B2A: { sender: recordedChain('b2a'), receiver: recordedChain('a2b') },
    };
    expect(vectors.keys).to.have.lengthOf(9);
    const ordered = [...vectors.keys].sort((a, b) => a.epoch - b.epoch || a.index - b.index);
    for (const { dir, epoch, index, key } of ordered) {
      const ends = chains[dir];
      const sent = stepSending(ends.sender, epoch);
      const received = stepReceiving(ends.receiver, epoch, index, LIMIT);
      ends.sender = sent.chain;
      ends.receiver = received.chain;
      expect(sent.index).to.equal(index);
      expect(toHex(sent.key.expose())).to.equal(key);
      expect(toHex(received.key.expose())).to.equal(key);
    }
  });

  it('numbers the messages of an epoch from 1', () => {
    const sent = stepSending(startChain(testAuthKey(), 'a2b'), 0);
    expect(sent.index).to.equal(1);
    expect(stepSending(sent.chain, 0).index).to.equal(2);
  });

  it('gives late keys once, whatever their order', () => {
    const keys = sentKeys(50);
    let chain = receive(startChain(testAuthKey(), 'a2b'), 50);
    for (let i = 0; i < 49; i++) {
      const index = ((i * 20) % 49) + 1;
      const step = stepReceiving(chain, 0, index, LIMIT);
      expect(toHex(step.key.expose())).to.equal(keys[index - 1]);
      chain = step.chain;
      expect(refusal(chain, index)).to.equal('invalid-message');
    }
    expect(refusal(chain, 50)).to.equal('invalid-message');
  });

  it('keeps 100 to 2099 after a first message 2100, and nothing below', () => {
    const keys = sentKeys(2100);
    const chain = receive(startChain(testAuthKey(), 'a2b'), 2100);
    expect(chain.links[0]?.receiving.skipped.count).to.equal(2000);
    for (const index of [100, 101, 1234, 2099]) {
      expect(toHex(stepReceiving(chain, 0, index, LIMIT).key.expose())).to.equal(keys[index - 1]);
    }
    for (const index of [1, 50, 99, 2100]) expect(refusal(chain, index)).to.equal('invalid-message');
  });

  it('refuses a stored key as soon as it is more than 2000 behind', () => {
    const chain = receive(receive(startChain(testAuthKey(), 'a2b'), 10), 2009);
    expect(refusal(chain, 9)).to.equal('no error');
    const later = receive(chain, 2010);
    expect(later.links[0]?.receiving.skipped.count).to.equal(9 + 1998);
    expect(refusal(later, 9)).to.equal('invalid-message');
    expect(refusal(later, 11)).to.equal('no error');
  });

  it('takes a jump of 25,000 and refuses one of 25,001', () => {
    const start = receive(startChain(testAuthKey(), 'a2b'), 3);
    expect(refusal(start, 25_004)).to.equal('invalid-message');
    const jumped = receive(start, 25_003);
    const { counter, skipped } = jumped.links[0]?.receiving ?? expect.fail('no link');
    expect(counter).to.equal(25_003);
    expect(skipped.count).to.equal(2000);
    expect(refusal(jumped, 1)).to.equal('invalid-message');
    expect(refusal(jumped, 23_002)).to.equal('invalid-message');
    expect(refusal(jumped, 23_003)).to.equal('no error');
  });

  it('takes the key of a jump from the same place as single steps do', () => {
    const keys = sentKeys(3000);
    const step = stepReceiving(startChain(testAuthKey(), 'a2b'), 0, 3000, LIMIT);
    expect(toHex(step.key.expose())).to.equal(keys[2999]);
    expect(toHex(stepReceiving(step.chain, 0, 1500, LIMIT).key.expose())).to.equal(keys[1499]);
  });

  it('drops all stored keys in a jump beyond the window, and keeps them in one up to it', () => {
    const start = receive(startChain(testAuthKey(), 'a2b'), 2);
    const kept = receive(start, 2002);
    expect(kept.links[0]?.receiving.skipped.count).to.equal(1 + 1999);
    const dropped = receive(start, 2003);
    expect(dropped.links[0]?.receiving.skipped.count).to.equal(2000);
    expect(refusal(dropped, 1)).to.equal('invalid-message');
    expect(refusal(dropped, 3)).to.equal('no error');
  });

  it('collects expired keys once 2201 are stored', () => {
    let chain = startChain(testAuthKey(), 'a2b');
    for (let index = 2; index <= 4400; index += 2) chain = receive(chain, index);
    expect(chain.links[0]?.receiving.skipped.count).to.equal(2200);
    const collected = receive(chain, 4402);
    // 2201 with 4401; the odd ones from 2403 on are within 2000 of 4402.
    expect(collected.links[0]?.receiving.skipped.count).to.equal(1000);
    expect(refusal(collected, 2401)).to.equal('invalid-message');
    expect(refusal(collected, 2403)).to.equal('no error');
    const edge = receive(chain, 4403);
    expect(refusal(edge, 2401)).to.equal('invalid-message');
    expect(refusal(edge, 2403)).to.equal('no error');
  });

  it('wipes every intermediate key of a jump', () => {
    const start = startChain(testAuthKey(), 'a2b');
    const wiped = wipedDuring(() => receive(start, 10));
    expect(wiped.filter((secret) => secret.name === 'PqMessageKey')).to.have.lengthOf(9);
    expect(wiped.filter((secret) => secret.name === 'PqChainKey')).to.have.lengthOf(9);
    expect(start.links[0]?.receiving.next.wiped).to.equal(false);
  });

  it('exhausts at 2^32-1 messages', () => {
    const chain = startChain(testAuthKey(), 'a2b');
    const [link] = chain.links;
    const sending = { counter: 0xffff_fffe, next: link?.sending?.next ?? expect.fail('no chain') };
    const near = { ...chain, links: [{ ...(link ?? expect.fail('no link')), sending }] };
    const last = stepSending(near, 0);
    expect(last.index).to.equal(0xffff_ffff);
    expect(codeOf(() => stepSending(last.chain, 0))).to.equal('chain-exhausted');
  });

  it('forgets what lies behind the epoch before the one it sends in', () => {
    const chain = chainUpTo('a2b', 3);
    const epochs = (step: SpqrChain) => step.links.map((link) => link.epoch);
    expect(epochs(chain)).to.deep.equal([0, 1, 2, 3]);
    const sent = stepSending(chain, 2).chain;
    expect(epochs(sent)).to.deep.equal([1, 2, 3]);
    expect(sent.links.map((link) => link.sending !== undefined)).to.deep.equal([false, true, true]);
    expect(sent.sendEpoch).to.equal(2);
    for (const [epoch, code] of [
      [0, 'invalid-message'],
      [1, 'no error'],
      [2, 'no error'],
      [3, 'no error'],
      [4, 'invalid-message'],
    ] as const) {
      expect(codeOf(() => stepReceiving(sent, epoch, 1, LIMIT))).to.equal(code);
    }
  });

  it('never sends in a retired, an unknown or an earlier epoch', () => {
    const chain = stepSending(chainUpTo('a2b', 2), 2).chain;
    for (const epoch of [0, 1, 3]) expect(codeOf(() => stepSending(chain, epoch))).to.equal('bug');
  });

  it('adds epochs one after the other only', () => {
    const chain = chainUpTo('a2b', 1);
    for (const epoch of [0, 1, 3]) {
      expect(codeOf(() => addEpoch(chain, epoch, epochSecret(epoch)))).to.equal('bug');
    }
  });

  it('numbers a new epoch from 1 and leaves the counters of the old one alone', () => {
    const old = stepSending(startChain(testAuthKey(), 'a2b'), 0).chain;
    const chain = addEpoch(old, 1, epochSecret(1));
    expect(stepSending(chain, 0).index).to.equal(2);
    expect(stepSending(chain, 1).index).to.equal(1);
  });
});
