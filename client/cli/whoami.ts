/** `whoami`: the account in use. */

import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withAccount } from './open-account.ts';
import { say } from './safe-text.ts';

export async function whoami(call: Call): Promise<ExitCode> {
  const { printer } = call;
  return withAccount(call, { link: false }, async (account) => {
    const me = await account.query({ type: 'whoami' });
    printer.line(say`${me.name} on ${me.relay}`);
    printer.detail(say`account ${me.account}, device ${me.device}`);
    printer.result(me);
    return EXIT.ok;
  });
}
