/** `requests`: strangers who wrote and wait for an answer. */

import type { RequestView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonView } from './json-view.ts';
import { settle, tryLink } from './link-wait.ts';
import { personName } from './message-words.ts';
import { withAccount } from './open-account.ts';
import { runLocal, runSettled } from './run-settled.ts';
import { layout, phrase, type SafeText, safe, say } from './safe-text.ts';
import { timeStyleOf } from './styles.ts';
import { formatMoment } from './times.ts';

const TEXT_GRAPHEMES = 200;

export async function listRequests(call: Call): Promise<ExitCode> {
  const { flags, printer, interruption, settings } = call;
  const acceptFrom = flags.choice('accept-from', ['everyone', 'ask', 'nobody'] as const);
  return withAccount(call, { link: true }, async (account) => {
    if (acceptFrom !== undefined) {
      await account.execute({ type: 'settings', acceptFrom });
      printer.note(say`who may write first: ${acceptFrom}`);
    }
    // Requests come by the relay; what is here already is shown even without it.
    const { state } = await interruption.race(tryLink(account, settings.timeoutMs));
    if (state === 'online') await interruption.race(account.caughtUp(settings.timeoutMs));
    else printer.note(say`relay not reachable; these are the requests that are here already`);
    const requests = await account.query({ type: 'requests' });
    for (const request of requests) for (const line of linesOf(call, request)) printer.line(line);
    printer.result(jsonView(requests));
    if (requests.length === 0) printer.hint(say`no requests`);
    else printer.hint(say`answer with: intechat requests accept NAME, or: intechat requests reject NAME`);
    return EXIT.ok;
  });
}

export async function acceptRequest(call: Call): Promise<ExitCode> {
  const { flags, printer, interruption, settings } = call;
  const who = flags.word('name');
  return withAccount(call, { link: true }, async (account) => {
    const known = await account.query({ type: 'requests' });
    if (!known.some(({ name }) => name === who)) {
      // It may be at the relay still.
      const { state } = await interruption.race(tryLink(account, settings.timeoutMs));
      if (state === 'online') await interruption.race(account.caughtUp(settings.timeoutMs));
    }
    const { name } = await account.execute({ type: 'requests.accept', who });
    printer.line(say`accepted ${name}`);
    printer.hint(say`compare safety numbers any time with: intechat verify ${name}`);
    printer.result({ name });
    await settle(call, account);
    return EXIT.ok;
  });
}

export async function rejectRequest(call: Call): Promise<ExitCode> {
  const { flags } = call;
  const who = flags.word('name');
  if (flags.flag('block')) {
    const command = { type: 'requests.reject', who, block: true } as const;
    return runSettled(call, command, () => say`rejected and blocked ${who}`);
  }
  return runLocal(call, { type: 'requests.reject', who }, () => say`rejected ${who}`);
}

/** Name and number come from checked records; the text is a stranger's and stands behind a gutter. */
function linesOf(call: Call, request: RequestView): readonly SafeText[] {
  const { name, numberStart, receivedMs, messages, text } = request;
  const time = formatMoment(receivedMs, Date.now(), timeStyleOf(call));
  const more = messages > 1 ? `, ${messages} messages` : '';
  const lines = safe(text, { multiline: true, maxGraphemes: TEXT_GRAPHEMES }).split('\n') as SafeText[];
  return [
    phrase`${personName(name)}  ${say`number ${numberStart}…  ${time}${more}`}`,
    ...lines.map((line) => layout(line, (each) => `  | ${each}`.trimEnd())),
  ];
}
