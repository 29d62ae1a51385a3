/** `fingerprint`: the safety number with a contact, or the fingerprint of one's own key. */

import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { numberRows } from './message-words.ts';
import { withAccount } from './open-account.ts';
import { say } from './safe-text.ts';

export async function fingerprint(call: Call): Promise<ExitCode> {
  const { flags, printer } = call;
  const who = flags.text('name');
  return withAccount(call, { link: false }, async (account) => {
    const found = await account.query({ type: 'fingerprint', ...(who === undefined ? {} : { who }) });
    const { number, name, trust } = found;
    if (number === undefined) {
      printer.line(say`${found.fingerprint}`);
      printer.hint(say`with a contact you have a safety number: intechat fingerprint NAME`);
    } else {
      for (const row of numberRows(number)) printer.line(row);
      printer.hint(say`${name} is ${trust ?? 'unverified'}; compare with: intechat verify ${name}`);
    }
    printer.result(found);
    return EXIT.ok;
  });
}
