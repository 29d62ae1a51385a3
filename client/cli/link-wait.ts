/** Waiting for the relay, no longer than asked and not at all when there is no sense in it. */

import { RelayError, StoreError } from '../../crypto/errors.ts';
import type { LinkState } from '../core/queries.ts';
import type { AccountSurface } from '../core/surface.ts';
import type { Call } from './call.ts';
import { reasonWords } from './message-words.ts';
import { say } from './safe-text.ts';

export interface LinkOutcome {
  readonly state: LinkState;
  readonly reason: string | undefined;
}

/** What follows a change that the relay has to hear of; beyond it the next command goes on. */
const SETTLE_MAX_MS = 5_000;

const REASONS: Readonly<Record<string, string>> = {
  'relay-unreachable': 'relay not reachable',
  'relay-timeout': 'the relay does not answer',
  'connection-lost': 'the connection to the relay was lost',
  'wrong-relay': 'what answers is not the relay that it should be',
  'session-revoked': 'this account was signed out from elsewhere',
  superseded: 'this device is connected from elsewhere',
  draining: 'the relay is shutting down',
  busy: 'the relay is busy',
  'unsupported-version': 'the relay speaks another version',
};

/** A link that failed for one of these does not come back by waiting. */
export const HOPELESS: ReadonlySet<string> = new Set([
  'wrong-relay',
  'insecure-relay',
  'session-revoked',
  'superseded',
  'unsupported-version',
  'bad-signature',
]);

export function reasonText(reason: string | undefined): string {
  if (reason === undefined) return 'relay not reachable';
  return Object.hasOwn(REASONS, reason) ? (REASONS[reason] ?? reason) : reasonWords(reason);
}

/** Resolves when the account is online, when one attempt has failed, or after `timeoutMs`. */
export function tryLink(account: AccountSurface, timeoutMs: number): Promise<LinkOutcome> {
  return waitForLink(account, timeoutMs, () => true);
}

/**
 * Gives a relay that is coming back the whole time.
 * @throws RelayError when it did not come, StoreError `signed-out`.
 */
export async function requireLink(account: AccountSurface, timeoutMs: number): Promise<void> {
  const isFinal = (reason: string | undefined): boolean => reason !== undefined && HOPELESS.has(reason);
  const outcome = await waitForLink(account, timeoutMs, isFinal);
  if (outcome.state === 'signed-out') throw signedOut((await account.query({ type: 'whoami' })).name);
  if (outcome.state !== 'online') throw linkError(outcome);
}

async function waitForLink(
  account: AccountSurface,
  timeoutMs: number,
  isFinal: (reason: string | undefined) => boolean,
): Promise<LinkOutcome> {
  let resolve: (outcome: LinkOutcome) => void = () => {};
  let reason: string | undefined;
  const outcome = new Promise<LinkOutcome>((resolveIt) => {
    resolve = resolveIt;
  });
  const unsubscribe = account.subscribe((event) => {
    if (event.type !== 'link') return;
    reason = event.reason ?? reason;
    const isAnswer = event.state !== 'connecting' && (event.state !== 'offline' || isFinal(event.reason));
    if (isAnswer) resolve({ state: event.state, reason: event.reason });
  });
  const timer = setTimeout(() => resolve({ state: 'offline', reason }), timeoutMs);
  try {
    const status = await account.query({ type: 'status' });
    if (status.link === 'online' || status.link === 'signed-out') {
      return { state: status.link, reason: status.linkReason };
    }
    reason ??= status.linkReason;
    // An earlier attempt failed: a pause between two attempts ends now.
    if (status.link === 'offline') await account.drain(0);
    return await outcome;
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}

/** @throws StoreError `signed-out` */
export async function refuseSignedOut(account: AccountSurface): Promise<void> {
  const { link, name } = await account.query({ type: 'status' });
  if (link === 'signed-out') throw signedOut(name);
}

export function signedOut(name: string): StoreError {
  return new StoreError('signed-out', 'this account is signed out', {
    hints: [`sign it in again with: intechat login ${name}`],
  });
}

/** What is thrown for a command that can do nothing without the relay. */
export function linkError({ reason }: LinkOutcome): RelayError {
  return new RelayError(reason ?? 'relay-unreachable', reasonText(reason), {
    retry: reason !== undefined && HOPELESS.has(reason) ? 'never' : 'later',
  });
}

/**
 * Lets a change reach the relay before the command ends. It is stored already: what does not go out now goes
 * out later, and a note says so.
 */
export async function settle(call: Call, account: AccountSurface): Promise<void> {
  const timeoutMs = Math.min(call.settings.timeoutMs, SETTLE_MAX_MS);
  const { state, reason } = await tryLink(account, timeoutMs);
  if (state === 'online' && (await account.drain(timeoutMs))) return;
  const why = state === 'online' ? 'the relay has not answered yet' : reasonText(reason);
  call.printer.note(say`${why}; the rest is done with the next command or the daemon`);
}
