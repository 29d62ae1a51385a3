/** `login`: an account of this machine signs in again. */

import { ChatError, StoreError } from '../../crypto/errors.ts';
import { type AccountSummary, findAccount, loginAccount, type UnlockSource } from '../engine/accounts.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { ownerOf, pathsOf, withPassphrase } from './open-account.ts';
import { say } from './safe-text.ts';

export async function login(call: Call): Promise<ExitCode> {
  const { flags, printer, interruption } = call;
  const paths = pathsOf(call);
  const name = flags.word('name');
  const known = knownAccount(call, name);
  if (known !== undefined && (await isSignedInElsewhere(call, known))) {
    printer.line(say`signed in already: ${known.name}`);
    printer.result({ name: known.name });
    return EXIT.ok;
  }
  const signIn = (unlock: UnlockSource) => interruption.race(loginAccount({ paths, name, unlock }));
  const { summary, relay } =
    known?.unlock === 'passphrase'
      ? await withPassphrase(call, known.name, (passphrase) => signIn({ passphrase }))
      : await signIn({ keyFile: true });
  printer.line(say`signed in: ${summary.name} on ${relay}`);
  printer.result({ name: summary.name, relay });
  return EXIT.ok;
}

/** Undefined where there are no keys of this name: signing in says so, and what to do. */
function knownAccount(call: Call, name: string): AccountSummary | undefined {
  try {
    return findAccount(pathsOf(call), name);
  } catch (error) {
    if (error instanceof ChatError && error.code === 'no-account') return undefined;
    throw error;
  }
}

/** @throws StoreError `store-in-use` where a program has the account open and is signed out. */
async function isSignedInElsewhere(call: Call, account: AccountSummary): Promise<boolean> {
  const remote = await ownerOf(call, account);
  if (remote === undefined) return false;
  try {
    const { link } = await remote.query({ type: 'status' });
    if (link !== 'signed-out') return true;
    throw new StoreError('store-in-use', `the account is open in process ${remote.owner.pid}`, {
      hints: ['end that program first; a daemon with: intechat daemon stop'],
    });
  } finally {
    await remote.close();
  }
}
