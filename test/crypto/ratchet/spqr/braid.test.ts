import { expect } from 'chai';
import { concatBytes, equalBytes, toHex } from '../../../../crypto/bytes.ts';
import { sha3_256 } from '../../../../crypto/primitives/hash.ts';
import { headerMac, startAuthenticator } from '../../../../crypto/ratchet/spqr/authenticator.ts';
import { braidReceive, braidSend, startBraid } from '../../../../crypto/ratchet/spqr/braid.ts';
import type { BraidState, BraidStateName } from '../../../../crypto/ratchet/spqr/braid-states.ts';
import { chunkAt } from '../../../../crypto/ratchet/spqr/erasure-code.ts';
import type { Chunk, PayloadType, SpqrPayload } from '../../../../crypto/ratchet/spqr/message.ts';
import { codeOf, SeededRandom, testAuthKey } from './support.ts';

const TYPES: readonly PayloadType[] = ['None', 'Hdr', 'Ek', 'EkCt1Ack', 'Ct1Ack', 'Ct1', 'Ct2'];
const OWNER = ['KeysUnsampled', 'KeysSampled', 'HeaderSent', 'Ct1Received', 'EkSentCt1Received'] as const;
const ENCAPSULATOR = [
  'NoHeaderReceived',
  'HeaderReceived',
  'Ct1Sampled',
  'EkReceivedCt1Sampled',
  'Ct1Acknowledged',
  'Ct2Sampled',
] as const;
const ALL: readonly BraidStateName[] = [...OWNER, ...ENCAPSULATOR];

/** What the table says a single fresh chunk (or acknowledgement) does; every other pair is ignored. */
const MOVES: Partial<Record<BraidStateName, Partial<Record<PayloadType, BraidStateName>>>> = {
  KeysSampled: { Ct1: 'HeaderSent' },
  HeaderSent: { Ct1: 'HeaderSent' },
  Ct1Received: { Ct2: 'EkSentCt1Received' },
  EkSentCt1Received: { Ct2: 'EkSentCt1Received' },
  NoHeaderReceived: { Hdr: 'NoHeaderReceived' },
  Ct1Sampled: { Ek: 'Ct1Sampled', EkCt1Ack: 'Ct1Acknowledged' },
  EkReceivedCt1Sampled: { Ct1Ack: 'Ct2Sampled', EkCt1Ack: 'Ct2Sampled' },
  Ct1Acknowledged: { Ek: 'Ct1Acknowledged', EkCt1Ack: 'Ct1Acknowledged' },
};

const EMITS: Record<BraidStateName, readonly [PayloadType, BraidStateName]> = {
  KeysUnsampled: ['Hdr', 'KeysSampled'],
  KeysSampled: ['Hdr', 'KeysSampled'],
  HeaderSent: ['Ek', 'HeaderSent'],
  Ct1Received: ['EkCt1Ack', 'Ct1Received'],
  EkSentCt1Received: ['Ct1Ack', 'EkSentCt1Received'],
  NoHeaderReceived: ['None', 'NoHeaderReceived'],
  HeaderReceived: ['Ct1', 'Ct1Sampled'],
  Ct1Sampled: ['Ct1', 'Ct1Sampled'],
  EkReceivedCt1Sampled: ['Ct1', 'EkReceivedCt1Sampled'],
  Ct1Acknowledged: ['None', 'Ct1Acknowledged'],
  Ct2Sampled: ['Ct2', 'Ct2Sampled'],
};

interface Pair {
  owner: BraidState;
  other: BraidState;
  readonly random: SeededRandom;
}

function payloadOf(type: PayloadType, chunk: Chunk): SpqrPayload {
  return type === 'None' || type === 'Ct1Ack' ? { type } : { type, chunk };
}

function receive(state: BraidState, payload: SpqrPayload): BraidState {
  return braidReceive(state, state.epoch, payload).state;
}

function toOther(pair: Pair): void {
  const sent = braidSend(pair.owner, pair.random);
  pair.owner = sent.state;
  pair.other = receive(pair.other, sent.payload);
}

function toOwner(pair: Pair): void {
  const sent = braidSend(pair.other, pair.random);
  pair.other = sent.state;
  pair.owner = receive(pair.owner, sent.payload);
}

function loseFromOther(pair: Pair): void {
  pair.other = braidSend(pair.other, pair.random).state;
}

/** Exchanges until the pair is in the two states, by the path that the second one asks for. */
function pairIn(pair: Pair, owner: BraidStateName, other: BraidStateName): Pair {
  const path = other === 'EkReceivedCt1Sampled' ? 'ek first' : 'ct1 first';
  for (let i = 0; i < 400; i++) {
    if (pair.owner.name === owner && pair.other.name === other) return pair;
    if (pair.owner.name === 'KeysUnsampled' || pair.owner.name === 'KeysSampled') {
      if (pair.other.name === 'NoHeaderReceived') toOther(pair);
      else toOwner(pair);
    } else if (pair.owner.name === 'HeaderSent' && path === 'ek first') {
      if (pair.other.name === 'Ct1Sampled') toOther(pair);
      else toOwner(pair);
    } else if (pair.owner.name === 'HeaderSent') {
      toOwner(pair);
    } else if (pair.owner.name === 'Ct1Received' && pair.other.name !== 'Ct2Sampled') {
      toOther(pair);
    } else {
      toOwner(pair);
    }
  }
  return expect.fail(`${owner} and ${other} were not reached`);
}

function startPair(): Pair {
  return {
    owner: startBraid(startAuthenticator(testAuthKey()), 'a2b'),
    other: startBraid(startAuthenticator(testAuthKey()), 'b2a'),
    random: new SeededRandom(11),
  };
}

/** A pair at the start of `epoch`, whose owner has exchanged its role with the other since the epoch before. */
function pairAt(epoch: number): Pair {
  let pair = startPair();
  while (pair.owner.epoch < epoch) {
    pairIn(pair, 'EkSentCt1Received', 'Ct2Sampled');
    while (pair.owner.epoch === pair.other.epoch) toOwner(pair);
    const sent = braidSend(pair.owner, pair.random);
    pair.other = braidReceive(pair.other, pair.owner.epoch, sent.payload).state;
    pair = { owner: pair.other, other: pair.owner, random: pair.random };
  }
  return pair;
}

const PARTNERS: Record<BraidStateName, readonly [BraidStateName, BraidStateName]> = {
  KeysUnsampled: ['KeysUnsampled', 'NoHeaderReceived'],
  KeysSampled: ['KeysSampled', 'NoHeaderReceived'],
  NoHeaderReceived: ['KeysSampled', 'NoHeaderReceived'],
  HeaderReceived: ['KeysSampled', 'HeaderReceived'],
  HeaderSent: ['HeaderSent', 'Ct1Sampled'],
  Ct1Sampled: ['HeaderSent', 'Ct1Sampled'],
  Ct1Received: ['Ct1Received', 'Ct1Acknowledged'],
  Ct1Acknowledged: ['Ct1Received', 'Ct1Acknowledged'],
  EkReceivedCt1Sampled: ['HeaderSent', 'EkReceivedCt1Sampled'],
  EkSentCt1Received: ['EkSentCt1Received', 'Ct2Sampled'],
  Ct2Sampled: ['EkSentCt1Received', 'Ct2Sampled'],
};

function stateIn(name: BraidStateName, epoch: number): BraidState {
  const pair = pairIn(pairAt(epoch), ...PARTNERS[name]);
  return pair.owner.name === name ? pair.owner : pair.other;
}

const FRESH: Chunk = { number: 999, data: new Uint8Array(32).fill(1) };

for (const epoch of [1, 2]) {
  describe(`braid in epoch ${epoch}`, () => {
    for (const name of ALL) {
      const [payload, next] = EMITS[name];

      it(`sends ${payload} in ${name} and is then in ${next}`, () => {
        const state = stateIn(name, epoch);
        const sent = braidSend(state, new SeededRandom(5));
        expect(sent.payload.type).to.equal(payload);
        expect(sent.state.name).to.equal(next);
        expect(sent.state.epoch).to.equal(epoch);
        expect(sent.epochSecret !== undefined).to.equal(name === 'HeaderReceived');
        expect(state.name).to.equal(name);
      });

      const moves = MOVES[name] ?? {};
      for (const type of TYPES.filter((each) => moves[each] !== undefined)) {
        it(`takes ${type} in ${name} and is then in ${moves[type]}`, () => {
          const state = stateIn(name, epoch);
          const received = braidReceive(state, epoch, payloadOf(type, FRESH));
          expect(received.epochSecret).to.equal(undefined);
          expect(received.state).to.not.equal(state);
          expect(received.state.name).to.equal(moves[type]);
        });
      }

      const ignored = TYPES.filter((type) => moves[type] === undefined);
      it(`ignores ${ignored.join(', ')} in ${name}`, () => {
        const state = stateIn(name, epoch);
        for (const type of ignored) {
          const received = braidReceive(state, epoch, payloadOf(type, FRESH));
          expect(received.epochSecret).to.equal(undefined);
          expect(received.state).to.equal(state);
        }
      });

      it(`ignores every payload of the epoch before in ${name}`, () => {
        const state = stateIn(name, epoch);
        for (const type of TYPES) {
          expect(braidReceive(state, epoch - 1, payloadOf(type, FRESH)).state).to.equal(state);
        }
      });

      if (name === 'Ct2Sampled') {
        it(`owns the next epoch's key after any payload of it in ${name}`, () => {
          const state = stateIn(name, epoch);
          const { authenticator } = state;
          for (const type of TYPES) {
            const moved = braidReceive(state, epoch + 1, payloadOf(type, FRESH));
            expect(moved).to.deep.equal({
              state: { name: 'KeysUnsampled', epoch: epoch + 1, authenticator },
            });
          }
        });
      }

      const limit = name === 'Ct2Sampled' ? epoch + 2 : epoch + 1;
      it(`refuses every payload of epoch ${limit} and later in ${name}`, () => {
        const state = stateIn(name, epoch);
        for (const type of TYPES) {
          for (const later of [limit, limit + 1, Number.MAX_SAFE_INTEGER]) {
            const ahead = () => braidReceive(state, later, payloadOf(type, FRESH));
            expect(codeOf(ahead)).to.equal('invalid-message');
          }
        }
      });
    }

    it('ignores a chunk that it has already', () => {
      for (const [name, type] of [
        ['HeaderSent', 'Ct1'],
        ['EkSentCt1Received', 'Ct2'],
        ['NoHeaderReceived', 'Hdr'],
        ['Ct1Sampled', 'Ek'],
        ['Ct1Acknowledged', 'EkCt1Ack'],
      ] as const) {
        const once = receive(stateIn(name, epoch), { type, chunk: FRESH });
        expect(receive(once, { type, chunk: { ...FRESH, data: new Uint8Array(32) } })).to.equal(once);
      }
    });

    it('takes an acknowledgement with a chunk that it has already', () => {
      const once = receive(stateIn('Ct1Sampled', epoch), { type: 'Ek', chunk: FRESH });
      const acknowledged = receive(once, { type: 'EkCt1Ack', chunk: FRESH });
      expect(acknowledged.name).to.equal('Ct1Acknowledged');
    });

    it('goes to Ct2Sampled at once when the last chunk of the ek vector acknowledges ct1', () => {
      const pair = pairIn(pairAt(epoch), 'HeaderSent', 'Ct1Sampled');
      const { owner, other } = pair;
      if (owner.name !== 'HeaderSent') return expect.fail(owner.name);
      let state = other;
      for (let number = 0; number < 36; number++) {
        expect(state.name).to.equal('Ct1Sampled');
        const chunk = { number, data: chunkAt(owner.ekEncoder.message, number) };
        state = receive(state, { type: number === 35 ? 'EkCt1Ack' : 'Ek', chunk });
      }
      expect(state.name).to.equal('Ct2Sampled');
    });

    it('yields the same epoch secret on both sides, by either path, from parity chunks as well', () => {
      for (const path of ['EkReceivedCt1Sampled', 'Ct1Acknowledged'] as const) {
        for (const losses of [0, 40]) {
          const pair = pairAt(epoch);
          pairIn(pair, 'KeysSampled', 'HeaderReceived');
          const sampled = braidSend(pair.other, pair.random);
          pair.other = sampled.state;
          for (let i = 0; i < losses; i++) loseFromOther(pair);
          pairIn(pair, PARTNERS[path][0], path);
          pairIn(pair, 'EkSentCt1Received', 'Ct2Sampled');
          for (let i = 0; i < losses; i++) loseFromOther(pair);
          let secret: Uint8Array | undefined;
          while (secret === undefined) {
            const sent = braidSend(pair.other, pair.random);
            const received = braidReceive(pair.owner, epoch, sent.payload);
            pair.other = sent.state;
            pair.owner = received.state;
            secret = received.epochSecret?.expose();
          }
          expect(toHex(secret)).to.equal(toHex(sampled.epochSecret?.expose() ?? new Uint8Array()));
          expect(pair.owner.name).to.equal('NoHeaderReceived');
          expect(pair.owner.epoch).to.equal(epoch + 1);
          const same = equalBytes(pair.owner.authenticator.expose(), pair.other.authenticator.expose());
          expect(same).to.equal(true);
        }
      }
    });

    it('continues the same ek transfer after ct1 has arrived', () => {
      const pair = pairIn(pairAt(epoch), 'HeaderSent', 'Ct1Sampled');
      for (let i = 0; i < 3; i++) pair.owner = braidSend(pair.owner, pair.random).state;
      pairIn(pair, 'Ct1Received', 'Ct1Sampled');
      const { payload } = braidSend(pair.owner, pair.random);
      expect(payload.type).to.equal('EkCt1Ack');
      expect('chunk' in payload && payload.chunk.number).to.equal(3);
    });
  });
}

describe('braid under attack', () => {
  /** The state and the payloads that still reach it, without the last: with one byte of it changed. */
  function flipped(payload: SpqrPayload): SpqrPayload {
    if (!('chunk' in payload)) return payload;
    const data = payload.chunk.data.slice();
    data[31] = (data[31] ?? 0) ^ 1;
    return { type: payload.type, chunk: { number: payload.chunk.number, data } };
  }

  it('refuses a header whose MAC does not match, and takes the true chunk after it', () => {
    const pair = startPair();
    toOther(pair);
    toOther(pair);
    const { payload } = braidSend(pair.owner, pair.random);
    expect(codeOf(() => receive(pair.other, flipped(payload)))).to.equal('invalid-message');
    expect(receive(pair.other, payload).name).to.equal('HeaderReceived');
  });

  it('refuses a header made under another authenticator', () => {
    const stranger = startBraid(startAuthenticator(testAuthKey(8)), 'a2b');
    const pair = { ...startPair(), owner: stranger };
    toOther(pair);
    toOther(pair);
    const { payload } = braidSend(pair.owner, pair.random);
    expect(codeOf(() => receive(pair.other, payload))).to.equal('invalid-message');
  });

  it('refuses a ciphertext with a false chunk, and takes the true chunk after it', () => {
    const pair = pairIn(startPair(), 'EkSentCt1Received', 'Ct2Sampled');
    for (let i = 0; i < 3; i++) toOwner(pair);
    const { payload } = braidSend(pair.other, pair.random);
    expect(codeOf(() => receive(pair.owner, flipped(payload)))).to.equal('invalid-message');
    expect(receive(pair.owner, payload).name).to.equal('NoHeaderReceived');
  });

  it('refuses a ciphertext whose ct1 was changed on the way', () => {
    const pair = pairIn(startPair(), 'HeaderSent', 'Ct1Sampled');
    const first = braidSend(pair.other, pair.random);
    pair.other = first.state;
    pair.owner = receive(pair.owner, flipped(first.payload));
    pairIn(pair, 'EkSentCt1Received', 'Ct2Sampled');
    for (let i = 0; i < 3; i++) toOwner(pair);
    const { payload } = braidSend(pair.other, pair.random);
    expect(codeOf(() => receive(pair.owner, payload))).to.equal('invalid-message');
  });

  it('refuses an ek vector that is not the one of the header', () => {
    for (const acknowledged of [false, true]) {
      const { owner, other } = pairIn(startPair(), 'HeaderSent', 'Ct1Sampled');
      if (owner.name !== 'HeaderSent') return expect.fail(owner.name);
      const type = acknowledged ? 'EkCt1Ack' : 'Ek';
      const payload = (number: number): SpqrPayload => {
        return { type, chunk: { number, data: chunkAt(owner.ekEncoder.message, number) } };
      };
      let state = other;
      for (let number = 0; number < 35; number++) state = receive(state, payload(number));
      expect(codeOf(() => receive(state, flipped(payload(35))))).to.equal('invalid-message');
      expect(receive(state, payload(35)).name).to.equal(acknowledged ? 'Ct2Sampled' : 'EkReceivedCt1Sampled');
    }
  });

  it('refuses an ek vector with a coefficient of 3329 although its header announced that hash', () => {
    const { owner } = pairIn(startPair(), 'HeaderSent', 'Ct1Sampled');
    if (owner.name !== 'HeaderSent') return expect.fail(owner.name);
    const vector = owner.ekEncoder.message.slice();
    // The first coefficient: twelve bits, little-endian.
    vector[0] = 3329 & 0xff;
    vector[1] = ((vector[1] ?? 0) & 0xf0) | (3329 >> 8);
    const rho = new Uint8Array(32).fill(3);
    const header = concatBytes(rho, sha3_256(concatBytes(vector, rho)));
    const authenticator = startAuthenticator(testAuthKey());
    const transfer = concatBytes(header, headerMac(authenticator, 1, header));
    let state = startBraid(authenticator, 'b2a');
    for (let number = 0; number < 3; number++) {
      state = receive(state, { type: 'Hdr', chunk: { number, data: chunkAt(transfer, number) } });
    }
    state = braidSend(state, new SeededRandom(3)).state;
    for (let number = 0; number < 35; number++) {
      state = receive(state, { type: 'Ek', chunk: { number, data: chunkAt(vector, number) } });
    }
    const last: SpqrPayload = { type: 'Ek', chunk: { number: 35, data: chunkAt(vector, 35) } };
    expect(codeOf(() => receive(state, last))).to.equal('invalid-message');
    expect(state.name).to.equal('Ct1Sampled');
  });
});
