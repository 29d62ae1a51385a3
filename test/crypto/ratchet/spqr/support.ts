import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { equalBytes } from '../../../../crypto/bytes.ts';
import { ChatError } from '../../../../crypto/errors.ts';
import type { DrawName, Random } from '../../../../crypto/random.ts';
import {
  encodeSpqrState,
  initSpqr,
  type SpqrState,
  spqrReceive,
  spqrSecrets,
  spqrSend,
} from '../../../../crypto/ratchet/spqr/index.ts';
import { type AnySecret, Secret, type Step } from '../../../../crypto/secret.ts';

export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../vectors/signal/${name}`, import.meta.url), 'utf8'));
}

/** Uniform integers and bytes from a seed (mulberry32); for schedules and test keys only. */
export class SeededRandom implements Random {
  readonly draws: DrawName[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(limit: number): number {
    return this.uint32() % limit;
  }

  chance(probability: number): boolean {
    return this.uint32() < probability * 0x1_0000_0000;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 0xff);
  }

  draw(name: DrawName, length: number): Uint8Array {
    this.draws.push(name);
    return this.bytes(length);
  }
}

export function testAuthKey(fill = 7): Secret<'PqRatchetKey'> {
  return new Secret('PqRatchetKey', new Uint8Array(32).fill(fill));
}

export function newPair(options: { selfSession?: boolean } = {}): { alice: SpqrState; bob: SpqrState } {
  return {
    alice: initSpqr({ authKey: testAuthKey(), direction: 'a2b', ...options }),
    bob: initSpqr({ authKey: testAuthKey(), direction: 'b2a', ...options }),
  };
}

export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ChatError) return error.code;
    throw error;
  }
  return 'no error';
}

/** Refuses with the code and leaves the encoded state byte-equal. */
export function expectRefused(state: SpqrState, message: Uint8Array): void {
  const before = encodeSpqrState(state);
  expect(codeOf(() => spqrReceive(state, message))).to.equal('invalid-message');
  expect(equalBytes(encodeSpqrState(state), before)).to.equal(true);
}

/** Every secret that can be reached from a value; knows nothing of the layout of states. */
export function reachableSecrets(value: unknown): AnySecret[] {
  if (value instanceof Secret) return [value];
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(reachableSecrets);
}

/** `secrets(old) - secrets(new) = spent`, each once, none of them wiped yet. */
export function expectSpent(before: SpqrState, step: Step<SpqrState, unknown>): void {
  const kept = new Set<AnySecret>(reachableSecrets(step.state));
  const lost = new Set(reachableSecrets(before).filter((secret) => !kept.has(secret)));
  expect(step.spent).to.have.lengthOf(lost.size);
  expect(step.spent.every((secret) => lost.has(secret))).to.equal(true);
  expect([...step.spent, ...kept].some((secret) => secret.wiped)).to.equal(false);
  expect(spqrSecrets(step.state).length).to.equal(kept.size);
  expect(spqrSecrets(step.state).every((secret) => kept.has(secret))).to.equal(true);
}

/** What an action wipes, in order. */
export function wipedDuring(action: () => unknown): AnySecret[] {
  const wiped: AnySecret[] = [];
  const { wipe } = Secret.prototype;
  Secret.prototype.wipe = function (this: AnySecret): void {
    wiped.push(this);
    wipe.call(this);
  };
  try {
    action();
  } finally {
    Secret.prototype.wipe = wipe;
  }
  return wiped;
}

export interface Sent {
  readonly message: Uint8Array;
  readonly key: Uint8Array;
}

/** One end as an engine drives it: what a step has spent is wiped before the next one. */
export class Party {
  state: SpqrState;
  readonly random: Random;

  constructor(state: SpqrState, random: Random) {
    this.state = state;
    this.random = random;
  }

  send(): Sent {
    const step = spqrSend(this.state, this.random);
    const sent = { message: step.output.message, key: step.output.key.expose().slice() };
    this.#commit(step);
    step.output.key.wipe();
    return sent;
  }

  receive(message: Uint8Array): Uint8Array {
    const step = spqrReceive(this.state, message);
    const key = step.output.key.expose().slice();
    this.#commit(step);
    step.output.key.wipe();
    return key;
  }

  #commit(step: Step<SpqrState, unknown>): void {
    this.state = step.state;
    for (const secret of step.spent) secret.wipe();
  }
}

export function newParties(seed: number): { alice: Party; bob: Party } {
  const { alice, bob } = newPair();
  return { alice: new Party(alice, new SeededRandom(seed)), bob: new Party(bob, new SeededRandom(~seed)) };
}

/** Sends one message and expects the same key at the other end. */
export function deliver(from: Party, to: Party): void {
  const sent = from.send();
  expect(equalBytes(to.receive(sent.message), sent.key)).to.equal(true);
}
