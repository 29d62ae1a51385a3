/** From the settings of a command line to an open account: here, or in the program that has it open. */

import { StoreError, UsageError } from '../../crypto/errors.ts';
import type { Secret } from '../../crypto/secret.ts';
import { type AccessParams, connectOrOpen, connectToOwner } from '../api/connect-or-open.ts';
import type { Lifetime, OwnerRole } from '../api/hello.ts';
import type { RemoteAccount } from '../api/remote-account.ts';
import type { SharedAccount } from '../api/shared-account.ts';
import { type SocketPlace, socketPlace } from '../api/socket-path.ts';
import {
  type AccountSummary,
  currentAccount,
  findAccount,
  listAccounts,
  type OpenedAccount,
  openAccount,
  type Paths,
  resolvePaths,
  type UnlockSource,
} from '../engine/accounts.ts';
import { parseUri } from '../wire/uri.ts';
import type { Call } from './call.ts';
import { passphraseMissing, passphraseSource, readPassphrase } from './passphrase.ts';
import { say } from './safe-text.ts';

export interface OpenOptions {
  /** Whether the command needs the relay. */
  readonly link: boolean;
  readonly role?: OwnerRole;
  readonly lifetime?: Lifetime;
  readonly mustOwn?: boolean;
  readonly onStop?: () => void;
  /** The way in where it is known already; stays the caller's. */
  readonly unlock?: UnlockSource;
}

/** Slips of the finger at the terminal; a file that is wrong stays wrong. */
const PASSPHRASE_TRIES = 3;

export function pathsOf({ settings, env }: Call): Paths {
  return resolvePaths(env, { dataDirectory: settings.dataDirectory });
}

/**
 * The account that the command is about.
 * @throws UsageError `no-account`, `ambiguous`
 */
export function chosenAccount(call: Call): AccountSummary {
  const paths = pathsOf(call);
  const name = call.settings.account ?? currentAccount(paths);
  if (name !== undefined) return findAccount(paths, name);
  const accounts = listAccounts(paths);
  if (accounts.length === 0) {
    throw new UsageError('no-account', 'there is no account on this machine yet', {
      hints: ['make one with: intechat register NAME'],
    });
  }
  throw new UsageError('ambiguous', 'there are several accounts on this machine and none was chosen', {
    hints: ['choose one with: intechat account use NAME', 'or name it: intechat -a NAME …'],
  });
}

export function placeOf(paths: Paths, account: AccountSummary): SocketPlace {
  const { runtimeDirectory, dataDirectory } = paths;
  return socketPlace({ runtimeDirectory, dataDirectory, account: account.name });
}

/** The program that has the account open, if there is one. The caller closes it. */
export function ownerOf(call: Call, account: AccountSummary): Promise<RemoteAccount | undefined> {
  const place = placeOf(pathsOf(call), account);
  const { version } = call.program;
  return call.interruption.race(connectToOwner({ place, version, lifetime: 'command', link: false }));
}

/** @throws StoreError and UsageError as `connectOrOpen` and `openAccount`, `passphrase-missing`. */
export async function openForCall(call: Call, options: OpenOptions): Promise<SharedAccount> {
  const paths = pathsOf(call);
  const summary = chosenAccount(call);
  const piped = options.unlock === undefined ? readPiped(call, summary) : undefined;
  const unlock = options.unlock ?? (piped === undefined ? undefined : { passphrase: piped });
  const params: AccessParams = {
    account: summary.name,
    place: placeOf(paths, summary),
    version: call.program.version,
    role: options.role ?? 'command',
    lifetime: options.lifetime ?? 'command',
    link: options.link,
    open: () => openHere(call, paths, summary, unlock),
    ...(options.mustOwn === undefined ? {} : { mustOwn: options.mustOwn }),
    ...(options.onStop === undefined ? {} : { onStop: options.onStop }),
  };
  const account = await call.interruption.race(connectOrOpen(params));
  // An account that is open here is not opened again.
  if (account.isOwner) piped?.wipe();
  try {
    // Who has just registered knows where.
    if (options.unlock === undefined) await checkRelay(call, account);
    return account;
  } catch (error) {
    await account.leave();
    throw error;
  }
}

/**
 * An account lives on one relay; whoever names another one would be misunderstood.
 * @throws UsageError `other-relay`, `bad-uri`
 */
async function checkRelay({ flags }: Call, account: SharedAccount): Promise<void> {
  const named = flags.text('relay');
  if (named === undefined) return;
  const { relay } = parseUri(named);
  const own = await account.query({ type: 'whoami' });
  if (`${relay.host}:${relay.port}` === own.relay) return;
  throw new UsageError('other-relay', `the account ${own.name} is on ${own.relay}, and nowhere else`, {
    hints: ['leave -r away; another account is chosen with -a NAME'],
  });
}

/** What comes out of a pipe comes once, and the account may take several tries to open. */
function readPiped({ settings, env }: Call, { unlock }: AccountSummary): Secret<'Passphrase'> | undefined {
  if (unlock !== 'passphrase') return undefined;
  const source = passphraseSource(settings, env);
  return source?.kind === 'fd' ? readPassphrase(source) : undefined;
}

/** Runs `work` with the account and closes it whatever happens. */
export async function withAccount<T>(
  call: Call,
  options: OpenOptions,
  work: (account: SharedAccount) => Promise<T>,
): Promise<T> {
  const account = await openForCall(call, options);
  try {
    return await call.interruption.race(work(account));
  } finally {
    if (call.interruption.happened) await account.leave();
    else await account.close();
  }
}

async function openHere(
  call: Call,
  paths: Paths,
  { name, unlock }: AccountSummary,
  known: UnlockSource | undefined,
): Promise<OpenedAccount> {
  const open = (source: UnlockSource): Promise<OpenedAccount> =>
    openAccount({ paths, name, unlock: source, connect: false });
  if (known !== undefined) return open(known);
  if (unlock !== 'passphrase') return open({ keyFile: true });
  return withPassphrase(call, name, (passphrase) => open({ passphrase }));
}

/**
 * Uses the passphrase that was named, or asks for it, again after a slip.
 * @throws StoreError `passphrase-missing`, `wrong-passphrase`; and what `use` throws.
 */
export async function withPassphrase<T>(
  call: Call,
  name: string,
  use: (passphrase: Secret<'Passphrase'>) => Promise<T>,
): Promise<T> {
  const { settings, env, terminal, printer } = call;
  const source = passphraseSource(settings, env);
  if (source !== undefined) {
    using passphrase = readPassphrase(source);
    return await use(passphrase);
  }
  if (!terminal.canAsk) throw passphraseMissing();
  for (let tries = 1; ; tries++) {
    using passphrase = await terminal.askSecret(say`passphrase of ${name}: `);
    try {
      return await use(passphrase);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'wrong-passphrase') throw error;
      if (tries >= PASSPHRASE_TRIES) throw error;
      printer.note(say`wrong passphrase; try again`);
    }
  }
}
