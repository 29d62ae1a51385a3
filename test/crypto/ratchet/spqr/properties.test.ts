import { expect } from 'chai';
import fc from 'fast-check';
import { equalBytes } from '../../../../crypto/bytes.ts';
import { ProtocolError } from '../../../../crypto/errors.ts';
import { ready } from '../../../../crypto/primitives/sodium.ts';
import {
  decodeSpqrState,
  describeSpqr,
  encodeSpqrState,
  type SpqrState,
  spqrReceive,
  spqrSecrets,
  spqrSend,
} from '../../../../crypto/ratchet/spqr/index.ts';
import { decodeSpqrMessage } from '../../../../crypto/ratchet/spqr/message.ts';
import type { Step } from '../../../../crypto/secret.ts';
import { expectSpent, newPair, SeededRandom } from './support.ts';

interface Flight {
  readonly message: Uint8Array;
  readonly key: Uint8Array;
}

const end = fc.constantFrom('alice' as const, 'bob' as const);
const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ op: fc.constant('talk' as const), end, rounds: fc.integer({ min: 1, max: 50 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant('send' as const), end, burst: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 6, arbitrary: fc.record({ op: fc.constant('receiveAll' as const), end }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('receive' as const), end, pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('lose' as const), end, count: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('replay' as const), end, pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('forge' as const), end, pick: fc.nat(), flip: fc.nat() }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('reload' as const), end }) },
);

class World {
  readonly states: Record<'alice' | 'bob', SpqrState> = newPair();
  readonly inboxes: Record<'alice' | 'bob', Flight[]> = { alice: [], bob: [] };
  readonly past: Record<'alice' | 'bob', Flight[]> = { alice: [], bob: [] };
  readonly random = new SeededRandom(99);

  /** Runs a step on an end whose old state must be as it was, and takes its result over. */
  commit<Output>(who: 'alice' | 'bob', run: (state: SpqrState) => Step<SpqrState, Output>): Output {
    const state = this.states[who];
    const before = encodeSpqrState(state);
    const step = run(state);
    expect(equalBytes(encodeSpqrState(state), before)).to.equal(true);
    expectSpent(state, step);
    this.states[who] = step.state;
    for (const secret of step.spent) secret.wipe();
    return step.output;
  }

  send(who: 'alice' | 'bob'): void {
    const { message, key } = this.commit(who, (state) => spqrSend(state, this.random));
    const other = who === 'alice' ? 'bob' : 'alice';
    this.inboxes[other].push({ message, key: key.expose().slice() });
    key.wipe();
  }

  receive(who: 'alice' | 'bob', flight: Flight | undefined): void {
    if (flight === undefined) return;
    const message = flight.message.slice();
    if (this.isTooLate(who, message)) {
      expect(this.forge(who, message)).to.equal(true);
      return;
    }
    const { key } = this.commit(who, (state) => spqrReceive(state, message));
    expect(equalBytes(key.expose(), flight.key)).to.equal(true);
    expect(equalBytes(message, flight.message)).to.equal(true);
    key.wipe();
    this.past[who].push(flight);
  }

  /** One message there, which arrives first of all, and one back. */
  talk(who: 'alice' | 'bob'): void {
    const other = who === 'alice' ? 'bob' : 'alice';
    this.send(who);
    this.receive(other, this.inboxes[other].pop());
    this.send(other);
    this.receive(who, this.inboxes[who].pop());
  }

  isTooLate(who: 'alice' | 'bob', message: Uint8Array): boolean {
    const oldest = this.states[who].chain.links[0]?.epoch ?? 0;
    return decodeSpqrMessage(message).epoch - 1 < oldest;
  }

  /** A message that no peer sent: taken or refused, it must not show in the state that is kept. */
  forge(who: 'alice' | 'bob', message: Uint8Array): boolean {
    const state = this.states[who];
    const before = encodeSpqrState(state);
    let refused = false;
    try {
      expectSpent(state, spqrReceive(state, message));
    } catch (error) {
      expect(error).to.be.instanceOf(ProtocolError).with.property('code', 'invalid-message');
      refused = true;
    }
    expect(equalBytes(encodeSpqrState(state), before)).to.equal(true);
    expect(spqrSecrets(state).some((secret) => secret.wiped)).to.equal(false);
    return refused;
  }
}

function flipBit(message: Uint8Array, flip: number): Uint8Array {
  const out = message.slice();
  const bit = flip % (8 * out.length);
  out[bit >> 3] = (out[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return out;
}

describe('SPQR properties', () => {
  before(() => ready());

  it('hold for any sequence of sending, losing, reordering, replaying, forging and reloading', () => {
    let epochs = 0;
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 60 }), (operations) => {
        const world = new World();
        for (const action of operations) {
          const inbox = world.inboxes[action.end];
          const past = world.past[action.end];
          switch (action.op) {
            case 'talk':
              for (let i = 0; i < action.rounds; i++) world.talk(action.end);
              break;
            case 'send':
              for (let i = 0; i < action.burst; i++) world.send(action.end);
              break;
            case 'receiveAll':
              for (const flight of inbox.splice(0)) world.receive(action.end, flight);
              break;
            case 'receive':
              world.receive(action.end, inbox.splice(action.pick % (inbox.length || 1), 1)[0]);
              break;
            case 'lose':
              inbox.splice(0, action.count);
              break;
            case 'replay': {
              const flight = past[action.pick % (past.length || 1)];
              if (flight !== undefined) expect(world.forge(action.end, flight.message)).to.equal(true);
              break;
            }
            case 'forge': {
              const flight = inbox[action.pick % (inbox.length || 1)];
              if (flight !== undefined) world.forge(action.end, flipBit(flight.message, action.flip));
              break;
            }
            case 'reload':
              world.states[action.end] = decodeSpqrState(encodeSpqrState(world.states[action.end]));
              break;
          }
        }
        epochs = Math.max(epochs, describeSpqr(world.states.alice).epoch);
      }),
      { numRuns: 100, seed: 20_261 },
    );
    expect(epochs).to.be.above(2);
  });
});
