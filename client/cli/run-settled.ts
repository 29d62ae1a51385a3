/** A command that is done here at once and of which the relay should hear. */

import type { Command, CommandResult } from '../core/commands.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonView } from './json-view.ts';
import { settle } from './link-wait.ts';
import { withAccount } from './open-account.ts';
import type { SafeText } from './safe-text.ts';

export async function runSettled<C extends Command>(
  call: Call,
  command: C,
  describe: (result: CommandResult<C['type']>) => SafeText,
): Promise<ExitCode> {
  return withAccount(call, { link: true }, async (account) => {
    const result = await account.execute(command);
    call.printer.line(describe(result));
    call.printer.result(jsonView(result));
    await settle(call, account);
    return EXIT.ok;
  });
}

/** The same for what concerns this machine only. */
export async function runLocal<C extends Command>(
  call: Call,
  command: C,
  describe: (result: CommandResult<C['type']>) => SafeText,
): Promise<ExitCode> {
  return withAccount(call, { link: false }, async (account) => {
    const result = await account.execute(command);
    call.printer.line(describe(result));
    call.printer.result(jsonView(result));
    return EXIT.ok;
  });
}
