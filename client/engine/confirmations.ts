/** Answers of the relay as inputs of the account machine. */

import { type ChatError, RelayError } from '../../crypto/errors.ts';
import type { RelayEffect } from '../core/effects.ts';
import type { ConfirmationInput } from '../core/input.ts';
import { StaleDevicesError } from '../transport/stale-devices-error.ts';

/** Failures of the way there: the relay itself said nothing, and the machine need not know more. */
const BROKEN_LINK: ReadonlySet<string> = new Set([
  'relay-unreachable',
  'relay-timeout',
  'connection-lost',
  'link-stopped',
  'bad-answer',
]);

export function confirmed({ tag, serial, operation }: RelayEffect, response: unknown): ConfirmationInput {
  return {
    kind: 'confirmation',
    tag,
    serial,
    operation,
    outcome: { ok: true, response },
  } as ConfirmationInput;
}

export function refused({ tag, serial, operation }: RelayEffect, error: ChatError): ConfirmationInput {
  const outcome = {
    ok: false as const,
    error: relayErrorOf(error),
    ...(error instanceof StaleDevicesError ? { records: error.records } : {}),
  };
  return { kind: 'confirmation', tag, serial, operation, outcome } as ConfirmationInput;
}

function relayErrorOf(error: ChatError): RelayError {
  if (error instanceof RelayError && !BROKEN_LINK.has(error.code)) return error;
  if (error instanceof RelayError) {
    return new RelayError('relay-unreachable', 'relay not reachable', { retry: 'later', cause: error });
  }
  // A request of ours that could not even be encoded: repeating it would not help.
  return new RelayError('bad-request', 'the request could not be made', { retry: 'never', cause: error });
}
