/** `identities`: the keys that contacts have and had. */

import type { IdentityView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { cell, columns } from './columns.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonView } from './json-view.ts';
import { withAccount } from './open-account.ts';
import { type SafeText, safe, say } from './safe-text.ts';
import { timeStyleOf } from './styles.ts';
import { formatMoment } from './times.ts';

export async function identities(call: Call): Promise<ExitCode> {
  const { flags, printer } = call;
  const who = flags.text('name');
  return withAccount(call, { link: false }, async (account) => {
    const found = await account.query({ type: 'identities', ...(who === undefined ? {} : { who }) });
    for (const line of columns(found.map((each) => rowOf(call, each)))) printer.line(line);
    printer.result(jsonView(found));
    if (found.length === 0) printer.hint(say`no keys of others are known yet`);
    return EXIT.ok;
  });
}

function rowOf(
  call: Call,
  { name, fingerprint, current, trust, sinceMs }: IdentityView,
): readonly SafeText[] {
  return [
    cell(name),
    safe(fingerprint),
    safe(current ? 'now' : 'before'),
    safe(trust),
    say`since ${formatMoment(sinceMs, Date.now(), timeStyleOf(call))}`,
  ];
}
