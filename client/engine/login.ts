/** Signing an account of this machine in again. It never makes a new identity for an old name. */

import { foldName } from '../../crypto/account/username.ts';
import { RelayError, UsageError } from '../../crypto/errors.ts';
import { signBackIn, signInRequest } from '../core/registration.ts';
import type { Store } from '../store/store.ts';
import { type AccountSummary, findAccount } from './account-index.ts';
import { openAccountStore, type UnlockSource } from './account-store.ts';
import { type Host, hostWith, type Progress } from './host.ts';
import { accountPaths, type Paths } from './paths.ts';
import { statIfThere } from './private-files.ts';
import { factsOf } from './registration.ts';
import { connectTo, relayUri } from './relay-target.ts';
import { takeStep } from './single-step.ts';

export interface LoginParams {
  readonly paths: Paths;
  readonly name: string;
  readonly unlock: UnlockSource;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly host?: Partial<Host>;
}

export interface LoggedIn {
  readonly summary: AccountSummary;
  readonly relay: string;
}

/**
 * Opens the sealed store, which proves the passphrase, and starts a device session at the relay: the one it
 * has, or a new one when that was ended.
 * @throws UsageError `no-keys-here`, `registration-unfinished`; StoreError as `openAccountStore`; RelayError
 */
export async function loginAccount(params: LoginParams): Promise<LoggedIn> {
  const { paths, unlock, onProgress } = params;
  const host = hostWith(params.host);
  const name = foldName(params.name);
  if (statIfThere(accountPaths(paths, name).header) === undefined) throw noKeysHere(name);
  const { random, stretcher } = host;
  onProgress?.('securing');
  const { store } = await openAccountStore({ paths, name, unlock, random, stretcher });
  try {
    const { state, relay } = factsOf(store);
    if (state === 'registering') throw registrationUnfinished(name);
    if (state === 'signed-out') await store.commit(signBackIn(store));
    onProgress?.('signing-in');
    await signIn(store, host);
    return { summary: findAccount(paths, name), relay: relayUri(relay) };
  } finally {
    await store.close();
  }
}

async function signIn(store: Store, host: Host): Promise<void> {
  try {
    await signInOnce(store, host);
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'session-revoked') throw error;
    // Ended from elsewhere: the device key still is the account's, so a new token starts a new session.
    await takeStep(store, host, { kind: 'link', link: 'home', state: 'down', reason: 'session-revoked' });
    await store.commit(signBackIn(store));
    await signInOnce(store, host);
  }
}

async function signInOnce(store: Store, host: Host): Promise<void> {
  const connection = await connectTo(factsOf(store).relay, host);
  try {
    await connection.request('signIn', signInRequest(store, connection.proof, host.random));
  } finally {
    connection.close();
  }
}

export function registrationUnfinished(name: string): UsageError {
  return new UsageError('registration-unfinished', `the registration of ${name} was not finished`, {
    hints: [`finish it with: intechat register ${name}`],
  });
}

function noKeysHere(name: string): UsageError {
  return new UsageError('no-keys-here', `no keys for ${name} on this machine`, {
    hints: [
      'the keys of an account are where it was registered, and nowhere else',
      'on this machine they get by: intechat key import (comes with a later version)',
    ],
  });
}
