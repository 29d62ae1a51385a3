/** Bytes that must not be printed, serialised or left behind. */

import { BugError } from './errors.ts';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * A nominal, wipeable, redacting box around secret bytes. `expose()` is the loud, greppable reader; the
 * bytes it returns are the box's own, not a copy. Works with `using`, which wipes at the end of the scope.
 * JavaScript cannot promise more: the engine may have moved or copied the bytes before they were wiped.
 */
export class Secret<Name extends string> implements Disposable {
  readonly name: Name;
  #bytes: Uint8Array;
  #wiped = false;

  /** Takes ownership of `bytes`: the caller must not keep or change them. */
  constructor(name: Name, bytes: Uint8Array) {
    this.name = name;
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  get wiped(): boolean {
    return this.#wiped;
  }

  /** @throws BugError `bug` when the secret was wiped: a zero key must never be used by mistake. */
  expose(): Uint8Array {
    if (this.#wiped) throw new BugError('bug', `${this.name} was used after it was wiped`);
    return this.#bytes;
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#wiped = true;
  }

  /** A second box with its own copy of the bytes. */
  clone(): Secret<Name> {
    return new Secret(this.name, this.expose().slice());
  }

  toString(): string {
    return `${this.name}(${this.#bytes.length} bytes)`;
  }

  toJSON(): never {
    throw new BugError('bug', `${this.name} must not be serialised`);
  }

  [inspect](): string {
    return this.toString();
  }

  [Symbol.dispose](): void {
    this.wipe();
  }
}

export type AnySecret = Secret<string>;

/** The result of every state machine: the next state, what came out, and what to wipe once it is on disk. */
export interface Step<State, Output> {
  readonly state: State;
  readonly output: Output;
  readonly spent: readonly AnySecret[];
}
