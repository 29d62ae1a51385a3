import { expect } from 'chai';
import type { PositionedEvent } from '../../../client/core/events.ts';
import type { ConfirmationInput, Input } from '../../../client/core/input.ts';
import { AccountEngine } from '../../../client/engine/account-engine.ts';
import { systemRandom } from '../../../client/engine/random.ts';
import { BURST_MAX_INPUTS } from '../../../client/engine/writer.ts';
import { memoryEngine } from '../../../client/store/memory.ts';
import { createSealedStore } from '../../../client/store/sealed-store.ts';
import { StaleDevicesError } from '../../../client/transport/stale-devices-error.ts';
import { utf8 } from '../../../crypto/bytes.ts';
import { CodecError, RelayError, StoreError, UsageError } from '../../../crypto/errors.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { storeParams } from '../store/conformance.ts';
import { diary, put, putAt, small } from '../store/sample-tables.ts';
import {
  envelope,
  type Journal,
  notedSecret,
  type RecordingMachine,
  type RecordingTransport,
  recordingMachine,
  recordingStore,
  recordingTransport,
  type StoreControl,
} from './recording.ts';

const command = { type: 'read', who: 'bob' } as const;
const noEvent: PositionedEvent = { type: 'link', state: 'online', position: 7 };
const signedIn = { recordSequence: 0, preKeys: { oneTimePreKeys: 1, oneTimeKemPreKeys: 1 }, waiting: 0 };

describe('account engine', () => {
  let journal: Journal;
  let control: StoreControl;
  let machine: RecordingMachine;
  let transport: RecordingTransport;
  let clock: ManualClock;
  let engine: AccountEngine;

  before(() => ready());

  beforeEach(async () => {
    journal = [];
    control = { hold: false, release: () => {}, fail: undefined };
    machine = recordingMachine(journal);
    transport = recordingTransport(journal);
    clock = manualClock();
    engine = await make(true);
  });

  afterEach(() => engine.close());

  async function make(connect: boolean): Promise<AccountEngine> {
    const store = await createSealedStore(storeParams(memoryEngine()));
    return new AccountEngine({
      store: recordingStore(store, journal, control),
      transport,
      machine,
      clock,
      connect,
      random: systemRandom(),
      paths: {},
    });
  }

  function deliver(...sequences: number[]): void {
    for (const sequence of sequences) {
      transport.handlers?.onEvent({ name: 'envelope', body: envelope(sequence) });
    }
  }

  /** Lets everything run that does not wait for a clock or a held commit. */
  async function settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  function everything(_view: unknown, input: Input) {
    const id = input.kind === 'command' ? input.id : '';
    return {
      writes: [put(small, 'a', 'x')],
      effects: [
        { kind: 'acknowledge', sequence: 5 } as const,
        { kind: 'relay', link: 'home', tag: 't', serial: 1, operation: 'countPreKeys', request: {} } as const,
        { kind: 'result', id, value: {} } as const,
      ],
      events: [noEvent],
      spent: [notedSecret(journal)],
    };
  }

  describe('order', () => {
    it('is step, commit, wipe, release, events, acknowledgement', async () => {
      engine.subscribe(() => journal.push('event'));
      machine.onStep = everything;
      const done = engine.execute(command).then(() => journal.push('answered'));
      await done;
      expect(journal).to.deep.equal([
        'start',
        'step command',
        'commit 1',
        'committed',
        'wipe',
        'request home countPreKeys',
        'event',
        'acknowledge 5',
        'answered',
      ]);
    });

    it('lets nothing out while the commit runs', async () => {
      engine.subscribe(() => journal.push('event'));
      machine.onStep = everything;
      control.hold = true;
      const answer = engine.execute(command);
      await settle();
      expect(journal).to.deep.equal(['start', 'step command', 'commit 1']);
      control.release();
      await answer;
      expect(journal.at(-1)).to.equal('acknowledge 5');
    });

    it('of effects is the order of the steps', async () => {
      machine.onStep = (_view, input) => ({
        effects: [
          {
            kind: 'relay',
            link: 'anonymous',
            tag: 'a',
            serial: 1,
            operation: 'deliver',
            request: {} as never,
          },
          {
            kind: 'relay',
            link: 'home',
            tag: 'b',
            serial: 1,
            operation: 'setListed',
            request: { listed: true },
          },
          { kind: 'result', id: input.kind === 'command' ? input.id : '', value: {} },
        ],
      });
      await engine.execute(command);
      expect(journal.filter((line) => line.startsWith('request'))).to.deep.equal([
        'request anonymous deliver',
        'request home setListed',
      ]);
    });
  });

  describe('burst', () => {
    it('of deliveries that came together is one commit and one acknowledgement', async () => {
      machine.onStep = (_view, input) =>
        input.kind !== 'delivery'
          ? {}
          : {
              writes: [put(small, 'last', String(input.envelope.sequence))],
              effects: [{ kind: 'acknowledge', sequence: input.envelope.sequence }],
            };
      deliver(1, 2, 3);
      await settle();
      expect(journal).to.deep.equal([
        'start',
        'step delivery',
        'step delivery',
        'step delivery',
        'commit 1',
        'committed',
        'acknowledge 3',
      ]);
    });

    it('lets each step see the writes of those before it', async () => {
      const seen: (string | undefined)[] = [];
      machine.onStep = (view, input) => {
        if (input.kind !== 'delivery') return {};
        seen.push(view.get(small, utf8('last'))?.text);
        return { writes: [put(small, 'last', String(input.envelope.sequence))] };
      };
      deliver(1, 2);
      await settle();
      deliver(3);
      await settle();
      expect(seen).to.deep.equal([undefined, '1', '2']);
    });

    it('takes what came during a commit with the next one, in order', async () => {
      control.hold = true;
      deliver(1);
      await settle();
      deliver(2, 3);
      await settle();
      expect(journal.filter((line) => line.startsWith('step'))).to.deep.equal(['step delivery']);
      control.hold = false;
      control.release();
      await settle();
      const sequences = machine.inputs.map((input) =>
        input.kind === 'delivery' ? input.envelope.sequence : 0,
      );
      expect(sequences).to.deep.equal([1, 2, 3]);
      expect(journal.filter((line) => line === 'committed').length).to.equal(2);
    });

    it('has a limit', async () => {
      deliver(...Array.from({ length: BURST_MAX_INPUTS + 1 }, (_, i) => i + 1));
      await settle();
      expect(journal.filter((line) => line === 'committed').length).to.equal(2);
      expect(machine.inputs.length).to.equal(BURST_MAX_INPUTS + 1);
    });
  });

  describe('failing commit', () => {
    const full = new StoreError('disk-full', 'the disk is full');

    it('releases, wipes and acknowledges nothing', async () => {
      const secret = notedSecret(journal);
      machine.onStep = (view, input) => ({ ...everything(view, input), spent: [secret] });
      control.fail = full;
      expect(await rejectionOf(engine.execute(command))).to.equal('disk-full');
      await settle();
      expect(journal).to.deep.equal(['start', 'step command', 'commit 1', 'commit failed', 'stop']);
      expect(secret.wiped).to.equal(false);
    });

    it('stops the account: everything waiting and everything later is refused with its code', async () => {
      control.fail = full;
      control.hold = true;
      const first = rejectionOf(engine.execute(command));
      await settle();
      const second = rejectionOf(engine.execute(command));
      control.release();
      expect([await first, await second]).to.deep.equal(['disk-full', 'disk-full']);
      expect(await rejectionOf(engine.execute(command))).to.equal('disk-full');
      expect(await rejectionOf(engine.query({ type: 'outbox' }))).to.equal('disk-full');
      expect(await rejectionOf(engine.drain(1_000))).to.equal('disk-full');
      expect((await engine.stopped)?.code).to.equal('disk-full');
      expect(machine.inputs.length).to.equal(1);
    });

    it('opens no link any more', async () => {
      await engine.close();
      engine = await make(false);
      control.fail = full;
      expect(await rejectionOf(engine.execute(command))).to.equal('disk-full');
      journal.length = 0;
      engine.connect();
      expect(journal).to.deep.equal([]);
    });

    it('is told to front ends as the link going down for this reason', async () => {
      const events: PositionedEvent[] = [];
      machine.onStep = () => ({ events: [noEvent] });
      deliver(1);
      await settle();
      engine.subscribe((event) => events.push(event));
      control.fail = full;
      deliver(2);
      await settle();
      expect(events).to.deep.equal([{ type: 'link', state: 'offline', reason: 'disk-full', position: 7 }]);
    });
  });

  describe('refusal', () => {
    it('of a command leaves the others of its burst alone', async () => {
      machine.onStep = (_view, input) => {
        if (input.kind !== 'command') return {};
        if (input.command.type === 'block') throw new UsageError('not-found', 'nobody of this name');
        return {
          writes: [put(small, 'a', 'x')],
          effects: [{ kind: 'result', id: input.id, value: {} }],
        };
      };
      const outcomes = await Promise.all([
        rejectionOf(engine.execute(command)),
        rejectionOf(engine.execute({ type: 'block', who: 'nobody' })),
        rejectionOf(engine.execute(command)),
      ]);
      expect(outcomes).to.deep.equal(['none', 'not-found', 'none']);
      expect(journal.filter((line) => line === 'committed').length).to.equal(1);
    });

    it('of a command by a failure of our own is a bug, and the account goes on', async () => {
      let failing = true;
      machine.onStep = (_view, input) => {
        if (failing) throw new TypeError('x is undefined');
        return { effects: [{ kind: 'result', id: input.kind === 'command' ? input.id : '', value: {} }] };
      };
      expect(await rejectionOf(engine.execute(command))).to.equal('bug');
      failing = false;
      expect(await rejectionOf(engine.execute(command))).to.equal('none');
    });

    it('of a delivery stops the account before anything of its burst is acknowledged', async () => {
      machine.onStep = (_view, input) => {
        if (input.kind === 'delivery' && input.envelope.sequence === 2) throw new TypeError('x is undefined');
        return { effects: [{ kind: 'acknowledge', sequence: 1 }] };
      };
      deliver(1, 2, 3);
      expect((await engine.stopped)?.code).to.equal('bug');
      expect(journal.some((line) => line.startsWith('acknowledge'))).to.equal(false);
      expect(journal).not.to.include('committed');
    });

    it('may come with a later step', async () => {
      let id = '';
      machine.onStep = (_view, input) => {
        if (input.kind === 'command') {
          id = input.id;
          return {};
        }
        return { effects: [{ kind: 'failure', id, error: new UsageError('not-found', 'nobody') }] };
      };
      const answer = rejectionOf(engine.execute(command));
      await settle();
      deliver(1);
      expect(await answer).to.equal('not-found');
    });
  });

  describe('confirmation', () => {
    async function confirmationOf(answer: () => Promise<unknown>): Promise<ConfirmationInput> {
      machine.onStep = (_view, input) =>
        input.kind === 'delivery'
          ? {
              effects: [
                { kind: 'relay', link: 'home', tag: 't', serial: 1, operation: 'countPreKeys', request: {} },
              ],
            }
          : {};
      transport.answer = answer;
      deliver(1);
      await settle();
      const input = machine.inputs.at(-1);
      if (input?.kind !== 'confirmation') throw new Error('a confirmation was expected');
      expect([input.tag, input.operation]).to.deep.equal(['t', 'countPreKeys']);
      return input;
    }

    it('carries the response', async () => {
      const response = { oneTimePreKeys: 1, oneTimeKemPreKeys: 2 };
      const { outcome } = await confirmationOf(async () => response);
      expect(outcome).to.deep.equal({ ok: true, response });
    });

    it('carries what the relay refused with', async () => {
      const refusal = new RelayError('rate-limited', 'too many', { retry: 'later', retryAfterMs: 5 });
      const { outcome } = await confirmationOf(() => Promise.reject(refusal));
      expect(outcome).to.deep.equal({ ok: false, error: refusal });
    });

    it('carries the records of a stale device list', async () => {
      const records = [Uint8Array.of(1)];
      const { outcome } = await confirmationOf(() => Promise.reject(new StaleDevicesError(records)));
      expect(outcome.ok).to.equal(false);
      if (!outcome.ok)
        expect([outcome.error.code, outcome.records]).to.deep.equal(['stale-devices', records]);
    });

    for (const code of ['connection-lost', 'relay-timeout', 'link-stopped', 'bad-answer']) {
      it(`says relay-unreachable for ${code}`, async () => {
        const lost = new RelayError(code, 'gone', { retry: 'later' });
        const { outcome } = await confirmationOf(() => Promise.reject(lost));
        if (outcome.ok) throw new Error('a refusal was expected');
        expect([outcome.error.code, outcome.error.retry]).to.deep.equal(['relay-unreachable', 'later']);
      });
    }

    it('says bad-request for a request that cannot be encoded', async () => {
      const { outcome } = await confirmationOf(() => Promise.reject(new CodecError('too-long', 'too long')));
      if (outcome.ok) throw new Error('a refusal was expected');
      expect([outcome.error.code, outcome.error.retry]).to.deep.equal(['bad-request', 'never']);
    });
  });

  describe('link', () => {
    it('is told to the machine with what the relay said', async () => {
      transport.handlers?.onConnecting();
      transport.handlers?.onOnline(signedIn);
      transport.handlers?.onEvent({ name: 'preKeysLow', body: signedIn.preKeys });
      transport.handlers?.onEvent({ name: 'recordChanged', body: {} });
      transport.handlers?.onEvent({ name: 'draining', body: { reconnectAfterMs: 1 } });
      transport.handlers?.onOffline(new RelayError('draining', 'bye', { retry: 'later' }));
      await settle();
      const home = { kind: 'link', link: 'home' };
      const anonymous = { kind: 'link', link: 'anonymous' };
      expect(machine.inputs).to.deep.equal([
        { ...home, state: 'connecting' },
        { ...home, state: 'up', info: { preKeys: signedIn.preKeys, recordSequence: 0 } },
        { ...anonymous, state: 'up' },
        { ...home, state: 'up', info: { preKeys: signedIn.preKeys } },
        { ...home, state: 'up', info: { recordChanged: true } },
        { ...anonymous, state: 'down', reason: 'draining' },
        { ...home, state: 'down', reason: 'draining' },
      ]);
    });

    it('brings the same news once per burst, however often the relay says it', async () => {
      const { onEvent } = transport.handlers ?? {};
      for (let i = 0; i < 1_000; i++) {
        onEvent?.({ name: 'recordChanged', body: {} });
        onEvent?.({ name: 'preKeysLow', body: signedIn.preKeys });
      }
      await settle();
      expect(machine.inputs.length).to.equal(2);
      onEvent?.({ name: 'recordChanged', body: {} });
      await settle();
      expect(machine.inputs.length).to.equal(3);
    });

    it('gives every request its refusal before it is told to be down, and never a second answer', async () => {
      const answers: ((value: unknown) => void)[] = [];
      transport.answer = () => new Promise((resolve) => answers.push(resolve));
      const requests = (['home', 'anonymous'] as const).map(
        (link) =>
          ({ kind: 'relay', link, tag: link, serial: 1, operation: 'countPreKeys', request: {} }) as const,
      );
      machine.onStep = (_view, input) => (input.kind === 'delivery' ? { effects: requests } : {});
      deliver(1);
      await settle();
      transport.handlers?.onOffline(new RelayError('connection-lost', 'gone', { retry: 'later' }));
      for (const answer of answers) answer({});
      await settle();
      const seen = machine.inputs.map((input) =>
        input.kind === 'confirmation' ? `${input.tag} ${input.outcome.ok}` : input.kind,
      );
      expect(seen).to.deep.equal(['delivery', 'home false', 'anonymous false', 'link', 'link']);
    });

    it('is not opened by an account that works on its own', async () => {
      await engine.close();
      journal.length = 0;
      engine = await make(false);
      expect(journal).to.deep.equal([]);
    });

    it('is opened once, when somebody asks for it later', async () => {
      await engine.close();
      journal.length = 0;
      engine = await make(false);
      expect(await engine.caughtUp(1_000)).to.equal(false);
      engine.connect();
      engine.connect();
      expect(journal.filter((line) => line === 'start').length).to.equal(1);
      const waiting = engine.caughtUp(1_000);
      await settle();
      clock.advance(1_000);
      expect(await waiting).to.equal(false);
    });

    it('is closed when the account signs out', async () => {
      machine.onStep = (_view, input) =>
        input.kind === 'command'
          ? { effects: [{ kind: 'sign-out' }, { kind: 'result', id: input.id, value: {} }] }
          : {};
      await engine.execute({ type: 'logout' });
      expect(journal.at(-1)).to.equal('stop');
      expect(await engine.caughtUp(1_000)).to.equal(false);
    });

    it('is told to be down when the account signs out, with a refusal for every request', async () => {
      machine.onStep = (_view, input) => {
        if (input.kind !== 'command') return {};
        return {
          effects: [
            { kind: 'relay', link: 'home', tag: 't', serial: 1, operation: 'countPreKeys', request: {} },
            { kind: 'result', id: input.id, value: {} },
            { kind: 'sign-out' },
          ],
        };
      };
      transport.handlers?.onOnline(signedIn);
      await engine.execute({ type: 'logout' });
      await settle();
      const seen = machine.inputs.map((input) =>
        input.kind === 'link' ? `${input.link} ${input.state}` : input.kind,
      );
      expect(seen.slice(-3)).to.deep.equal(['confirmation', 'anonymous down', 'home down']);
    });
  });

  describe('tick', () => {
    it('comes when the machine asked for it, and not again by itself', async () => {
      machine.wakeMs = clock.nowMs() + 100;
      deliver(1);
      await settle();
      clock.advance(99);
      await settle();
      expect(machine.inputs.map(({ kind }) => kind)).to.deep.equal(['delivery']);
      machine.wakeMs = undefined;
      clock.advance(1);
      await settle();
      clock.advance(1_000_000);
      await settle();
      expect(machine.inputs.map(({ kind }) => kind)).to.deep.equal(['delivery', 'tick']);
    });

    it('never spins, however overdue it is', async () => {
      machine.wakeMs = 0;
      deliver(1);
      await settle();
      expect(machine.inputs.length).to.equal(1);
      clock.advance(5);
      await settle();
      expect(machine.inputs.length).to.equal(2);
    });
  });

  describe('drain', () => {
    it('waits until nothing waits to be sent', async () => {
      machine.unsent = 1;
      let drained: boolean | undefined;
      const draining = engine.drain(1_000).then((value) => {
        drained = value;
      });
      await settle();
      expect(drained).to.equal(undefined);
      machine.unsent = 0;
      deliver(1);
      await draining;
      expect(drained).to.equal(true);
      expect(journal).to.include('nudge');
    });

    it('gives up after its time', async () => {
      machine.unsent = 1;
      const draining = engine.drain(1_000);
      await settle();
      clock.advance(1_000);
      expect(await draining).to.equal(false);
    });

    it('does not wait where nothing can be sent', async () => {
      machine.unsent = 1;
      const draining = engine.drain(1_000);
      transport.handlers?.onOffline(new RelayError('wrong-relay', 'no', { retry: 'never' }));
      expect(await draining).to.equal(false);
    });
  });

  describe('caught up', () => {
    it('is one who got as many messages as waited, and an answer behind them', async () => {
      const answers: (() => void)[] = [];
      transport.answer = () => new Promise((resolve) => answers.push(() => resolve({})));
      let caughtUp: boolean | undefined;
      const waiting = engine.caughtUp(10_000).then((value) => {
        caughtUp = value;
      });
      transport.handlers?.onOnline({ ...signedIn, waiting: 2 });
      deliver(1);
      await settle();
      expect(answers.length).to.equal(0);
      deliver(2);
      await settle();
      expect(answers.length).to.equal(1);
      // One that comes before the answer may not be the last one.
      deliver(3);
      answers[0]?.();
      await settle();
      expect([caughtUp, answers.length]).to.deep.equal([undefined, 2]);
      answers[1]?.();
      await waiting;
      expect(caughtUp).to.equal(true);
    });

    it('does not wait for ever for messages that expired meanwhile', async () => {
      transport.answer = async () => ({});
      const waiting = engine.caughtUp(10_000);
      transport.handlers?.onOnline({ ...signedIn, waiting: 2 });
      deliver(1);
      await settle();
      clock.advance(2_000);
      await settle();
      expect(await waiting).to.equal(true);
    });

    it('is not one who is offline until the time is over', async () => {
      const waiting = engine.caughtUp(1_000);
      await settle();
      clock.advance(1_000);
      expect(await waiting).to.equal(false);
    });
  });

  describe('a wait', () => {
    it('is over in time, whatever a relay that says nothing owes', async () => {
      const waiting = engine.caughtUp(1_000);
      transport.handlers?.onOnline(signedIn);
      await settle();
      expect(journal.at(-1)).to.equal('request home countPreKeys');
      clock.advance(1_000);
      expect(await waiting).to.equal(false);
    });

    it('looks once, however short it is', async () => {
      expect(await engine.drain(0)).to.equal(true);
    });

    it('for the mailbox asks behind the acknowledgements, which make room for more', async () => {
      let answered: () => void = () => {};
      transport.settled = new Promise((resolve) => {
        answered = resolve;
      });
      transport.answer = async () => ({});
      const waiting = engine.caughtUp(10_000);
      transport.handlers?.onOnline({ ...signedIn, waiting: 1 });
      deliver(1);
      await settle();
      expect(journal).not.to.include('request home countPreKeys');
      answered();
      expect(await waiting).to.equal(true);
      expect(journal).to.include('request home countPreKeys');
    });
  });

  describe('close', () => {
    it('finishes what was taken, then stops the links, then closes the store', async () => {
      machine.onStep = everything;
      control.hold = true;
      const answer = rejectionOf(engine.execute(command));
      await settle();
      const closed = engine.close();
      expect(await rejectionOf(engine.execute(command))).to.equal('account-closed');
      control.hold = false;
      control.release();
      await closed;
      expect(await answer).to.equal('none');
      expect(journal.slice(-2)).to.deep.equal(['stop', 'store closed']);
      expect(journal.indexOf('acknowledge 5')).to.be.lessThan(journal.indexOf('stop'));
      expect(await engine.stopped).to.equal(undefined);
      expect(clock.timers).to.equal(0);
    });

    it('ends queries that are still reading by saying so', async () => {
      let reading: () => void = () => {};
      const closed = new Promise<void>((resolve) => {
        reading = resolve;
      });
      machine.answer = async (reader) => {
        await closed;
        for await (const _ of reader.scan(diary, utf8('d'), { limit: 10 }));
        return [] as never;
      };
      machine.onStep = () => ({ writes: [putAt('d', 1, 'x')] });
      deliver(1);
      await settle();
      const answer = rejectionOf(engine.query({ type: 'outbox' }));
      await engine.close();
      reading();
      expect(await answer).to.equal('account-closed');
    });

    it('refuses commands that are still without an answer', async () => {
      const answer = rejectionOf(engine.execute(command));
      await settle();
      await engine.close();
      expect(await answer).to.equal('account-closed');
      expect(await rejectionOf(engine.query({ type: 'outbox' }))).to.equal('account-closed');
    });
  });

  it('tells its listeners until they leave', async () => {
    const seen: number[] = [];
    machine.onStep = () => ({ events: [noEvent] });
    const leave = engine.subscribe(({ position }) => seen.push(position));
    deliver(1);
    await settle();
    leave();
    deliver(2);
    await settle();
    expect(seen).to.deep.equal([7]);
  });
});
