/** `chats`: conversations, the latest first. */

import type { ChatView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { cell, columns } from './columns.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonView } from './json-view.ts';
import { snippetOf } from './message-lines.ts';
import { withAccount } from './open-account.ts';
import { type SafeText, safe, say } from './safe-text.ts';
import { timeStyleOf } from './styles.ts';
import { formatMoment } from './times.ts';

const COUNT_MAX = 10_000;
const SNIPPET_GRAPHEMES = 50;

export async function chats(call: Call): Promise<ExitCode> {
  const { flags, printer } = call;
  const limit = flags.number('count', { min: 1, max: COUNT_MAX, integer: true });
  const unread = flags.flag('unread');
  return withAccount(call, { link: false }, async (account) => {
    const found = await account.query({
      type: 'chats',
      ...(limit === undefined ? {} : { limit }),
      ...(unread ? { unread } : {}),
    });
    for (const line of columns(found.map((chat) => rowOf(call, chat)))) printer.line(line);
    printer.result(jsonView(found));
    if (found.length === 0) {
      printer.hint(unread ? say`nothing new` : say`no chats yet; begin with: intechat send NAME -m hello`);
    }
    return EXIT.ok;
  });
}

function rowOf(call: Call, chat: ChatView): readonly SafeText[] {
  const { name, unread, trust, state, muted, last } = chat;
  const time = last === undefined ? '' : formatMoment(last.sentMs, Date.now(), timeStyleOf(call));
  const notes = [state === 'requested' ? 'waiting' : '', muted ? 'muted' : ''].filter((word) => word !== '');
  return [
    cell(name),
    safe(unread === 0 ? '-' : String(unread)),
    safe([trust, ...notes].join(', ')),
    safe(time),
    last === undefined ? safe('') : snippetOf(last, SNIPPET_GRAPHEMES),
  ];
}
