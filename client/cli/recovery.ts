/** `recovery show` and `recovery confirm`. */

import { randomInt } from 'node:crypto';
import { UsageError } from '../../crypto/errors.ts';
import type { SharedAccount } from '../api/shared-account.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withAccount } from './open-account.ts';
import { printWords, WordsFile } from './recovery-words.ts';
import { say } from './safe-text.ts';

/** Enough to know that the words are at hand. */
const WORDS_ASKED = 3;

/** Prints the words on a terminal; anything else could be a log. */
export async function showWords(call: Call): Promise<ExitCode> {
  const { flags, printer, settings, terminal } = call;
  const path = flags.text('recovery-file');
  if (path === undefined && (settings.json || !terminal.stdoutIsTerminal)) {
    throw new UsageError('terminal-needed', 'the recovery words are shown on a terminal only', {
      hints: ['write them into a new file with: intechat recovery show --recovery-file FILE'],
    });
  }
  const file = path === undefined ? undefined : new WordsFile(path);
  try {
    return await withAccount(call, { link: false }, async (account) => {
      const { words } = await account.query({ type: 'recovery.words' });
      if (file === undefined) {
        printWords(printer, words);
        printer.hint(say`once they are on paper: intechat recovery confirm`);
        return EXIT.ok;
      }
      file.write(words);
      await account.execute({ type: 'recovery.confirm' });
      printer.line(say`the recovery words are in ${file.path}; this machine has forgotten them`);
      printer.result({ file: file.path, confirmed: true });
      return EXIT.ok;
    });
  } finally {
    file?.close();
  }
}

export async function confirmWords(call: Call): Promise<ExitCode> {
  const { printer, settings, terminal } = call;
  const mayAsk = terminal.canAsk && !settings.json;
  if (!settings.yes && !mayAsk) {
    throw new UsageError('confirmation-needed', 'confirming needs a terminal, or --yes');
  }
  return withAccount(call, { link: false }, async (account) => {
    const { recoveryConfirmed } = await account.query({ type: 'status' });
    if (!recoveryConfirmed) {
      if (!settings.yes) await askForWords(call, account);
      await account.execute({ type: 'recovery.confirm' });
    }
    printer.line(say`confirmed; this machine has forgotten the words`);
    printer.result({ confirmed: true });
    return EXIT.ok;
  });
}

/** @throws UsageError `wrong-words` */
async function askForWords({ terminal }: Call, account: SharedAccount): Promise<void> {
  const { words } = await account.query({ type: 'recovery.words' });
  const asked = new Set<number>();
  while (asked.size < Math.min(WORDS_ASKED, words.length)) asked.add(randomInt(words.length));
  for (const at of [...asked].sort((a, b) => a - b)) {
    const answer = await terminal.ask(say`word ${at + 1}? `);
    if (answer?.trim().toLowerCase() === words[at]) continue;
    throw new UsageError('wrong-words', `this is not word ${at + 1}; nothing was confirmed`, {
      hints: ['see them with: intechat recovery show'],
    });
  }
}
