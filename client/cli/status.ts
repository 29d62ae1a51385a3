/** `status`: how the account does, who has it open, and where its files are. */

import type { SharedAccount } from '../api/shared-account.ts';
import type { StatusView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { columns } from './columns.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { reasonText, tryLink } from './link-wait.ts';
import { chosenAccount, pathsOf, placeOf, withAccount } from './open-account.ts';
import { safe, say } from './safe-text.ts';

/** Enough to say whether the relay answers. */
const LINK_MAX_MS = 3_000;

export async function status(call: Call): Promise<ExitCode> {
  const { printer, interruption, settings } = call;
  return withAccount(call, { link: true }, async (account) => {
    await interruption.race(tryLink(account, Math.min(settings.timeoutMs, LINK_MAX_MS)));
    const found = await account.query({ type: 'status' });
    const paths = {
      ...found.paths,
      socket: placeOf(pathsOf(call), chosenAccount(call)).path,
      settings: settings.configFiles.join(', '),
    };
    const rows = [...rowsOf(found, account), ...Object.entries(paths)];
    for (const line of columns(rows.map(([name, value]) => [safe(name), safe(value)]))) printer.line(line);
    printer.result({ ...found, paths, openIn: openIn(account) });
    if (!found.recoveryConfirmed) {
      printer.hint(
        say`write the recovery words down: intechat recovery show, then: intechat recovery confirm`,
      );
    }
    if (found.requests > 0) printer.hint(say`see who wants to write to you: intechat requests`);
    return EXIT.ok;
  });
}

function rowsOf(found: StatusView, account: SharedAccount): readonly (readonly [string, string])[] {
  const { link, linkReason } = found;
  return [
    ['account', `${found.name} (${found.account}, device ${found.device})`],
    ['relay', found.relay],
    ['link', linkReason === undefined || link === 'online' ? link : `${link}: ${reasonText(linkReason)}`],
    ['open in', openIn(account)],
    ['contacts', String(found.contacts)],
    ['requests', String(found.requests)],
    ['unread', String(found.unread)],
    ['outbox', String(found.outbox)],
    ['accept from', found.acceptFrom],
    ['listed', found.listed ? 'yes' : 'no'],
    ['recovery words', found.recoveryConfirmed ? 'confirmed' : 'not confirmed'],
  ];
}

function openIn(account: SharedAccount): string {
  const { owner } = account;
  return owner === undefined ? 'this command' : `${owner.role} (process ${owner.pid})`;
}
