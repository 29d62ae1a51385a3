/** `outbox`: what waits to be sent, and taking it back. */

import { RelayError } from '../../crypto/errors.ts';
import type { OutboxView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { cell, columns } from './columns.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonView } from './json-view.ts';
import { withAccount } from './open-account.ts';
import { type SafeText, safe, say } from './safe-text.ts';
import { timeStyleOf } from './styles.ts';
import { formatMoment } from './times.ts';

const SNIPPET_GRAPHEMES = 40;

export async function listOutbox(call: Call): Promise<ExitCode> {
  const { printer } = call;
  return withAccount(call, { link: false }, async (account) => {
    const waiting = await account.query({ type: 'outbox' });
    for (const line of columns(waiting.map((each) => rowOf(call, each)))) printer.line(line);
    printer.result(jsonView(waiting));
    if (waiting.length === 0) printer.hint(say`nothing waits to be sent`);
    return EXIT.ok;
  });
}

/** @throws RelayError `already-sent` when it may be at the relay. */
export async function cancelMessage(call: Call): Promise<ExitCode> {
  const { flags, printer } = call;
  const id = flags.word('id');
  return withAccount(call, { link: false }, async (account) => {
    // An unknown id is an error of its own.
    await account.query({ type: 'message', id });
    const { cancelled } = await account.execute({ type: 'outbox.cancel', id });
    if (!cancelled) {
      throw new RelayError(
        'already-sent',
        'this message may be at the relay already and cannot be taken back',
      );
    }
    printer.line(say`cancelled`);
    printer.result({ id, cancelled });
    return EXIT.ok;
  });
}

function rowOf(call: Call, { id, to, state, reason, queuedMs, text }: OutboxView): readonly SafeText[] {
  return [
    safe(id),
    safe(formatMoment(queuedMs, Date.now(), timeStyleOf(call))),
    cell(to),
    safe(reason === undefined ? state : `${state} (${reason})`),
    cell(text.replace(/\s+/g, ' '), SNIPPET_GRAPHEMES),
  ];
}
