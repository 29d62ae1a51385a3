/** `history`: a page of one conversation, and what comes after it with `--follow`. */

import type { SharedAccount } from '../api/shared-account.ts';
import type { MessageView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonView } from './json-view.ts';
import { MessageOutput } from './message-output.ts';
import { openForCall } from './open-account.ts';
import { say } from './safe-text.ts';
import { messageStyleOf } from './styles.ts';
import { parseTime, requireTime } from './times.ts';
import { Signal } from './wake.ts';

const DEFAULT_COUNT = 20;
const COUNT_MAX = 10_000;
/** Of one question to the account: an answer is held in memory as a whole. */
const PAGE = 200;

interface Range {
  readonly who: string;
  readonly count: number;
  readonly before: string | number | undefined;
  readonly since: number | undefined;
}

export async function history(call: Call): Promise<ExitCode> {
  const { flags, printer, interruption } = call;
  const follow = flags.flag('follow');
  const range = rangeOf(call);
  const account = await openForCall(call, { link: follow, lifetime: follow ? 'long' : 'command' });
  try {
    const output = new MessageOutput(call, messageStyleOf(call, 'conversation'));
    if (follow) {
      await followConversation(call, account, range, output);
      return EXIT.ok;
    }
    const messages = await interruption.race(pages(account, range));
    for (const message of messages) output.lines(message);
    printer.result(jsonView(messages));
    if (messages.length === 0)
      printer.hint(say`nothing was said yet; begin with: intechat send ${range.who} -m hello`);
    return EXIT.ok;
  } finally {
    if (interruption.happened) await account.leave();
    else await account.close();
  }
}

function rangeOf({ flags, settings }: Call): Range {
  const before = flags.text('before');
  const since = flags.text('since');
  return {
    who: flags.word('name'),
    count: flags.number('count', { min: 1, max: COUNT_MAX, integer: true }) ?? DEFAULT_COUNT,
    before: before === undefined ? undefined : (parseTime(before, settings.utc) ?? before),
    since: since === undefined ? undefined : requireTime(since, '--since', settings.utc),
  };
}

/** The newest of the range, oldest first. */
async function pages(account: SharedAccount, range: Range): Promise<readonly MessageView[]> {
  const { who, count, since } = range;
  let { before } = range;
  let found: readonly MessageView[] = [];
  while (found.length < count) {
    const limit = Math.min(PAGE, count - found.length);
    const page = await account.query({
      type: 'history',
      who,
      limit,
      ...(before === undefined ? {} : { before }),
      ...(since === undefined ? {} : { since }),
    });
    found = [...page, ...found];
    const oldest = page[0];
    if (oldest === undefined || page.length < limit) break;
    before = oldest.id;
  }
  return found;
}

async function followConversation(
  call: Call,
  account: SharedAccount,
  range: Range,
  output: MessageOutput,
): Promise<void> {
  const { interruption, printer } = call;
  const news = new Signal();
  const queue: MessageView[] = [];
  let isStale = true;
  const unsubscribe = account.subscribe((event) => {
    if (event.type === 'message') queue.push(event.message);
    // The account moved to another program, and events may be missing.
    else if (event.type === 'link' && event.reason === 'account-moved') isStale = true;
    else return;
    news.notify();
  });
  try {
    const { name } = await account.query({ type: 'contact', who: range.who });
    let conversation: string | undefined;
    let printed = 0;
    for (;;) {
      if (isStale) {
        isStale = false;
        queue.unshift(...(await interruption.race(pages(account, range))));
      }
      for (const message of queue.splice(0)) {
        const isHere =
          conversation === undefined ? message.with === name : message.conversation === conversation;
        if (!isHere || message.position <= printed) continue;
        conversation = message.conversation;
        printed = message.position;
        output.stream(message);
      }
      await printer.flushed();
      await interruption.race(news.wait(undefined));
    }
  } finally {
    unsubscribe();
  }
}
