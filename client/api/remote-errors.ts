/** Errors across the local socket: the class, the code and the words arrive as they were thrown. */

import {
  BugError,
  ChatError,
  CodecError,
  ProtocolError,
  RelayError,
  type Retry,
  StoreError,
  TrustError,
  UsageError,
} from '../../crypto/errors.ts';

/** JSON-RPC reserves -32000 to -32099 for the server's own errors. */
export const RPC_ERROR = {
  chat: -32_000,
  parse: -32_700,
  invalidRequest: -32_600,
  unknownMethod: -32_601,
  invalidParams: -32_602,
} as const;

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

const plainClasses = { UsageError, CodecError, ProtocolError, TrustError, StoreError, BugError } as const;
const classes = { ...plainClasses, RelayError } as const;

export function encodeError(error: unknown): RpcError {
  const known = error instanceof ChatError ? error : new BugError('bug', 'the account failed');
  const { code, message, hints } = known;
  return {
    code: RPC_ERROR.chat,
    message,
    data: {
      class: classOf(known),
      code,
      hints,
      ...(known instanceof RelayError ? { retry: known.retry, retryAfterMs: known.retryAfterMs } : {}),
    },
  };
}

export function decodeError(error: unknown): ChatError {
  const { code: rpcCode, message, data } = asRecord(error);
  const text = typeof message === 'string' ? message : 'the other program failed';
  if (rpcCode !== RPC_ERROR.chat) {
    return new StoreError('api-mismatch', `the program that has this account open said: ${text}`);
  }
  const { class: name, code, hints, retry, retryAfterMs } = asRecord(data);
  const options = { hints: texts(hints) };
  const chatCode = typeof code === 'string' ? code : 'bug';
  if (name === 'RelayError') {
    return new RelayError(chatCode, text, {
      ...options,
      retry: asRetry(retry),
      ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    });
  }
  const known = Object.entries(plainClasses).find(([each]) => each === name)?.[1] ?? ChatError;
  return new known(chatCode, text, options);
}

/** Not the name that a subclass, or a bundler, may have changed. */
function classOf(error: ChatError): string {
  return Object.entries(classes).find(([, each]) => error instanceof each)?.[0] ?? 'ChatError';
}

function asRetry(value: unknown): Retry {
  return value === 'now' || value === 'later' ? value : 'never';
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
