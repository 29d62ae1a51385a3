/** `search`: messages that hold a text. */

import type { MessageView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonView } from './json-view.ts';
import { MessageOutput } from './message-output.ts';
import { withAccount } from './open-account.ts';
import { say } from './safe-text.ts';
import { messageStyleOf } from './styles.ts';

const COUNT_MAX = 1_000;

export async function search(call: Call): Promise<ExitCode> {
  const { flags, printer } = call;
  const limit = flags.number('count', { min: 1, max: COUNT_MAX, integer: true });
  const where = flags.text('in');
  const from = flags.text('from');
  return withAccount(call, { link: false }, async (account) => {
    const found: readonly MessageView[] = await account.query({
      type: 'search',
      text: flags.word('text'),
      ...(where === undefined ? {} : { in: where }),
      ...(from === undefined ? {} : { from }),
      ...(limit === undefined ? {} : { limit }),
    });
    const output = new MessageOutput(call, messageStyleOf(call, 'all'));
    for (const message of found) output.lines(message);
    printer.result(jsonView(found));
    if (found.length === 0) printer.hint(say`no message holds this`);
    return EXIT.ok;
  });
}
