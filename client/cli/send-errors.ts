/** Why a message is not where its sender wanted it, and what to do about it. */

import { type ChatError, RelayError, TrustError } from '../../crypto/errors.ts';
import { reasonText } from './link-wait.ts';
import { reasonWords } from './message-words.ts';

/** The words that people and scripts wait for; the message is safe on this disk. */
export function queuedError(id: string, reason: string | undefined): ChatError {
  const why = reason === undefined ? 'the relay has not taken it yet' : reasonText(reason);
  return new RelayError(
    'queued',
    `queued as ${id}: ${why}; it goes out with the next command or the daemon; do not send it again`,
    { retry: 'later' },
  );
}

export function withdrawnError(reason: string | undefined): ChatError {
  const why = reason === undefined ? 'the relay did not take it in time' : reasonText(reason);
  return new RelayError('not-sent', `not sent: ${why}; nothing is queued`, { retry: 'later' });
}

export function notDelivered(params: {
  readonly id: string;
  readonly name: string;
  readonly awaitingAcceptance: boolean;
}): ChatError {
  const { id, name, awaitingAcceptance } = params;
  const why = awaitingAcceptance ? `${name} has not accepted yet` : `${name} has not fetched it yet`;
  return new RelayError('not-delivered', `sent as ${id}, but ${why}; do not send it again`, {
    retry: 'later',
  });
}

export function heldError(params: {
  readonly id: string;
  readonly name: string;
  readonly reason: string | undefined;
  readonly kept: boolean;
}): ChatError {
  const { id, name, reason, kept } = params;
  const fate = kept ? `held as ${id}` : 'not sent, nothing is queued';
  const verify = `compare the safety number: intechat verify ${name}`;
  const trust = `or trust the key as it is: intechat trust ${name}`;
  switch (reason) {
    case 'blocked':
      return new TrustError('blocked', `${fate}: ${name} is blocked`, {
        hints: [`unblock first: intechat unblock ${name}`],
      });
    case 'distrusted':
      return new TrustError('distrusted', `${fate}: you distrust the key of ${name}`, {
        hints: [verify, trust],
      });
    case 'identity-unknown':
      return new TrustError('identity-unknown', `${fate}: the key of ${name} is new and not trusted`, {
        hints: [verify, trust],
      });
    default:
      return new TrustError('identity-changed', `${fate}: the identity of ${name} has changed`, {
        hints: [verify, `or, if you never verified: intechat trust ${name}`],
      });
  }
}

/** Of these a script wants to know by the exit code. */
const LIMITS: ReadonlySet<string> = new Set(['quota-exceeded', 'request-limit']);

/** The relay will never take it. */
export function failedError(reason: string | undefined): ChatError {
  const why = reason === undefined ? 'no reason is known' : reasonWords(reason);
  if (reason !== undefined && LIMITS.has(reason)) return new RelayError(reason, `not sent: ${why}`);
  return new RelayError('send-failed', `not sent: ${why}`);
}
