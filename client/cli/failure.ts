/** An error with what a script may want to know besides: ids, states. */

import type { ChatError } from '../../crypto/errors.ts';

export class Failure extends Error {
  readonly error: ChatError;
  readonly data: unknown;

  constructor(error: ChatError, data: unknown) {
    super(error.message, { cause: error });
    this.error = error;
    this.data = data;
  }
}

export function withoutData(error: unknown): unknown {
  return error instanceof Failure ? error.error : error;
}

export function dataOf(error: unknown): unknown {
  return error instanceof Failure ? error.data : undefined;
}
