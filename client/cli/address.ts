/** `address`: how strangers reach this account. */

import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withAccount } from './open-account.ts';
import { runSettled } from './run-settled.ts';
import { say } from './safe-text.ts';

export async function showAddress(call: Call): Promise<ExitCode> {
  const { printer } = call;
  return withAccount(call, { link: false }, async (account) => {
    const found = await account.query({ type: 'address' });
    printer.line(say`${found.address}`);
    printer.result(found);
    printer.hint(
      found.listed
        ? say`whoever knows your name on this relay can write to you, too`
        : say`only those who have this address can write to you`,
    );
    return EXIT.ok;
  });
}

export async function rotateAddress(call: Call): Promise<ExitCode> {
  return runSettled(call, { type: 'address.rotate' }, ({ address }) => say`${address}`);
}

export async function setListed(call: Call): Promise<ExitCode> {
  const listed = call.flags.choice('answer', ['yes', 'no'] as const) === 'yes';
  const text = listed
    ? say`listed: whoever knows your name can write to you`
    : say`unlisted: only your address leads to you`;
  return runSettled(call, { type: 'address.listed', listed }, () => text);
}
