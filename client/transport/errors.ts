/** Why a link to a relay failed, where the relay itself did not say so. */

import { RelayError } from '../../crypto/errors.ts';
import { relayError } from '../../relay/protocol/errors.ts';
import { CLOSE } from '../../relay/protocol/frames.ts';

export function unreachable(cause?: unknown): RelayError {
  return new RelayError('relay-unreachable', 'relay not reachable', {
    retry: 'later',
    cause,
    hints: ['is it running? start one with: intechat-relay up'],
  });
}

export function timedOut(what: string): RelayError {
  return new RelayError('relay-timeout', `the relay did not answer: ${what}`, { retry: 'later' });
}

export function connectionLost(cause?: unknown): RelayError {
  return new RelayError('connection-lost', 'the connection to the relay was lost', { retry: 'later', cause });
}

export function badAnswer(what: string, cause?: unknown): RelayError {
  return new RelayError('bad-answer', `the relay broke its protocol: ${what}`, { retry: 'later', cause });
}

/** The one failure that may be an attack: nothing was sent, and nothing will be without the user. */
export function wrongRelay(what: string): RelayError {
  return new RelayError('wrong-relay', `this is not the relay that it should be: ${what}`, {
    retry: 'never',
    hints: [
      'nothing secret was sent',
      'if the relay was set up anew, ask its operator for the new address over another channel',
    ],
  });
}

export function insecureRelay(): RelayError {
  return new RelayError('insecure-relay', 'only relays on this machine can be used without TLS', {
    retry: 'never',
    hints: ['use an address with 127.0.0.1, localhost or [::1]'],
  });
}

export function linkStopped(): RelayError {
  return new RelayError('link-stopped', 'the link to the relay was stopped', { retry: 'later' });
}

/** The reason that a relay gives with its close code. */
export function closeReason(code: number): RelayError {
  switch (code) {
    case CLOSE.superseded:
      return relayError('superseded');
    case CLOSE.sessionRevoked:
      return relayError('session-revoked');
    case CLOSE.tryAgainLater:
      return relayError('busy');
    case CLOSE.goingAway:
      return relayError('draining');
    default:
      return connectionLost();
  }
}
