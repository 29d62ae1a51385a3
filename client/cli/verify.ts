/** `verify`: two people compare a number, and what they found is remembered. */

import { TrustError, UsageError } from '../../crypto/errors.ts';
import type { SharedAccount } from '../api/shared-account.ts';
import type { FingerprintView } from '../core/queries.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { settle } from './link-wait.ts';
import { numberRows } from './message-words.ts';
import { withAccount } from './open-account.ts';
import { runLocal } from './run-settled.ts';
import { say } from './safe-text.ts';

type Answer = 'same' | 'different' | 'later';

export async function verify(call: Call): Promise<ExitCode> {
  const { flags, terminal, settings } = call;
  const who = flags.word('name');
  const number = flags.text('number');
  if (flags.flag('clear')) {
    if (number !== undefined) throw new UsageError('usage', '--clear and --number exclude each other');
    return runLocal(call, { type: 'verify.clear', who }, () => say`${who} is unverified now`);
  }
  if (number === undefined && (settings.json || !terminal.canAsk)) {
    throw new UsageError('confirmation-needed', 'comparing needs a terminal, or the number with --number', {
      hints: [`intechat verify ${who} --number "12345 12345 …"`],
    });
  }
  return withAccount(call, { link: true }, async (account) => {
    if (number !== undefined) return byNumber(call, account, who, number);
    const found = await account.query({ type: 'fingerprint', who });
    const answer = await ask(call, found, (await account.query({ type: 'whoami' })).name);
    return byAnswer(call, account, found, answer);
  });
}

async function byNumber(call: Call, account: SharedAccount, who: string, number: string): Promise<ExitCode> {
  const { matched, name } = await account.execute({ type: 'verify', who, number });
  if (!matched) throw mismatch(name);
  return verified(call, account, name);
}

async function ask(
  { printer, terminal }: Call,
  { name, number = '' }: FingerprintView,
  ownName: string,
): Promise<Answer> {
  for (const row of numberRows(number)) printer.line(row);
  printer.line(say``);
  printer.line(
    say`ask ${name} to run: intechat verify ${ownName}; the numbers must be the same on both screens`,
  );
  const answer = (await terminal.ask(say`same? [y/N/later] `))?.trim().toLowerCase() ?? 'later';
  if (/^y(es)?$/.test(answer)) return 'same';
  return /^l(ater)?$/.test(answer) ? 'later' : 'different';
}

async function byAnswer(
  call: Call,
  account: SharedAccount,
  { name, number }: FingerprintView,
  answer: Answer,
): Promise<ExitCode> {
  switch (answer) {
    case 'same':
      // What was compared is what was shown, even if the key changed meanwhile.
      return byNumber(call, account, name, number ?? '');
    case 'different':
      throw mismatch(name);
    case 'later':
      call.printer.line(say`nothing was marked; any time: intechat verify ${name}`);
      return EXIT.ok;
  }
}

async function verified(call: Call, account: SharedAccount, name: string): Promise<ExitCode> {
  call.printer.line(say`${name} is verified`);
  call.printer.result({ name, matched: true });
  await settle(call, account);
  return EXIT.ok;
}

function mismatch(name: string): TrustError {
  return new TrustError('mismatch', `the numbers are not the same; ${name} was not marked as verified`, {
    hints: [
      'first make sure that both of you look at the number with each other, and at every group',
      `still different: somebody may be in between; write nothing secret to ${name} and ask over another channel`,
    ],
  });
}
