/** From an operation number and a body to an answer: every operation of the relay, in one table. */

import { ChatError, RelayError } from '../../crypto/errors.ts';
import { type RelayErrorCode, relayError, relayErrors } from '../protocol/errors.ts';
import {
  type OperationName,
  operations,
  type RequestOf,
  type ResponseOf,
  StaleDevices,
} from '../protocol/operations.ts';
import type { AfterAnswer, Caller } from './caller.ts';
import { endCapability, registerCapabilities } from './capabilities.ts';
import type { RelayContext } from './context.ts';
import { deliver, StaleDevicesError, stage } from './delivery.ts';
import { fetchBundles, fetchRecords, lookUp } from './directory.ts';
import { acknowledge, subscribe } from './mailbox.ts';
import { countPreKeys, uploadPreKeys } from './own-keys.ts';
import { fetchOwnRecords, setAuthKey, setListed, submitRecord } from './records.ts';
import { register } from './registration.ts';
import { listSessions, revokeSession } from './sessions.ts';
import { enrolmentSignIn, passwordSignIn, signIn } from './sign-in.ts';

type Handlers = {
  readonly [Name in OperationName]: (
    context: RelayContext,
    caller: Caller,
    request: RequestOf<Name>,
    afterAnswer: AfterAnswer,
  ) => Promise<ResponseOf<Name>>;
};

const handlers: Handlers = {
  register,
  signIn,
  passwordSignIn,
  enrolmentSignIn,
  fetchOwnRecords,
  submitRecord,
  setAuthKey,
  lookUp,
  fetchRecords,
  fetchBundles,
  uploadPreKeys,
  countPreKeys,
  registerCapabilities,
  endCapability,
  deliver,
  stage,
  subscribe,
  acknowledge,
  listSessions,
  revokeSession,
  setListed,
};

/** While one of these runs, the requests after it wait: they may count on its result. */
const exclusive = new Set<OperationName>(['register', 'signIn', 'passwordSignIn', 'enrolmentSignIn']);

type Run = (
  context: RelayContext,
  caller: Caller,
  body: Uint8Array,
  afterAnswer: AfterAnswer,
) => Promise<Uint8Array>;

interface Entry {
  readonly run: Run;
  readonly exclusive: boolean;
}

function entryOf<Name extends OperationName>(name: Name): Entry {
  const { request, response } = operations[name];
  const handler = handlers[name] as (
    context: RelayContext,
    caller: Caller,
    request: unknown,
    afterAnswer: AfterAnswer,
  ) => Promise<unknown>;
  const encode = response.encode as (answer: unknown) => Uint8Array;
  return {
    exclusive: exclusive.has(name),
    run: async (context, caller, body, afterAnswer) =>
      encode(await handler(context, caller, decodeBody(body, request.decode), afterAnswer)),
  };
}

const byNumber = new Map<number, Entry>(
  (Object.keys(operations) as OperationName[]).map((name) => [operations[name].number, entryOf(name)]),
);

function decodeBody<T>(body: Uint8Array, decode: (bytes: Uint8Array) => T): T {
  try {
    return decode(body);
  } catch (cause) {
    if (!(cause instanceof ChatError)) throw cause;
    throw relayError(cause.code === 'too-long' ? 'too-large' : 'bad-request', { cause });
  }
}

export function isExclusive(operation: number): boolean {
  return byNumber.get(operation)?.exclusive ?? false;
}

export interface Answer {
  /** undefined: success. */
  readonly error?: RelayErrorCode;
  readonly body: Uint8Array;
  readonly retryAfterMs?: number;
  /** To be done when the answer was sent. */
  readonly after?: readonly (() => void)[];
}

const EMPTY_BODY = new Uint8Array(0);

/** Never rejects: whatever goes wrong is an answer. */
export async function answer(
  context: RelayContext,
  caller: Caller,
  operation: number,
  body: Uint8Array,
): Promise<Answer> {
  try {
    const entry = byNumber.get(operation);
    if (entry === undefined) throw relayError('unknown-operation');
    let after: (() => void)[] | undefined;
    const answered = await entry.run(context, caller, body, (run) => {
      after ??= [];
      after.push(run);
    });
    return after === undefined ? { body: answered } : { body: answered, after };
  } catch (error) {
    return refusal(context, error);
  }
}

function refusal(context: RelayContext, error: unknown): Answer {
  if (!(error instanceof RelayError) || !isRelayErrorCode(error.code)) {
    context.report({ where: 'an operation failed', error });
    return { error: 'internal', body: EMPTY_BODY };
  }
  const { code, retryAfterMs } = error;
  const body =
    error instanceof StaleDevicesError ? StaleDevices.encode({ records: error.records }) : EMPTY_BODY;
  return retryAfterMs === undefined ? { error: code, body } : { error: code, body, retryAfterMs };
}

function isRelayErrorCode(code: string): code is RelayErrorCode {
  return Object.hasOwn(relayErrors, code);
}
