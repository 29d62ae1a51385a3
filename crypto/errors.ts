/**
 * Errors by audience. `code` is a stable kebab-case string, listed with meaning and remedy in
 * docs/errors.md; callers and tests look at codes, never at texts. Texts are lower case, have no full
 * stop, no secrets and nothing a peer chose.
 */

export interface ChatErrorOptions {
  readonly hints?: readonly string[];
  readonly cause?: unknown;
}

export class ChatError extends Error {
  readonly code: string;
  readonly hints: readonly string[];

  constructor(code: string, message: string, options: ChatErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hints = options.hints ?? [];
  }
}

/** The caller or the user asked for something that cannot be done as asked. */
export class UsageError extends ChatError {}

/** Bytes that are not what they claim to be. */
export class CodecError extends ChatError {
  readonly field: string | undefined;
  readonly offset: number | undefined;

  constructor(
    code: string,
    message: string,
    options: ChatErrorOptions & { readonly field?: string; readonly offset?: number } = {},
  ) {
    super(code, message, options);
    this.field = options.field;
    this.offset = options.offset;
  }
}

/** A peer broke the rules of the protocol; possibly an attack. */
export class ProtocolError extends ChatError {}

/** An identity is not the one that was trusted. Never swallowed, never resolved by itself. */
export class TrustError extends ChatError {}

/** The local store failed, is damaged, locked or too new. */
export class StoreError extends ChatError {}

export type Retry = 'now' | 'later' | 'never';

/** The relay refused or could not be reached; says whether trying again makes sense. */
export class RelayError extends ChatError {
  readonly retry: Retry;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    options: ChatErrorOptions & { readonly retry?: Retry; readonly retryAfterMs?: number } = {},
  ) {
    super(code, message, options);
    this.retry = options.retry ?? 'never';
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** One of our own invariants does not hold. */
export class BugError extends ChatError {}

export function assert(condition: boolean, why: string): asserts condition {
  if (!condition) throw new BugError('bug', why);
}

/** Ends every `switch` over a union: a new member that is not handled does not compile. */
export function assertNever(value: never): never {
  throw new BugError('bug', `unhandled case of type ${typeof value}`);
}
