/**
 * Accounts that talk to each other through `step` alone, over a relay that answers at once, from one seed
 * and one clock. Everything else of a real run (queues, commits, wiping, links) is as the engine does it.
 */

import { nextWakeMs, step } from '../../client/core/account.ts';
import { answer } from '../../client/core/answer.ts';
import type { Command, CommandResult } from '../../client/core/commands.ts';
import type { Effect, RelayEffect } from '../../client/core/effects.ts';
import type { PositionedEvent } from '../../client/core/events.ts';
import type { ConfirmationInput, Input, Outcome } from '../../client/core/input.ts';
import type { MessageView, Query, QueryResult } from '../../client/core/queries.ts';
import { createAccount, registerRequest } from '../../client/core/registration.ts';
import type { AccountId } from '../../crypto/account/account-id.ts';
import type { RecoverySecret } from '../../crypto/account/recovery.ts';
import { RelayError } from '../../crypto/errors.ts';
import type { EnvelopeEvent } from '../../relay/protocol/events.ts';
import { MemoryView } from './memory-view.ts';
import { OperationRelay, StaleDevices } from './operation-relay.ts';
import { SeededRandom } from './seeded-random.ts';

export const WORLD_START_MS = 1_800_000_000_000;
export const WORLD_RELAY = { fingerprint: new Uint8Array(32).fill(0xfe), host: '127.0.0.1', port: 7443 };
/** Rounds until everybody has said everything; more means that two machines talk in circles. */
const ROUNDS_MAX = 1_000;
/** More than one sweep an hour for a year. */
const WAKES_MAX = 10_000;

export class World {
  readonly relay: OperationRelay;
  readonly actors: Actor[] = [];
  readonly #seed: string;
  nowMs = WORLD_START_MS;

  constructor(seed: string) {
    this.#seed = seed;
    this.relay = new OperationRelay(this.nowMs);
  }

  /** A registered account that is online. */
  join(username: string): Actor {
    const actor = new Actor(this, username, new SeededRandom(`${this.#seed}/${username}`));
    this.actors.push(actor);
    actor.goOnline();
    this.settle();
    return actor;
  }

  /** Lets requests, answers and mail flow until nothing moves. */
  settle(): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const moved = this.actors.map((actor) => actor.work());
      if (!moved.includes(true)) return;
    }
    throw new Error('the accounts do not come to rest');
  }

  /** Moves time on and gives every account its ticks when they fall due. */
  advance(ms: number): void {
    this.settle();
    const end = this.nowMs + ms;
    for (let wakes = 0; wakes < WAKES_MAX; wakes++) {
      const due = this.actors.map((actor) => actor.wakeMs()).filter((wake) => wake !== undefined);
      const next = Math.min(...due);
      if (next > end) {
        this.#setNow(end);
        return;
      }
      this.#setNow(Math.max(this.nowMs, next));
      for (const actor of this.actors) actor.tickIfDue();
      this.settle();
    }
    throw new Error('an account wants ticks without end');
  }

  #setNow(nowMs: number): void {
    this.nowMs = nowMs;
    this.relay.nowMs = nowMs;
  }
}

export class Actor {
  readonly world: World;
  readonly name: string;
  readonly id: AccountId;
  readonly random: SeededRandom;
  readonly recoverySecret: RecoverySecret;
  readonly events: PositionedEvent[] = [];
  view = new MemoryView();
  online = false;
  anonymous = false;
  /** Requests that left and were not answered yet. */
  asked: RelayEffect[] = [];
  acknowledged = 0;
  #seenSequence = 0;
  readonly #results = new Map<string, { readonly value?: unknown; readonly error?: unknown }>();
  #nextCommand = 1;

  constructor(world: World, username: string, random: SeededRandom) {
    this.world = world;
    this.random = random;
    const created = createdOnce(username, world.nowMs);
    this.name = created.name;
    this.id = created.id;
    this.recoverySecret = created.recoverySecret.clone();
    this.view = created.view.reopened();
    const response = world.relay.request('register', registerRequest(this.view, {}), undefined);
    this.input({
      kind: 'confirmation',
      tag: 'register',
      serial: 0,
      operation: 'register',
      outcome: { ok: true, response },
    } as ConfirmationInput);
  }

  /** One step, committed; its effects are queued. */
  input(input: Input): readonly Effect[] {
    const output = step(this.view, input, { nowMs: this.world.nowMs, random: this.random });
    this.view.commit(output);
    for (const effect of output.effects) this.#take(effect);
    this.events.push(...output.events);
    return output.effects;
  }

  /** Runs a command and everything that follows from it. @throws what the command throws. */
  do<C extends Command>(command: C): CommandResult<C['type']> {
    const id = this.begin(command);
    this.world.settle();
    return this.resultOf(id) as CommandResult<C['type']>;
  }

  /** Runs a command and nothing else; the result may come later. */
  begin(command: Command): string {
    const id = `${this.name}-${this.#nextCommand++}`;
    this.input({ kind: 'command', id, command });
    return id;
  }

  hasResult(id: string): boolean {
    return this.#results.has(id);
  }

  resultOf(id: string): unknown {
    const result = this.#results.get(id);
    if (result === undefined) throw new Error(`command ${id} has no result`);
    if (result.error !== undefined) throw result.error;
    return result.value;
  }

  send(
    to: string,
    text: string,
    more: Partial<Extract<Command, { type: 'send' }>> = {},
  ): CommandResult<'send'> {
    return this.do({ type: 'send', to, text, ...more });
  }

  query<Q extends Query>(query: Q): Promise<QueryResult<Q['type']>> {
    return answer(this.view, query, { nowMs: this.world.nowMs, paths: {} });
  }

  history(who: string): Promise<readonly MessageView[]> {
    return this.query({ type: 'history', who, limit: 1000 });
  }

  async texts(who: string): Promise<readonly string[]> {
    return (await this.history(who)).filter(({ kind }) => kind === 'text').map(({ text }) => text);
  }

  goOnline(): void {
    this.online = true;
    this.anonymous = true;
    this.#seenSequence = 0;
    const info = { preKeys: this.world.relay.counts(this.id), recordSequence: this.chainLength() - 1 };
    this.input({ kind: 'link', link: 'home', state: 'up', info });
    this.input({ kind: 'link', link: 'anonymous', state: 'up' });
  }

  /** Whatever was asked is answered with a broken link, as the engine does. */
  goOffline(reason = 'relay-unreachable'): void {
    this.failAsked();
    this.online = false;
    this.anonymous = false;
    this.input({ kind: 'link', link: 'anonymous', state: 'down', reason });
    this.input({ kind: 'link', link: 'home', state: 'down', reason });
  }

  failAsked(): void {
    const asked = this.asked;
    this.asked = [];
    const error = new RelayError('relay-unreachable', 'the link broke', { retry: 'later' });
    for (const effect of asked) this.input(confirmation(effect, { ok: false, error }));
  }

  /** The process ends and starts again: only what was committed is left, and it is offline. */
  restart(): void {
    this.view = this.view.reopened();
    this.asked = [];
    this.online = false;
    this.anonymous = false;
  }

  /** Answers one request or takes one envelope. @returns whether there was anything to do. */
  work(): boolean {
    const effect = this.asked.shift();
    if (effect !== undefined) {
      this.input(confirmation(effect, this.#answer(effect)));
      return true;
    }
    if (!this.online) return false;
    const next = this.mailbox().find(({ sequence }) => sequence > this.#seenSequence);
    if (next === undefined) return false;
    this.#seenSequence = next.sequence;
    this.input({ kind: 'delivery', envelope: next });
    return true;
  }

  /** Takes requests to the relay but loses the answers: what an ill-timed crash or a broken link does. */
  loseAnswers(): void {
    for (const effect of this.asked) this.#answer(effect);
    this.failAsked();
  }

  mailbox(): readonly EnvelopeEvent[] {
    return this.world.relay.byName(this.name).mailbox;
  }

  chainLength(): number {
    return this.world.relay.byName(this.name).records.length;
  }

  wakeMs(): number | undefined {
    return nextWakeMs(this.view);
  }

  tickIfDue(): void {
    const wake = this.wakeMs();
    if (wake !== undefined && wake <= this.world.nowMs) this.input({ kind: 'tick' });
  }

  #answer(effect: RelayEffect): Outcome<unknown> {
    const { relay } = this.world;
    try {
      const from = effect.link === 'home' ? this.id : undefined;
      return { ok: true, response: relay.request(effect.operation, effect.request, from) };
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      return error instanceof StaleDevices
        ? { ok: false, error, records: error.records }
        : { ok: false, error };
    }
  }

  #take(effect: Effect): void {
    switch (effect.kind) {
      case 'relay':
        if (this.asked.some(({ tag }) => tag === effect.tag))
          throw new Error(`${effect.tag} is in flight twice`);
        this.asked.push(effect);
        return;
      case 'acknowledge':
        this.acknowledged = Math.max(this.acknowledged, effect.sequence);
        this.world.relay.acknowledge(this.id, effect.sequence);
        return;
      case 'result':
        this.#results.set(effect.id, { value: effect.value });
        return;
      case 'failure':
        this.#results.set(effect.id, { error: effect.error });
        return;
      case 'sign-out':
        this.online = false;
        return;
    }
  }
}

interface Created {
  readonly name: string;
  readonly id: AccountId;
  readonly recoverySecret: RecoverySecret;
  /** Nobody steps this one: every world reopens a copy from its encoded rows. */
  readonly view: MemoryView;
}

const created = new Map<string, Created>();

/** The keys of a name are the same in every world, because making a hundred pre-keys is most of a short test. */
function createdOnce(username: string, nowMs: number): Created {
  const key = `${nowMs} ${username}`;
  const known = created.get(key);
  if (known !== undefined) return known;
  const random = new SeededRandom(key);
  const account = createAccount({ username, relay: WORLD_RELAY, hasPassphrase: false, nowMs, random });
  const view = new MemoryView();
  view.commit({ writes: account.writes, spent: [] });
  const fresh = {
    name: account.username,
    id: account.accountId,
    recoverySecret: account.recoverySecret.clone(),
    view,
  };
  created.set(key, fresh);
  return fresh;
}

function confirmation({ tag, serial, operation }: RelayEffect, outcome: Outcome<unknown>): ConfirmationInput {
  return { kind: 'confirmation', tag, serial, operation, outcome } as ConfirmationInput;
}

/** Two people who have accepted each other: bob's request to alice, answered. */
export function acquaint(asking: Actor, asked: Actor): void {
  asking.send(asked.name, 'hello');
  asked.do({ type: 'requests.accept', who: asking.name });
}
