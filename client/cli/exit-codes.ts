/** Exit codes, stable for scripts: `intechat help exit-codes` prints this table. */

import {
  BugError,
  ChatError,
  CodecError,
  ProtocolError,
  RelayError,
  StoreError,
  TrustError,
  UsageError,
} from '../../crypto/errors.ts';

export const EXIT = {
  ok: 0,
  refused: 1,
  bug: 2,
  relay: 3,
  identityChanged: 4,
  limited: 5,
  invitation: 6,
  partlySent: 7,
  notFound: 8,
  locked: 9,
  mismatch: 10,
  usage: 64,
  queued: 75,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.refused, 'refused, for none of the reasons below'],
  [EXIT.bug, 'a bug in this program'],
  [EXIT.relay, 'relay, network or disk'],
  [EXIT.identityChanged, "the recipient's identity changed; the message is held"],
  [EXIT.limited, 'rate limit or quota'],
  [EXIT.invitation, 'invitation or challenge rejected'],
  [EXIT.partlySent, 'sent to some recipients, not to all'],
  [EXIT.notFound, 'not found, or the name is ambiguous'],
  [EXIT.locked, 'locked: wrong or missing passphrase, or the store is in use'],
  [EXIT.mismatch, 'verification did not match'],
  [EXIT.usage, 'the command line is wrong'],
  [EXIT.queued, 'timed out; the message is queued and goes out later'],
  [EXIT.interrupted, 'interrupted (Ctrl-C)'],
  [EXIT.terminated, 'terminated'],
];

/** Codes whose exit code is not the one of their class. */
const byCode: Readonly<Record<string, ExitCode>> = {
  // A refusal that says nothing about the command line.
  'account-exists': EXIT.refused,
  'already-sent': EXIT.refused,
  blocked: EXIT.refused,
  'file-exists': EXIT.refused,
  'id-in-use': EXIT.refused,
  'name-in-use': EXIT.refused,
  'name-taken': EXIT.refused,
  'not-failed': EXIT.refused,
  'other-relay': EXIT.refused,
  'outbox-full': EXIT.refused,
  'recovery-confirmed': EXIT.refused,
  'send-failed': EXIT.refused,
  'registration-elsewhere': EXIT.refused,
  'registration-unfinished': EXIT.refused,
  'too-many-contacts': EXIT.refused,
  'too-many-cursors': EXIT.refused,
  'wrong-words': EXIT.refused,
  'demo-failed': EXIT.relay,
  'demo-timeout': EXIT.relay,
  'wrong-relay': EXIT.relay,
  'identity-changed': EXIT.identityChanged,
  'rate-limited': EXIT.limited,
  'quota-exceeded': EXIT.limited,
  'mailbox-full': EXIT.limited,
  'request-limit': EXIT.limited,
  'invite-refused': EXIT.invitation,
  'bad-signature': EXIT.invitation,
  'partly-sent': EXIT.partlySent,
  ambiguous: EXIT.notFound,
  'ambiguous-id': EXIT.notFound,
  'daemon-not-running': EXIT.notFound,
  'no-account': EXIT.notFound,
  'no-address': EXIT.notFound,
  'no-keys-here': EXIT.notFound,
  'not-found': EXIT.notFound,
  'daemon-too-old': EXIT.locked,
  'login-refused': EXIT.locked,
  'passphrase-missing': EXIT.locked,
  'passphrase-unreadable': EXIT.locked,
  'program-too-old': EXIT.locked,
  'session-revoked': EXIT.locked,
  'signed-out': EXIT.locked,
  'store-in-use': EXIT.locked,
  'store-too-new': EXIT.locked,
  'unsafe-permissions': EXIT.locked,
  'wrong-key-file': EXIT.locked,
  'wrong-passphrase': EXIT.locked,
  mismatch: EXIT.mismatch,
  'fingerprint-mismatch': EXIT.mismatch,
  'bad-name': EXIT.usage,
  queued: EXIT.queued,
  'not-delivered': EXIT.queued,
  interrupted: EXIT.interrupted,
  terminated: EXIT.terminated,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof ChatError) || error instanceof BugError) return EXIT.bug;
  const special = byCode[error.code];
  if (special !== undefined && Object.hasOwn(byCode, error.code)) return special;
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof RelayError || error instanceof StoreError) return EXIT.relay;
  if (error instanceof TrustError) return EXIT.identityChanged;
  if (error instanceof ProtocolError || error instanceof CodecError) return EXIT.refused;
  return EXIT.refused;
}
