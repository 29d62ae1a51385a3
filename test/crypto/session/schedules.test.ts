// Goal: two devices that lose, delay, repeat and damage messages, store and load their state and start over at
// any moment never open a message wrongly or twice, refuse without a trace, and always find together again.
// Method: random schedules against a model that knows which message was sent, opened and lost.

import { expect } from 'chai';
import fc from 'fast-check';
import type { CiphertextMessage } from '../../../crypto/index.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { refusalOf } from '../../support/refusal.ts';
import { Device, expectRefusal, flipBit } from './pair.ts';

interface InFlight {
  readonly message: CiphertextMessage;
  readonly text: string;
  /** How often a later message was delivered before this one. */
  overtaken: number;
}

interface End {
  readonly device: Device;
  readonly inbox: InFlight[];
  readonly opened: InFlight[];
}

type Side = 0 | 1;

const side = fc.constantFrom<Side>(0, 1);
const seed = fc.nat();

/** A message that was overtaken this often arrives next, so that its chain and epoch are still kept. */
const MAX_OVERTAKEN = 3;

const orderly = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), by: side }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), by: side, pick: seed }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), by: side, pick: seed }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), by: side, pick: seed }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('flip' as const), by: side, pick: seed, bit: seed }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const), by: side }) },
);

const wild = fc.oneof(
  { weight: 14, arbitrary: orderly },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('open' as const), by: side, oneTime: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('archive' as const), by: side }) },
);

type WildStep = typeof wild extends fc.Arbitrary<infer T> ? T : never;

const REFUSALS = ['invalid-message', 'duplicate-message', 'invalid-key-id'];

class Conversation {
  readonly ends: readonly [End, End];
  #sent = 0;

  constructor() {
    const [alice, bob] = [new Device('alice'), new Device('bob')];
    this.ends = [
      { device: alice, inbox: [], opened: [] },
      { device: bob, inbox: [], opened: [] },
    ];
    alice.open(bob);
    this.send(0);
    this.deliver(this.ends[1], 0);
  }

  other(by: Side): End {
    return this.ends[by === 0 ? 1 : 0];
  }

  /** Nothing to send with is no error of the schedule: the session was archived. */
  send(by: Side): void {
    const { device } = this.ends[by];
    const to = this.other(by);
    const text = `message ${this.#sent++}`;
    const code = refusalOf(() => {
      to.inbox.push({ message: device.send(to.device, text), text, overtaken: 0 });
    });
    expect(code).to.be.oneOf(['none', 'session-not-found']);
  }

  peer(end: End): Device {
    return end === this.ends[0] ? this.ends[1].device : this.ends[0].device;
  }

  /** @returns the code of the refusal, `none` when the message opened */
  deliver(end: End, pick: number): string {
    const urgent = end.inbox.findIndex((each) => each.overtaken >= MAX_OVERTAKEN);
    const position = urgent === -1 ? pick % end.inbox.length : urgent;
    const [chosen] = end.inbox.splice(position, 1);
    if (chosen === undefined) return 'none';
    for (const earlier of end.inbox.slice(0, position)) earlier.overtaken++;
    const before = end.device.snapshot();
    const code = refusalOf(() => {
      expect(end.device.receive(this.peer(end), chosen.message)).to.equal(chosen.text);
      end.opened.push(chosen);
    });
    if (code !== 'none') expect(end.device.snapshot() === before, 'a refusal left a trace').to.equal(true);
    return code;
  }

  /** Runs one step that is neither `open` nor `archive`. */
  run(step: WildStep): string {
    const end = this.ends[step.by];
    switch (step.kind) {
      case 'send':
        this.send(step.by);
        return 'none';
      case 'deliver':
        return this.deliver(end, step.pick);
      case 'lose':
        end.inbox.splice(step.pick % Math.max(1, end.inbox.length), 1);
        return 'none';
      case 'repeat':
        this.#repeat(end, step.pick);
        return 'none';
      case 'flip':
        this.#flip(end, step.pick, step.bit);
        return 'none';
      case 'reload':
        end.device.reload();
        return 'none';
      case 'open':
        end.device.open(this.peer(end), { oneTime: step.oneTime });
        return 'none';
      case 'archive':
        return refusalOf(() => end.device.party.archive(this.peer(end).address));
    }
  }

  #repeat(end: End, pick: number): void {
    const again = end.opened[pick % Math.max(1, end.opened.length)];
    if (again === undefined) return;
    const before = end.device.snapshot();
    const code = refusalOf(() => end.device.receive(this.peer(end), again.message));
    expect(code).to.be.oneOf(REFUSALS);
    expect(end.device.snapshot() === before, 'a repeated message left a trace').to.equal(true);
  }

  /** Only whole bytes of an ordinary message: what a relay may change of the other kind has its own test. */
  #flip(end: End, pick: number, bit: number): void {
    const target = end.inbox[pick % Math.max(1, end.inbox.length)];
    if (target === undefined || target.message.type !== 2) return;
    const { type, bytes } = target.message;
    const flipped = { type, bytes: flipBit(bytes, 8 + (bit % (8 * (bytes.length - 1)))) };
    expectRefusal(end.device, 'invalid-message', () => end.device.receive(this.peer(end), flipped));
  }
}

describe('two devices', () => {
  before(ready);

  it('open every message that is not lost or very late, in whatever order, and none twice', () => {
    fc.assert(
      fc.property(fc.array(orderly, { minLength: 20, maxLength: 160 }), (steps) => {
        const conversation = new Conversation();
        for (const step of steps) expect(conversation.run(step)).to.equal('none');
        for (const end of conversation.ends) {
          while (end.inbox.length > 0) expect(conversation.deliver(end, 0)).to.equal('none');
        }
      }),
      { numRuns: 60, seed: 20_261 },
    );
  }).timeout(60_000);

  it('survive new and archived sessions at any moment, and find together again', () => {
    fc.assert(
      fc.property(fc.array(wild, { minLength: 20, maxLength: 120 }), (steps) => {
        const conversation = new Conversation();
        for (const step of steps) {
          expect(conversation.run(step)).to.be.oneOf(['none', ...REFUSALS]);
        }
        const [alice, bob] = conversation.ends.map((end) => end.device) as [Device, Device];
        for (const end of conversation.ends) end.inbox.length = 0;
        alice.open(bob);
        for (let i = 0; i < 3; i++) {
          expect(bob.receive(alice, alice.send(bob, 'ping'))).to.equal('ping');
          expect(alice.receive(bob, bob.send(alice, 'pong'))).to.equal('pong');
        }
      }),
      { numRuns: 60, seed: 20_261 },
    );
  }).timeout(60_000);

  it('reach new post-quantum epochs on the way', () => {
    const conversation = new Conversation();
    const [alice, bob] = conversation.ends;
    for (let i = 0; i < 120; i++) {
      conversation.send(1);
      expect(conversation.deliver(alice, 0)).to.equal('none');
      conversation.send(0);
      expect(conversation.deliver(bob, 0)).to.equal('none');
    }
    expect(bob.device.party.describe(alice.device.address).spqrEpoch).to.be.greaterThan(2);
  });
});
