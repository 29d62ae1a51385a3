/** Messages and what happened to them, in the words that every front end uses. */

import type { MessageState } from '../core/commands.ts';
import type { MessageView } from '../core/queries.ts';
import { phrase, type SafeText, safe, say } from './safe-text.ts';

const NAME_MAX_GRAPHEMES = 64;
const PREVIEW_MAX_GRAPHEMES = 40;
const GROUP_DIGITS = 5;
const GROUPS_PER_ROW = 4;

/** What a line says that is no message: something is missing, cannot be read, or has changed. */
export function noticeWords(message: MessageView): SafeText {
  const { kind, missing = 1, reason } = message;
  const name = personName(message.with);
  if (kind === 'gap') {
    return missing === 1
      ? phrase`a message from ${name} is missing here`
      : phrase`${missing} messages from ${name} are missing here`;
  }
  if (kind === 'unreadable') {
    const why = reason === undefined ? say`no reason is known` : reasonWords(reason);
    return missing === 1
      ? phrase`a message from ${name} cannot be shown: ${why}`
      : phrase`${missing} messages from ${name} cannot be shown: ${why}`;
  }
  return changeWords(reason, name);
}

/** Why a message did not get further; for states that need no word, the state itself. */
export function stateWords(state: MessageState, reason?: string): SafeText {
  const why = reason === undefined ? undefined : reasonWords(reason);
  switch (state) {
    case 'expired':
      return say`expired: no receipt in 30 days`;
    case 'waiting':
    case 'held':
    case 'failed':
      return why === undefined ? say`${state}` : phrase`${say`${state}`}: ${why}`;
    default:
      return say`${state}`;
  }
}

/** A code as words; one that is not known here is said as it is. */
export function reasonWords(code: string): SafeText {
  return say`${Object.hasOwn(REASONS, code) ? (REASONS[code] ?? code) : code}`;
}

/** The beginning of a text, to say which message is meant. */
export function preview(text: string): SafeText {
  return phrase`"${safe(text, { maxGraphemes: PREVIEW_MAX_GRAPHEMES })}"`;
}

export function personName(name: string): SafeText {
  return safe(name, { maxGraphemes: NAME_MAX_GRAPHEMES });
}

/** A safety number of 60 digits as people read it aloud: 3 rows of 4 groups. */
export function numberRows(number: string): readonly SafeText[] {
  const groups = number.match(new RegExp(`.{1,${GROUP_DIGITS}}`, 'g')) ?? [];
  const rows: SafeText[] = [];
  for (let at = 0; at < groups.length; at += GROUPS_PER_ROW) {
    rows.push(say`${groups.slice(at, at + GROUPS_PER_ROW).join(' ')}`);
  }
  return rows;
}

function changeWords(reason: string | undefined, name: SafeText): SafeText {
  switch (reason) {
    case 'identity-changed':
      return phrase`${name}'s identity key changed, and the old one did not sign for it; what you write is held until you verify ${name} again`;
    case 'key-changed':
      return phrase`${name} has a new identity key, signed by the old one`;
    case 'devices-changed':
      return phrase`${name} uses other devices now; the identity key is the same`;
    case 'history-differs':
      return phrase`${name}'s program remembers this conversation differently; a message may be missing`;
    default:
      return phrase`${name}: ${reasonWords(reason ?? 'notice')}`;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  'identity-changed': 'the identity key changed',
  'identity-unknown': 'the identity key is not trusted yet',
  distrusted: 'you marked the key as not trusted',
  blocked: 'you blocked this contact',
  'needs-newer-version': 'it needs a newer version of InteChat',
  'unlisted-device': 'it came from a device that the account does not list',
  'invalid-message': 'it does not decrypt',
  'duplicate-message': 'it came twice',
  'session-not-found': 'it belongs to a session that is not known here',
  'untrusted-identity': 'it came with another identity key than the account has',
  'invalid-key-id': 'it was encrypted for a key that is used up',
  'bad-record-chain': 'the account records of the other side do not hold together',
  'mailbox-full': 'the mailbox of the other side is full',
  'rate-limited': 'too much in a short time',
  'relay-unreachable': 'the relay is not reachable',
  'request-limit': 'no more can be sent before the request is accepted',
  'not-found': 'nobody of this name is at the relay',
  'no-receipt': 'no receipt came in 30 days',
  'signed-out': 'this device is signed out',
  'session-revoked': 'this device was signed out',
  superseded: 'another program signed in with this account',
  draining: 'the relay is shutting down',
  busy: 'the relay is busy',
  'relay-timeout': 'the relay does not answer',
  'connection-lost': 'the connection to the relay was lost',
  'wrong-relay': 'what answers is not the relay that it should be',
  'insecure-relay': 'only relays on this machine can be used without TLS',
  'unsupported-version': 'the relay speaks another version',
  'own-identity-reset': 'somebody else reset the identity of this account',
  'too-large': 'it is too large for the relay',
  'quota-exceeded': 'a quota at the relay is used up',
  'stale-devices': 'the devices of the other side have just changed',
  'capability-unknown': 'the relay does not know how to reach the other side any more',
  'capability-retired': 'the way to reach the other side was replaced',
  'read-only': 'the relay takes nothing at the moment',
};
