/** One line in, one line out: whatever the line holds, there is an answer. */

import { ChatError } from '../../crypto/errors.ts';
import { isFields } from './fields.ts';
import { OPERATIONS, type Peers } from './operations.ts';

/** The codes of the driver; anything else is a request that does not make sense. */
const ERROR_CODES = new Set([
  'duplicate-message',
  'invalid-message',
  'untrusted-identity',
  'session-not-found',
  'legacy-version',
  'unrecognized-version',
  'invalid-signature',
  'invalid-key',
  'invalid-key-id',
  'bad-request',
]);

export function answerLine(line: string, peers: Peers, reportBug: (error: unknown) => void): string {
  const request = parseObject(line);
  if (request === undefined) return JSON.stringify({ id: null, ok: false, error: 'bad-request' });
  const id = idOf(request);
  try {
    const op = Object.hasOwn(request, 'op') ? request['op'] : undefined;
    const operation = typeof op === 'string' ? OPERATIONS.get(op) : undefined;
    if (operation === undefined) return JSON.stringify({ id, ok: false, error: 'bad-request' });
    return JSON.stringify({ id, ok: true, ...operation(request, peers) });
  } catch (error) {
    return JSON.stringify({ id, ok: false, error: codeOf(error, reportBug) });
  }
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Only what cannot be too deep to be written again is sent back. */
function idOf(request: Readonly<Record<string, unknown>>): string | number | boolean | null {
  const id = Object.hasOwn(request, 'id') ? request['id'] : null;
  return typeof id === 'string' || typeof id === 'number' || typeof id === 'boolean' ? id : null;
}

function codeOf(error: unknown, reportBug: (error: unknown) => void): string {
  if (error instanceof ChatError && error.code !== 'bug') {
    return ERROR_CODES.has(error.code) ? error.code : 'bad-request';
  }
  reportBug(error);
  return 'bad-request';
}
