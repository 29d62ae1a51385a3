/**
 * One account, many programs: whoever opens the store first holds its lock and serves the socket, everybody
 * else goes through it. When that program ends, the next one that needs the account takes its place.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { StoreError } from '../../crypto/errors.ts';
import { AccountServer, type OwnedAccount } from './account-server.ts';
import { checkVersions, type Lifetime, type OwnerHello, type OwnerRole } from './hello.ts';
import { ACQUIRE_MAX_MS, ACQUIRE_PAUSE_MS, API_VERSION, FAREWELL_MAX_MS, LINGER_MAX_MS } from './limits.ts';
import { RemoteAccount } from './remote-account.ts';
import { SharedAccount } from './shared-account.ts';
import { hasSocketDirectory, type SocketPlace } from './socket-path.ts';

export interface AccessParams {
  readonly account: string;
  readonly place: SocketPlace;
  readonly version: string;
  readonly role: OwnerRole;
  readonly lifetime: Lifetime;
  /** Whether this program needs the relay. */
  readonly link: boolean;
  /**
   * Opens the store in this process; asks for a passphrase if it must. Not called while another program has
   * the account open. @throws StoreError `store-in-use`
   */
  readonly open: () => Promise<OwnedAccount>;
  /** Waits until the account is this process's own: for a daemon. */
  readonly mustOwn?: boolean;
  /** A client asked the daemon to end. */
  readonly onStop?: () => void;
}

/** The account as this process has it now. */
export type Held =
  | { readonly kind: 'owned'; readonly surface: OwnedAccount; readonly server: AccountServer }
  | { readonly kind: 'remote'; readonly surface: RemoteAccount };

/**
 * @throws StoreError `store-in-use` when the account stays locked by a program that does not serve it,
 * `daemon-too-old`, `program-too-old`, `socket-path-too-long`, `socket-directory-unsafe`; and whatever
 * opening the store throws.
 */
export async function connectOrOpen(params: AccessParams): Promise<SharedAccount> {
  return new SharedAccount(await acquire(params), {
    reopen: () => acquire(params),
    release: (held, linger) => release(held, linger && params.role === 'command'),
  });
}

/** The program that has the account open, if there is one. The caller closes it. */
export async function connectToOwner(
  params: Pick<AccessParams, 'place' | 'version' | 'lifetime' | 'link'>,
): Promise<RemoteAccount | undefined> {
  const { place, version, lifetime, link } = params;
  if (!hasSocketDirectory(place)) return undefined;
  const hello = { version, api: API_VERSION, lifetime, link };
  const remote = await RemoteAccount.connect(place.path, hello);
  if (remote === undefined) return undefined;
  try {
    checkVersions(version, remote.owner);
    return remote;
  } catch (error) {
    await remote.close();
    throw error;
  }
}

async function acquire(params: AccessParams): Promise<Held> {
  let until = Date.now() + ACQUIRE_MAX_MS;
  for (;;) {
    const remote = await viaOwner(params);
    if (remote !== undefined) return remote;
    const triedMs = Date.now();
    const owned = await asOwner(params);
    if (owned !== undefined) return owned;
    // Somebody may have been asked for a passphrase, and taken their time.
    until += Date.now() - triedMs;
    if (Date.now() > until) throw storeStaysInUse(params);
    await pause(ACQUIRE_PAUSE_MS * (1 + Math.random()));
  }
}

async function viaOwner(params: AccessParams): Promise<Held | undefined> {
  const remote = await connectToOwner(params);
  if (remote === undefined) return undefined;
  if (params.mustOwn !== true) return { kind: 'remote', surface: remote };
  const { role, pid } = remote.owner;
  await remote.close();
  if (role === 'command') return undefined;
  throw new StoreError('store-in-use', `the account is open already, in process ${pid}`, {
    hints: role === 'daemon' ? ['end it with: intechat daemon stop'] : ['end the interactive chat first'],
  });
}

/** @returns undefined when another program has the store. */
async function asOwner(params: AccessParams): Promise<Held | undefined> {
  let surface: OwnedAccount;
  try {
    surface = await params.open();
  } catch (error) {
    // Somebody is opening it, and will serve it in a moment; or is closing it.
    if (error instanceof StoreError && error.code === 'store-in-use') return undefined;
    throw error;
  }
  const { account, place, version, role, onStop = () => {} } = params;
  try {
    const hello: OwnerHello = { version, api: API_VERSION, account, role, pid: process.pid };
    const server = await AccountServer.open({ account: surface, place, hello, onStop });
    if (params.link) surface.connect();
    return { kind: 'owned', surface, server };
  } catch (error) {
    await surface.close();
    throw error;
  }
}

async function release(held: Held, linger: boolean): Promise<void> {
  const { surface } = held;
  if (held.kind === 'remote') {
    await surface.close();
    return;
  }
  // A command that happened to be first does not cut off those that came through it.
  if (linger) await held.server.idle(LINGER_MAX_MS);
  await held.server.close(FAREWELL_MAX_MS, () => surface.close());
}

function storeStaysInUse({ place }: AccessParams): StoreError {
  return new StoreError('store-in-use', 'another program has this account open and does not answer', {
    hints: [`it should serve ${place.path}; end that program and try again`],
  });
}
