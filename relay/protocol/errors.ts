/** What the relay answers when it does not do what was asked: a small integer on the wire, a name in the code. */

import { RelayError, type Retry } from '../../crypto/errors.ts';

interface ErrorKind {
  /** On the wire; never reused. */
  readonly status: number;
  /** The relay closes the connection after this answer. */
  readonly fatal: boolean;
  readonly retry: Retry;
  readonly text: string;
}

function kind(status: number, retry: Retry, text: string, fatal = false): ErrorKind {
  return { status, retry, text, fatal };
}

/** Status of an answer that is no error. */
export const OK = 0;

export const relayErrors = {
  'bad-request': kind(1, 'never', 'the relay could not read the request'),
  'unknown-operation': kind(2, 'never', 'the relay does not know this operation'),
  'not-signed-in': kind(3, 'never', 'this needs a signed-in connection'),
  'already-signed-in': kind(4, 'never', 'this connection is already signed in'),
  'bad-signature': kind(5, 'never', 'a signature does not verify'),
  'session-revoked': kind(6, 'never', 'this session was signed out', true),
  'login-refused': kind(7, 'never', 'unknown name or wrong passphrase'),
  busy: kind(8, 'later', 'the relay is busy'),
  'rate-limited': kind(9, 'later', 'too many requests'),
  'name-taken': kind(10, 'never', 'this name is taken'),
  'bad-name': kind(11, 'never', 'this name cannot be used'),
  'invite-refused': kind(12, 'never', 'the relay wants a valid invitation'),
  'bad-record': kind(13, 'never', 'the account record is not valid'),
  'record-conflict': kind(14, 'now', 'the account record was changed in between'),
  'not-found': kind(15, 'never', 'the relay knows nobody of this name'),
  'capability-unknown': kind(16, 'never', 'the relay does not know this capability'),
  'capability-retired': kind(17, 'never', 'this capability was replaced'),
  'stale-devices': kind(18, 'now', 'the device list has changed'),
  'mailbox-full': kind(19, 'later', 'the mailbox is full'),
  'too-large': kind(20, 'never', 'the message is too large'),
  'read-only': kind(21, 'later', 'the relay cannot write to its disk'),
  draining: kind(22, 'later', 'the relay is shutting down', true),
  superseded: kind(23, 'never', 'this device connected again elsewhere', true),
  'unsupported-version': kind(24, 'never', 'the relay speaks another protocol version', true),
  'key-taken': kind(25, 'never', 'another account lists this device key'),
  'quota-exceeded': kind(26, 'never', 'a quota of this account is used up'),
  'no-keys': kind(27, 'later', 'the relay holds no keys for this device'),
  'unknown-handle': kind(29, 'now', 'a staged part is not there any more'),
  internal: kind(28, 'later', 'the relay failed'),
} as const satisfies Readonly<Record<string, ErrorKind>>;

export type RelayErrorCode = keyof typeof relayErrors;

const codeByStatus = new Map<number, RelayErrorCode>(
  Object.entries(relayErrors).map(([code, { status }]) => [status, code as RelayErrorCode]),
);

/** The number that stands for an error on the wire. */
export function statusOf(code: RelayErrorCode): number {
  return relayErrors[code].status;
}

/** Whether the relay closes the connection after an answer with this error. */
export function isFatal(code: RelayErrorCode): boolean {
  return relayErrors[code].fatal;
}

/** The error for an answer of this relay; an unknown status becomes `internal`. */
export function relayError(
  codeOrStatus: RelayErrorCode | number,
  options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
): RelayError {
  const code =
    typeof codeOrStatus === 'number' ? (codeByStatus.get(codeOrStatus) ?? 'internal') : codeOrStatus;
  const { retry, text } = relayErrors[code];
  return new RelayError(code, text, { retry, ...options });
}
