/** The accounts of this machine: everything that front ends need besides the surface of an open one. */

import type { ChatError } from '../../crypto/errors.ts';
import type { AccountSurface } from '../core/surface.ts';
import { relayTransport } from '../transport/relay-transport.ts';
import { AccountEngine } from './account-engine.ts';
import { openAccountStore, type UnlockSource } from './account-store.ts';
import { type Host, hostWith } from './host.ts';
import { registrationUnfinished } from './login.ts';
import { accountPaths, type Paths } from './paths.ts';
import { factsOf } from './registration.ts';

export {
  type AccountSummary,
  currentAccount,
  findAccount,
  listAccounts,
  rememberedRelay,
  useAccount,
} from './account-index.ts';
export type { UnlockSource } from './account-store.ts';
export type { Host, Progress } from './host.ts';
export { type LoggedIn, type LoginParams, loginAccount } from './login.ts';
export { type AccountPaths, accountPaths, type Paths, resolvePaths } from './paths.ts';
export { type RegisteredAccount, type RegisterParams, registerAccount } from './registration.ts';

export interface OpenAccountParams {
  readonly paths: Paths;
  readonly name: string;
  readonly unlock: UnlockSource;
  /** Signs in to the relay; without it the account works on what is on this machine. */
  readonly connect: boolean;
  readonly host?: Partial<Host>;
}

export interface OpenedAccount extends AccountSurface {
  /** Resolves when the account stops: with the error that stopped it, or with nothing after `close`. */
  readonly stopped: Promise<ChatError | undefined>;
  /** For an account that was opened without the relay, once somebody needs it. Again does nothing. */
  connect(): void;
}

/**
 * Opens an account of this machine.
 * @throws StoreError `store-in-use`, `wrong-passphrase`, `passphrase-missing`, `wrong-key-file`,
 * `unsafe-permissions`, `store-damaged`, `store-too-new`; UsageError `no-account`, `registration-unfinished`
 */
export async function openAccount(params: OpenAccountParams): Promise<OpenedAccount> {
  const { paths, name, unlock, connect } = params;
  const { random, clock, stretcher, links } = hostWith(params.host);
  const { store } = await openAccountStore({ paths, name, unlock, random, stretcher });
  try {
    const { state, relay } = factsOf(store);
    if (state === 'registering') throw registrationUnfinished(name);
    const files = accountPaths(paths, name);
    return new AccountEngine({
      store,
      random,
      clock,
      transport: relayTransport({ address: relay, random, clock, limits: links }),
      connect,
      signedOut: state === 'signed-out',
      paths: {
        data: paths.dataDirectory,
        account: files.directory,
        store: files.store,
        config: paths.configDirectory,
        runtime: paths.runtimeDirectory,
      },
    });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Ends the session at the relay and keeps the sealed store: `loginAccount` signs it in again. */
export async function logoutAccount(params: Omit<OpenAccountParams, 'connect'>): Promise<void> {
  const account = await openAccount({ ...params, connect: true });
  try {
    await account.execute({ type: 'logout' });
  } finally {
    await account.close();
  }
}
