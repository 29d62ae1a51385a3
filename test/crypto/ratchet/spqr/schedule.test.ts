import { expect } from 'chai';
import { equalBytes, toHex } from '../../../../crypto/bytes.ts';
import { ready } from '../../../../crypto/primitives/sodium.ts';
import {
  decodeSpqrState,
  describeSpqr,
  encodeSpqrState,
  spqrReceive,
  spqrSend,
} from '../../../../crypto/ratchet/spqr/index.ts';
import { codeOf, expectSpent, newParties, type Party, SeededRandom, type Sent } from './support.ts';

interface Schedule {
  readonly seed: number;
  readonly steps: number;
  /** Probability that a message never arrives. */
  readonly loss: number;
  /** How many messages may be under way to one end before the oldest has to arrive. */
  readonly window: number;
  /** Probability that Alice is the one who sends. */
  readonly aliceSends: number;
  readonly duplicates?: number;
  /** Store and load the acting party's state before every operation. */
  readonly reload?: boolean;
}

interface Result {
  readonly delivered: number;
  readonly refused: number;
  readonly epochs: number;
  readonly states: ReadonlySet<string>;
  readonly transcript: string;
}

function reload(party: Party): void {
  const encoded = encodeSpqrState(party.state);
  party.state = decodeSpqrState(encoded);
  expect(equalBytes(encodeSpqrState(party.state), encoded)).to.equal(true);
}

function checkStep(party: Party, message: Uint8Array | undefined): void {
  const before = encodeSpqrState(party.state);
  const random = new SeededRandom(77);
  const step = message === undefined ? spqrSend(party.state, random) : spqrReceive(party.state, message);
  expectSpent(party.state, step);
  expect(equalBytes(encodeSpqrState(party.state), before)).to.equal(true);
  expect(encodeSpqrState(decodeSpqrState(encodeSpqrState(step.state)))).to.deep.equal(
    encodeSpqrState(step.state),
  );
}

function play(schedule: Schedule): Result {
  const random = new SeededRandom(schedule.seed);
  const { alice, bob } = newParties(schedule.seed);
  const ends = [
    { party: alice, inbox: [] as Sent[] },
    { party: bob, inbox: [] as Sent[] },
  ] as const;
  const states = new Set<string>();
  const transcript: string[] = [];
  let delivered = 0;
  let refused = 0;

  function receiveOne(end: (typeof ends)[number]): void {
    const position = random.below(end.inbox.length);
    const [sent] = end.inbox.splice(position, 1);
    if (sent === undefined) return;
    if (schedule.reload) reload(end.party);
    const before = encodeSpqrState(end.party.state);
    const code = codeOf(() => {
      if (random.chance(0.05)) checkStep(end.party, sent.message);
      expect(equalBytes(end.party.receive(sent.message), sent.key)).to.equal(true);
    });
    if (code !== 'no error') {
      expect(code).to.equal('invalid-message');
      expect(equalBytes(encodeSpqrState(end.party.state), before)).to.equal(true);
      refused++;
      return;
    }
    delivered++;
    if (random.chance(schedule.duplicates ?? 0)) {
      expect(codeOf(() => end.party.receive(sent.message))).to.equal('invalid-message');
    }
  }

  for (let i = 0; i < schedule.steps; i++) {
    const [from, to] = random.chance(schedule.aliceSends) ? ends : [ends[1], ends[0]];
    if (schedule.reload) reload(from.party);
    if (random.chance(0.05)) checkStep(from.party, undefined);
    const sent = from.party.send();
    transcript.push(toHex(sent.message));
    if (!random.chance(schedule.loss)) to.inbox.push(sent);
    while (to.inbox.length > random.below(schedule.window)) receiveOne(to);
    states.add(describeSpqr(from.party.state).stateName);
    states.add(describeSpqr(to.party.state).stateName);
  }
  const epochs = Math.min(describeSpqr(alice.state).epoch, describeSpqr(bob.state).epoch);
  const spread = Math.abs(describeSpqr(alice.state).epoch - describeSpqr(bob.state).epoch);
  expect(spread).to.be.at.most(1);
  return { delivered, refused, epochs, states, transcript: transcript.join(' ') };
}

describe('SPQR schedules', () => {
  before(() => ready());

  for (const loss of [0, 0.1, 0.3, 0.45]) {
    it(`agree on every key at a loss of ${100 * loss} % with reordering and duplicates`, () => {
      for (let seed = 1; seed <= 4; seed++) {
        const steps = 1500;
        const result = play({ seed, steps, loss, window: 12, aliceSends: 0.5, duplicates: 0.1 });
        expect(result.delivered).to.be.above(steps * (1 - loss) * 0.9);
        expect(result.epochs).to.be.above(6);
        // Within twelve messages of each other nothing is two epochs late.
        expect(result.refused).to.equal(0);
      }
    });
  }

  it('agree on every key where one end sends 95 % of the messages, through many epochs', () => {
    for (const aliceSends of [0.95, 0.05]) {
      const result = play({ seed: 21, steps: 8000, loss: 0.1, window: 6, aliceSends });
      expect(result.epochs).to.be.above(4);
      expect(result.refused).to.equal(0);
    }
  });

  it('visit all eleven states', () => {
    const states = new Set<string>();
    for (let seed = 30; seed < 34; seed++) {
      const result = play({ seed, steps: 1500, loss: 0.3, window: 3, aliceSends: 0.5 });
      for (const state of result.states) states.add(state);
    }
    expect(states.size).to.equal(11);
  });

  it('refuse only what is too late when messages linger for hundreds of others', () => {
    const result = play({ seed: 41, steps: 4000, loss: 0.2, window: 600, aliceSends: 0.5 });
    expect(result.refused).to.be.above(0);
    expect(result.delivered).to.be.above(2000);
    expect(result.epochs).to.be.above(4);
  });

  it('are not changed by storing and loading the state before every operation', () => {
    const schedule = { seed: 51, steps: 1200, loss: 0.2, window: 9, aliceSends: 0.5 };
    const plain = play(schedule);
    expect(play({ ...schedule, reload: true }).transcript).to.equal(plain.transcript);
    expect(plain.epochs).to.be.above(5);
  });
});
