/** `logout`: ends the session at the relay; everything on this machine stays. */

import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withAccount } from './open-account.ts';
import { say } from './safe-text.ts';

export async function logout(call: Call): Promise<ExitCode> {
  const { printer, interruption } = call;
  return withAccount(call, { link: true }, async (account) => {
    const { link, name } = await account.query({ type: 'status' });
    if (link !== 'signed-out') await interruption.race(account.execute({ type: 'logout' }));
    printer.line(say`signed out: ${name}`);
    printer.hint(say`sign in again with: intechat login ${name}`);
    printer.result({ name });
    return EXIT.ok;
  });
}
