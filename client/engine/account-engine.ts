/** An account in this process: the surface of front ends over store, machine and transport. */

import { BugError, ChatError, type RelayError, StoreError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import type { ResponseOf } from '../../relay/protocol/operations.ts';
import type { Command, CommandResult } from '../core/commands.ts';
import type { Effect, RelayEffect } from '../core/effects.ts';
import type { PositionedEvent } from '../core/events.ts';
import type { ConfirmationInput, Input, LinkInput } from '../core/input.ts';
import type { Query, QueryResult } from '../core/queries.ts';
import type { AccountSurface } from '../core/surface.ts';
import type { Store } from '../store/store.ts';
import { connectionLost } from '../transport/errors.ts';
import type { RelayEvent, Transport } from '../transport/transport.ts';
import { ChangesSignal } from './changes-signal.ts';
import type { Clock } from './clock.ts';
import { confirmed, refused } from './confirmations.ts';
import { accountMachine, type Machine } from './machine.ts';
import { CAUGHT_UP_QUIET_MS, MailboxMark, type Online } from './mailbox-mark.ts';
import { Writer } from './writer.ts';

export interface AccountEngineParams {
  readonly store: Store;
  readonly transport: Transport;
  readonly random: Random;
  readonly clock: Clock;
  /** Signs in to the relay and stays connected; without it the account works on what is on this machine. */
  readonly connect: boolean;
  /** An account that is signed out never connects. */
  readonly signedOut?: boolean;
  /** Shown by `status`. */
  readonly paths: Readonly<Record<string, string>>;
  readonly machine?: Machine;
}

/** A tick that is overdue waits at least this long, so that a machine that asks for it at once cannot spin. */
const TICK_MIN_MS = 5;
interface PendingCommand {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: ChatError) => void;
}

type LinkNews = NonNullable<LinkInput['info']>;

interface Asked {
  readonly effect: RelayEffect;
}

export class AccountEngine implements AccountSurface {
  /** Resolves when the account stops: with the error that stopped it, or with nothing after `close`. */
  readonly stopped: Promise<ChatError | undefined>;
  readonly #params: AccountEngineParams;
  readonly #machine: Machine;
  readonly #writer: Writer;
  readonly #commands = new Map<string, PendingCommand>();
  readonly #listeners = new Set<(event: PositionedEvent) => void>();
  readonly #changes: ChangesSignal;
  #resolveStopped: (error: ChatError | undefined) => void = () => {};
  #failure: ChatError | undefined;
  #closing: Promise<void> | undefined;
  #nextCommand = 1;
  /** Requests without a confirmation. */
  readonly #asked = new Set<Asked>();
  #lastPosition = 0;
  #cancelTick: () => void = () => {};
  /** While the home link is up. */
  #online: Online | undefined;
  /** Connected, or trying to be. */
  #hopeful = false;
  #started = false;

  constructor(params: AccountEngineParams) {
    this.#params = params;
    this.#machine = params.machine ?? accountMachine;
    this.#changes = new ChangesSignal(params.clock);
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    const { store, random, clock } = params;
    this.#writer = new Writer({
      store,
      random,
      clock,
      machine: this.#machine,
      outlets: {
        release: (effect) => this.#release(effect),
        emit: (event) => this.#emit(event),
        acknowledge: (sequence) => params.transport.acknowledge(sequence),
        done: () => this.#settled(),
        failed: (error) => this.#fail(error),
      },
    });
    this.#armTick();
    if (params.connect) this.connect();
  }

  execute<C extends Command>(command: C): Promise<CommandResult<C['type']>> {
    return new Promise((resolve, reject) => {
      const id = `c${this.#nextCommand++}`;
      this.#commands.set(id, { resolve: resolve as (value: unknown) => void, reject });
      if (this.#push({ kind: 'command', id, command })) return;
      this.#commands.delete(id);
      reject(this.#failure ?? accountClosed());
    });
  }

  async query<Q extends Query>(query: Q): Promise<QueryResult<Q['type']>> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing !== undefined) throw accountClosed();
    const { store, clock, paths } = this.#params;
    const snapshot = store.snapshot();
    try {
      return await this.#machine.answer(snapshot, query, { nowMs: clock.nowMs(), paths });
    } catch (error) {
      // The store does not wait for those who are still reading.
      if (this.#closing !== undefined) throw accountClosed();
      throw error;
    } finally {
      await snapshot.close();
    }
  }

  subscribe(listener: (event: PositionedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async drain(timeoutMs: number): Promise<boolean> {
    this.#params.transport.nudge();
    const { store } = this.#params;
    // What is due now, such as a receipt that somebody waits for, is about to be sent as well.
    const isDrained = async () =>
      this.#isQuiet() && !this.#isTickDue() && this.#machine.unsentCount(store) === 0;
    return this.#wait(timeoutMs, isDrained);
  }

  async caughtUp(timeoutMs: number): Promise<boolean> {
    this.#params.transport.nudge();
    const mark = new MailboxMark();
    return this.#wait(timeoutMs, async () => {
      const online = this.#online;
      if (online === undefined || !this.#isQuiet()) return false;
      if (!mark.hasCounted(online)) {
        if (await this.#changes.after(this.#changes.version, CAUGHT_UP_QUIET_MS)) return false;
        mark.stopCounting(online);
      }
      if (mark.isReached(online)) return true;
      const before = { ...online };
      // With its window full the relay pushes the rest only once it has been told what arrived.
      await this.#params.transport.acknowledged();
      if (await this.#roundTrip()) mark.set(online, before.delivered);
      this.#changes.notify();
      return false;
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** For an account that was opened without the relay, once somebody needs it. Again does nothing. */
  connect(): void {
    const isOver = this.#closing !== undefined || this.#failure !== undefined;
    if (this.#started || isOver || this.#params.signedOut === true) return;
    this.#started = true;
    this.#hopeful = true;
    const { transport, store, random } = this.#params;
    const link = 'home';
    transport.start({
      signIn: (proof) => this.#machine.signInRequest(store, proof, random),
      onConnecting: () => this.#push({ kind: 'link', link, state: 'connecting' }),
      onOnline: (info) => this.#wentOnline(info),
      onOffline: (reason) => this.#wentOffline(reason),
      onEvent: (event) => this.#receive(event),
    });
  }

  /** The anonymous connection opens by itself when it is needed: it counts as up while the relay is there. */
  #wentOnline({ preKeys, recordSequence, waiting }: ResponseOf<'signIn'>): void {
    this.#online = { waiting, delivered: 0 };
    this.#push({ kind: 'link', link: 'home', state: 'up', info: { preKeys, recordSequence } });
    this.#push({ kind: 'link', link: 'anonymous', state: 'up' });
  }

  #wentOffline(error: RelayError): void {
    this.#hopeful = error.retry !== 'never';
    this.#wentDown({ reason: error.code }, error);
  }

  #signedOut(): void {
    this.#hopeful = false;
    void this.#params.transport.stop();
    this.#wentDown({});
  }

  #wentDown(why: { readonly reason?: string }, cause?: RelayError): void {
    this.#online = undefined;
    // No answer may come after the machine was told that the link is down: it may have asked again by then.
    for (const asked of this.#asked) this.#settleAsked(asked, refused(asked.effect, connectionLost(cause)));
    this.#push({ kind: 'link', link: 'anonymous', state: 'down', ...why });
    this.#push({ kind: 'link', link: 'home', state: 'down', ...why });
    this.#changes.notify();
  }

  #receive(event: RelayEvent): void {
    switch (event.name) {
      case 'envelope':
        if (this.#online !== undefined) this.#online.delivered++;
        this.#push({ kind: 'delivery', envelope: event.body });
        return;
      case 'preKeysLow':
        this.#pushNews({ preKeys: event.body });
        return;
      case 'recordChanged':
        this.#pushNews({ recordChanged: true });
        return;
      case 'draining':
      case 'superseded':
        // The transport acts on these; the link going down is what the account hears.
        return;
    }
  }

  /** Newer news takes the place of what waits: a relay that repeats itself must not fill the memory. */
  #pushNews(info: LinkNews): void {
    const name = 'preKeys' in info ? 'preKeys' : 'recordChanged';
    const input: LinkInput = { kind: 'link', link: 'home', state: 'up', info };
    const isOlder = (waiting: Input) =>
      waiting.kind === 'link' && waiting.info?.recordSequence === undefined && name in (waiting.info ?? {});
    if (!this.#writer.replace(input, isOlder)) this.#push(input);
  }

  #push(input: Input): boolean {
    return this.#writer.push(input);
  }

  #release(effect: Effect): void {
    switch (effect.kind) {
      case 'relay':
        void this.#ask(effect);
        return;
      case 'result':
        this.#settle(effect.id)?.resolve(effect.value);
        return;
      case 'failure':
        this.#settle(effect.id)?.reject(effect.error);
        return;
      case 'sign-out':
        this.#signedOut();
        return;
      case 'acknowledge':
        this.#params.transport.acknowledge(effect.sequence);
        return;
    }
  }

  async #ask(effect: RelayEffect): Promise<void> {
    const asked: Asked = { effect };
    this.#asked.add(asked);
    try {
      const { link, operation, request } = effect;
      const response = await this.#params.transport.request(link, operation, request as never);
      this.#settleAsked(asked, confirmed(effect, response));
    } catch (error) {
      if (error instanceof ChatError) this.#settleAsked(asked, refused(effect, error));
      else this.#fail(new BugError('bug', 'a request failed for a reason of our own', { cause: error }));
    }
  }

  #settleAsked(asked: Asked, confirmation: ConfirmationInput): void {
    if (!this.#asked.delete(asked)) return;
    this.#push(confirmation);
    this.#changes.notify();
  }

  #settle(id: string): PendingCommand | undefined {
    const pending = this.#commands.get(id);
    this.#commands.delete(id);
    return pending;
  }

  #emit(event: PositionedEvent): void {
    this.#lastPosition = Math.max(this.#lastPosition, event.position);
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        // A front end's mistake is not the account's: it surfaces, and the account goes on.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #settled(): void {
    this.#armTick();
    this.#changes.notify();
  }

  #armTick(): void {
    this.#cancelTick();
    if (this.#closing !== undefined) return;
    const { store, clock } = this.#params;
    const wakeMs = this.#machine.nextWakeMs(store);
    if (wakeMs === undefined) return;
    const delayMs = Math.max(wakeMs - clock.nowMs(), TICK_MIN_MS);
    this.#cancelTick = clock.after(delayMs, () => this.#push({ kind: 'tick' }));
  }

  #isTickDue(): boolean {
    const { store, clock } = this.#params;
    const wakeMs = this.#machine.nextWakeMs(store);
    return wakeMs !== undefined && wakeMs <= clock.nowMs();
  }

  /** Nothing is being handled, asked or waited for right now. */
  #isQuiet(): boolean {
    return this.#writer.isIdle && this.#asked.size === 0;
  }

  async #roundTrip(): Promise<boolean> {
    try {
      await this.#params.transport.request('home', 'countPreKeys', {});
      return true;
    } catch {
      return false;
    }
  }

  /** @returns false at once where waiting cannot help. */
  async #wait(timeoutMs: number, condition: () => Promise<boolean>): Promise<boolean> {
    let given = false;
    const done = await this.#changes.until(timeoutMs, async () => {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closing === undefined && (await condition())) return true;
      given = this.#closing !== undefined || (this.#isQuiet() && !this.#hopeful);
      return given;
    });
    return done && !given;
  }

  #fail(error: ChatError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#online = undefined;
    this.#cancelTick();
    void this.#writer.stop();
    void this.#params.transport.stop();
    for (const { reject } of this.#commands.values()) reject(error);
    this.#commands.clear();
    this.#emit({ type: 'link', state: 'offline', reason: error.code, position: this.#lastPosition });
    this.#changes.notify();
    this.#resolveStopped(error);
  }

  async #close(): Promise<void> {
    this.#cancelTick();
    await this.#writer.stop();
    await this.#params.transport.stop();
    for (const { reject } of this.#commands.values()) reject(accountClosed());
    this.#commands.clear();
    this.#changes.notify();
    await this.#params.store.close();
    this.#resolveStopped(undefined);
  }
}

function accountClosed(): StoreError {
  return new StoreError('account-closed', 'the account was closed');
}
