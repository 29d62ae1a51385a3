/**
 * `receive`: prints what no receive of this cursor printed before. The cursor moves after stdout took the
 * lines, so a crash in between shows some again and loses none. Nothing is marked as read.
 */

import type { SharedAccount } from '../api/shared-account.ts';
import type { RequestView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonRecord } from './json-view.ts';
import { HOPELESS, linkError, reasonText, signedOut, tryLink } from './link-wait.ts';
import { MessageOutput } from './message-output.ts';
import { openForCall } from './open-account.ts';
import { say } from './safe-text.ts';
import { messageStyleOf } from './styles.ts';
import { Signal } from './wake.ts';

const DEFAULT_CURSOR = 'receive';
const DEFAULT_WAIT_SECONDS = 5;
const WAIT_MAX_SECONDS = 86_400;
const MESSAGES_MAX = 1_000_000;
/** Somebody may be waiting for the receipt of what just came; it gets so much time to go out. */
const RECEIPTS_MAX_MS = 2_000;
/** Printed between two moves of the cursor: what a crash may show twice. */
const PAGE = 50;

interface Reading {
  readonly call: Call;
  readonly account: SharedAccount;
  readonly output: MessageOutput;
  readonly news: Signal;
  readonly cursor: string;
  readonly waitMs: number;
  readonly follow: boolean;
  /** Messages that may still be printed. */
  left: number;
  /** Where the cursor is known to be. */
  position: number;
}

export async function receive(call: Call): Promise<ExitCode> {
  const { flags, interruption } = call;
  const waitSeconds = flags.number('wait', { min: 0, max: WAIT_MAX_SECONDS }) ?? DEFAULT_WAIT_SECONDS;
  const left = flags.number('max', { min: 1, max: MESSAGES_MAX, integer: true }) ?? MESSAGES_MAX;
  const follow = flags.flag('follow');
  const account = await openForCall(call, { link: true, lifetime: follow ? 'long' : 'command' });
  try {
    await read({
      call,
      account,
      output: new MessageOutput(call, messageStyleOf(call, 'incoming')),
      news: new Signal(),
      cursor: flags.text('cursor') ?? DEFAULT_CURSOR,
      waitMs: 1_000 * waitSeconds,
      follow,
      left,
      position: 0,
    });
    if (account.isOwner) await interruption.race(account.drain(RECEIPTS_MAX_MS));
    return EXIT.ok;
  } finally {
    if (interruption.happened) await account.leave();
    else await account.close();
  }
}

async function read(reading: Reading): Promise<void> {
  const { account, news } = reading;
  const unsubscribe = account.subscribe((event) => {
    if (event.type === 'message' || event.type === 'link') news.notify();
    if (event.type === 'request' && reading.follow) tellOfRequest(reading.call, event.request);
  });
  try {
    await printNews(reading);
    if (reading.left > 0) await reachRelay(reading);
    await printUntilQuiet(reading);
    await hintAtRequests(reading);
  } finally {
    unsubscribe();
  }
}

/** What strangers write is no message yet, but nobody should have to guess that it is there. */
async function hintAtRequests({ call, account }: Reading): Promise<void> {
  const { requests } = await account.query({ type: 'status' });
  if (requests > 0) call.printer.hint(say`${requests} waiting for an answer: intechat requests`);
}

function tellOfRequest({ printer }: Call, request: RequestView): void {
  printer.stream({ ...jsonRecord(request), type: 'request' });
  printer.hint(say`${request.name} wants to write to you: intechat requests`);
}

async function printUntilQuiet(reading: Reading): Promise<void> {
  const { call, news, waitMs, follow } = reading;
  let until = Date.now() + waitMs;
  while (reading.left > 0) {
    if ((await printNews(reading)) > 0) until = Date.now() + waitMs;
    if (reading.left <= 0) return;
    const leftMs = follow ? undefined : until - Date.now();
    if (leftMs !== undefined && leftMs <= 0) return;
    await call.interruption.race(news.wait(leftMs));
  }
}

/**
 * Connects, and prints what is at the relay now as it comes.
 * @throws RelayError when the relay is away, StoreError `signed-out`; with `--follow` it is waited for.
 */
async function reachRelay(reading: Reading): Promise<void> {
  const { call, account, follow } = reading;
  const { interruption, settings, printer } = call;
  const outcome = await interruption.race(tryLink(account, settings.timeoutMs));
  if (outcome.state === 'online') {
    if (!follow) await catchUp(reading);
    return;
  }
  if (outcome.state === 'signed-out') throw signedOut((await account.query({ type: 'whoami' })).name);
  if (!follow || (outcome.reason !== undefined && HOPELESS.has(outcome.reason))) throw linkError(outcome);
  printer.note(say`${reasonText(outcome.reason)}; waiting for it`);
}

async function catchUp(reading: Reading): Promise<void> {
  const { call, account, news } = reading;
  let isDone = false;
  const caughtUp = account.caughtUp(call.settings.timeoutMs).finally(() => {
    isDone = true;
    news.notify();
  });
  caughtUp.catch(() => undefined);
  while (!isDone && reading.left > 0) {
    await call.interruption.race(news.wait(undefined));
    await printNews(reading);
  }
  if (reading.left > 0 && !(await caughtUp)) call.printer.note(say`the relay has not sent everything yet`);
}

/** @returns how many were printed. */
async function printNews(reading: Reading): Promise<number> {
  const { call, account, output, cursor } = reading;
  let printed = 0;
  while (reading.left > 0) {
    call.interruption.check();
    const limit = Math.min(PAGE, reading.left);
    const { messages, position } = await account.query({ type: 'receive', cursor, limit });
    for (const message of messages) output.stream(message);
    await call.printer.flushed();
    reading.left -= messages.length;
    printed += messages.length;
    if (messages.length > 0 || position > reading.position) {
      await account.execute({ type: 'cursor.advance', cursor, position });
      reading.position = position;
    }
    if (messages.length < limit) break;
  }
  return printed;
}
