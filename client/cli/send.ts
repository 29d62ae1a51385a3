/** `send`: the text is on this disk before anything else happens, and stays there until the relay has it. */

import { randomUUID } from 'node:crypto';
import { ChatError, type RelayError, UsageError } from '../../crypto/errors.ts';
import type { SharedAccount } from '../api/shared-account.ts';
import type { SendCommand, SendResult, WaitFor } from '../core/commands.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { jsonView } from './json-view.ts';
import { refuseSignedOut, requireLink } from './link-wait.ts';
import { MessageWatch, type WatchedState } from './message-watch.ts';
import { openForCall } from './open-account.ts';
import { passphraseSource, readsStdin } from './passphrase.ts';
import { phrase, type SafeText, safe, say } from './safe-text.ts';
import { failedError, heldError, notDelivered, queuedError, withdrawnError } from './send-errors.ts';
import { readText } from './text-input.ts';

/** Each recipient is a message of its own; more than this is a group. */
const RECIPIENTS_MAX = 100;
/** What else waits in the outbox, such as answers to requests, gets so much time. */
const REST_MAX_MS = 1_000;

interface Order {
  readonly command: SendCommand;
  readonly wait: WaitFor;
  readonly keep: boolean;
}

type Outcome =
  | { readonly to: string; readonly ok: true; readonly result: SendResult }
  | { readonly to: string; readonly ok: false; readonly error: ChatError; readonly data: unknown };

export async function send(call: Call): Promise<ExitCode> {
  const { flags, settings, env } = call;
  const wait = flags.choice('wait', ['queued', 'sent', 'delivered'] as const) ?? 'sent';
  const recipients = [...new Set(flags.list('to'))];
  const id = flags.text('id');
  if (recipients.length > RECIPIENTS_MAX) {
    throw new UsageError('usage', `a message goes to at most ${RECIPIENTS_MAX} names at once`);
  }
  if (id !== undefined && recipients.length > 1) {
    throw new UsageError('usage', '--id names one message, so it takes one recipient');
  }
  const stdinIsFree = !readsStdin(passphraseSource(settings, env));
  const text = await readText(flags.text('message'), call.terminal.stdin, stdinIsFree);
  const orders = recipients.map((to) => orderFor(call, { to, text, id, wait }));
  const account = await openForCall(call, { link: true });
  try {
    await refuseSignedOut(account);
    return await sendAll(call, account, orders);
  } finally {
    if (call.interruption.happened) await account.leave();
    else await account.close();
  }
}

function orderFor(
  { flags, settings }: Call,
  { to, text, id, wait }: { to: string; text: string; id: string | undefined; wait: WaitFor },
): Order {
  const { trustNewIdentities } = settings;
  const command: SendCommand = {
    type: 'send',
    to,
    text,
    // Chosen here, so that a repeat after a broken connection is the same message.
    id: id ?? randomUUID(),
    ...(wait === 'delivered' ? { promptReceipt: true } : {}),
    ...(trustNewIdentities === undefined ? {} : { trustNewIdentities }),
  };
  return { command, wait, keep: !flags.flag('no-queue') };
}

async function sendAll(call: Call, account: SharedAccount, orders: readonly Order[]): Promise<ExitCode> {
  const watch = new MessageWatch(account);
  try {
    const outcomes = await Promise.all(orders.map((order) => sendOne(call, account, watch, order)));
    report(call, outcomes);
    const isWaiting = outcomes.some(({ ok }) => !ok) || orders.some(({ wait }) => wait === 'queued');
    if (!isWaiting && account.isOwner) await call.interruption.race(account.drain(REST_MAX_MS));
    return EXIT.ok;
  } finally {
    watch.close();
  }
}

async function sendOne(
  call: Call,
  account: SharedAccount,
  watch: MessageWatch,
  order: Order,
): Promise<Outcome> {
  const { to } = order.command;
  try {
    const queued = await call.interruption.race(queue(call, account, order.command));
    if (queued.firstContact) {
      call.printer.hint(
        say`first contact with ${queued.name}; compare safety numbers any time with: intechat verify ${queued.name}`,
      );
    }
    const watched = await follow(call, watch, order, queued);
    const result: SendResult = { ...queued, state: watched.state };
    return await outcomeOf(account, watch, order, result, watched);
  } catch (error) {
    if (!(error instanceof ChatError) || call.interruption.happened) throw error;
    return { to, ok: false, error, data: undefined };
  }
}

/** Somebody who is not known yet has to be asked for at the relay, and without it nothing is queued. */
async function queue({ settings }: Call, account: SharedAccount, command: SendCommand): Promise<SendResult> {
  if (!(await isKnown(account, command.to))) await requireLink(account, settings.timeoutMs);
  return account.execute(command);
}

async function isKnown(account: SharedAccount, who: string): Promise<boolean> {
  try {
    await account.query({ type: 'contact', who });
    return true;
  } catch (error) {
    if (error instanceof ChatError && error.code === 'not-found') return false;
    throw error;
  }
}

async function follow(
  call: Call,
  watch: MessageWatch,
  { wait }: Order,
  { id, state, name }: SendResult,
): Promise<WatchedState> {
  const isDone = (now: string): boolean =>
    now === 'failed' ||
    now === 'held' ||
    wait === 'queued' ||
    (wait === 'sent' ? now !== 'waiting' : isThere(now));
  const { interruption, printer, settings } = call;
  try {
    return await interruption.race(watch.until(id, { state, reason: undefined }, isDone, settings.timeoutMs));
  } catch (error) {
    printer.note(say`${name}: queued as ${id}; do not send it again`);
    throw error;
  }
}

async function outcomeOf(
  account: SharedAccount,
  watch: MessageWatch,
  { command, wait, keep }: Order,
  result: SendResult,
  { state, reason }: WatchedState,
): Promise<Outcome> {
  const { to } = command;
  const { id, name } = result;
  const failed = (error: ChatError, data: unknown = { id, state }): Outcome => ({
    to,
    ok: false,
    error,
    data,
  });
  switch (state) {
    case 'failed':
      return failed(failedError(reason), { id, state, reason });
    case 'held': {
      const held = reason ?? (await account.query({ type: 'message', id })).stateReason;
      if (!keep) await account.execute({ type: 'outbox.cancel', id });
      return failed(heldError({ id, name, reason: held, kept: keep }));
    }
    case 'waiting': {
      if (wait === 'queued') return { to, ok: true, result };
      const why = reason ?? watch.hopeless ?? (await linkReason(account));
      if (keep) return failed(queuedError(id, why));
      const { cancelled } = await account.execute({ type: 'outbox.cancel', id });
      if (cancelled) return failed(withdrawnError(why), { id, state: 'failed' });
      return failed(queuedError(id, why));
    }
    default:
      if (wait !== 'delivered' || isThere(state)) return { to, ok: true, result };
      return failed(notDelivered({ id, name, awaitingAcceptance: result.awaitingAcceptance }));
  }
}

function isThere(state: string): boolean {
  return state === 'delivered' || state === 'read';
}

/** Undefined: the relay is there and was only slow. */
async function linkReason(account: SharedAccount): Promise<string | undefined> {
  const { link, linkReason: reason } = await account.query({ type: 'status' });
  return link === 'online' ? undefined : (reason ?? 'relay-unreachable');
}

/** @throws Failure when not everything is where it was to be. */
function report({ printer }: Call, outcomes: readonly Outcome[]): void {
  const [first, ...more] = outcomes;
  if (first === undefined) return;
  const bad = outcomes.filter((outcome) => !outcome.ok);
  if (more.length === 0) {
    if (!first.ok) throw new Failure(first.error, first.data);
    printer.line(describe(first.result));
    printer.detail(say`id ${first.result.id}`);
    printer.result(jsonView(first.result));
    return;
  }
  for (const outcome of outcomes) {
    if (outcome.ok) printer.line(phrase`${safe(outcome.to)}: ${describe(outcome.result)}`);
    else if (bad.length < outcomes.length) printer.warning(say`${outcome.to}: ${outcome.error.message}`);
  }
  const results = outcomes.map(outcomeView);
  const [worst] = bad;
  if (worst === undefined) printer.result({ results });
  else throw new Failure(summary(worst.error, bad, outcomes.length), { results });
}

function summary(
  error: ChatError,
  bad: readonly Extract<Outcome, { readonly ok: false }>[],
  count: number,
): ChatError {
  // Nobody got it, all for one reason: that reason is the answer.
  if (bad.length === count && bad.every((each) => each.error.code === error.code)) return error;
  const hints = [...new Set(bad.flatMap((each) => each.error.hints))];
  return new UsageError('partly-sent', `sent to ${count - bad.length} of ${count}`, { hints });
}

function describe({ state, id, name, awaitingAcceptance }: SendResult): SafeText {
  if (state === 'waiting') return say`queued as ${id}`;
  if (state === 'sent' && awaitingAcceptance) return say`sent; waiting for ${name} to accept`;
  return say`${state}`;
}

function outcomeView(outcome: Outcome): unknown {
  const { to, ok } = outcome;
  if (outcome.ok) return { to, ok, ...outcome.result };
  const { code, message } = outcome.error as RelayError;
  return { to, ok, error: { name: code, message }, ...(outcome.data as object | undefined) };
}
