/**
 * Making an account known to its relay. The sealed store is committed in the state `registering` before the
 * request leaves, so a lost answer never burns a name: the same command again finishes it.
 */

import { canonicalName } from '../../crypto/account/username.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { RelayError, UsageError } from '../../crypto/errors.ts';
import { authKdfParams, deriveAuthKey, type PassphraseKey } from '../../crypto/vault/passphrase.ts';
import { answer } from '../core/answer.ts';
import {
  type AccountFacts,
  accountFacts,
  createAccount,
  findRelayAt,
  registerRequest,
} from '../core/registration.ts';
import type { RelayRow } from '../core/tables/own.ts';
import type { Store } from '../store/store.ts';
import type { Connection } from '../transport/connection.ts';
import { type AccountSummary, findAccount, noteAccount, rememberedRelay } from './account-index.ts';
import {
  accountExists,
  createAccountStore,
  makeLock,
  type NewLock,
  openAccountStore,
  removeAccountStore,
  type UnlockSource,
  wipeLock,
} from './account-store.ts';
import { type Host, hostWith, type Progress } from './host.ts';
import { accountPaths, type Paths } from './paths.ts';
import { statIfThere } from './private-files.ts';
import { connectTo, parseRelayTarget, pin, relayUri } from './relay-target.ts';
import { takeStep } from './single-step.ts';

export interface RegisterParams {
  readonly paths: Paths;
  readonly name: string;
  /** `ic://…` of the relay or of an invitation to it; absent: the relay of the first account. */
  readonly relayUri?: string | undefined;
  readonly invite?: string | undefined;
  readonly unlock: UnlockSource;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly host?: Partial<Host>;
}

export interface RegisteredAccount {
  readonly summary: AccountSummary;
  readonly recoveryWords: readonly string[];
  /** `ic://` with the fingerprint, as it is pinned from now on. */
  readonly relay: string;
  /** The fingerprint was not given: it is what the relay showed on this first connection. */
  readonly trustedOnFirstUse: boolean;
  /** An earlier attempt that got no answer was finished. */
  readonly resumed: boolean;
}

/**
 * Registers an account, or finishes a registration whose answer was lost.
 * @throws UsageError of the name, the address and `account-exists`; RelayError what the relay refused with,
 * the store is gone again then, or why it could not be asked, then the same call again goes on.
 */
export async function registerAccount(params: RegisterParams): Promise<RegisteredAccount> {
  const { paths } = params;
  const host = hostWith(params.host);
  const name = canonicalName(params.name);
  const isThere = statIfThere(accountPaths(paths, name).header) !== undefined;
  const attempt = isThere ? await resume(params, name, host) : await begin(params, name, host);
  const { store, connection, authKey } = attempt;
  try {
    params.onProgress?.('registering');
    await submit(attempt);
    const facts = factsOf(store);
    const recoveryWords = await wordsOf(store, host);
    const relay = relayUri(facts.relay);
    noteAccount(paths, name, relay);
    const { trustedOnFirstUse, resumed } = attempt;
    return { summary: findAccount(paths, name), recoveryWords, relay, trustedOnFirstUse, resumed };
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    if (!isUnknownThere(error, attempt)) throw unfinished(name, error);
    await store.close();
    removeAccountStore(paths, name);
    throw nothingLeft(name, error);
  } finally {
    authKey?.wipe();
    connection.close();
    await store.close();
  }
}

/** What the relay says of a record that it has looked for and does not have. */
const NOT_REGISTERED: ReadonlySet<string> = new Set(['name-taken', 'key-taken', 'invite-refused']);

/** Keys are thrown away only when no relay can have them: the answer to an earlier attempt may have been lost. */
function isUnknownThere({ code, retry }: RelayError, { resumed }: Attempt): boolean {
  return retry === 'never' && (!resumed || NOT_REGISTERED.has(code));
}

interface Attempt {
  readonly host: Host;
  readonly store: Store;
  readonly connection: Connection;
  readonly authKey: ReturnType<typeof deriveAuthKey> | undefined;
  readonly inviteCode: string | undefined;
  readonly trustedOnFirstUse: boolean;
  readonly resumed: boolean;
}

async function begin(params: RegisterParams, name: string, host: Host): Promise<Attempt> {
  const { paths, unlock, onProgress } = params;
  const { relay, inviteCode } = parseRelayTarget(params.relayUri ?? rememberedRelay(paths), params.invite);
  onProgress?.('connecting');
  const connection = await connectTo(relay, host);
  try {
    const pinned = pin(relay, connection);
    onProgress?.('securing');
    const { lock, derived } = await makeLock(unlock, host, [authKdfParams(pinned.fingerprint, name)]);
    const store = await makeStore(params, name, host, { lock, relay: pinned }).catch((error: unknown) => {
      for (const each of derived) each.wipe();
      throw error;
    });
    const authKey = authKeyOf(derived);
    const trustedOnFirstUse = relay.fingerprint === undefined;
    return { host, store, connection, authKey, inviteCode, trustedOnFirstUse, resumed: false };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function makeStore(
  { paths }: RegisterParams,
  name: string,
  { random, clock }: Host,
  { lock, relay }: { readonly lock: NewLock; readonly relay: RelayRow },
): Promise<Store> {
  try {
    const hasPassphrase = !('keyFileKey' in lock);
    const created = createAccount({ username: name, relay, hasPassphrase, nowMs: clock.nowMs(), random });
    const { writes, recoverySecret } = created;
    return await createAccountStore({ paths, name, lock, recoverySecret, writes, random });
  } finally {
    wipeLock(lock);
  }
}

async function resume(params: RegisterParams, name: string, host: Host): Promise<Attempt> {
  const { paths, unlock, onProgress } = params;
  const { random, stretcher } = host;
  onProgress?.('securing');
  const { store, usesPassphrase } = await openAccountStore({ paths, name, unlock, random, stretcher });
  let derived: readonly PassphraseKey[] = [];
  let connection: Connection | undefined;
  try {
    const facts = factsOf(store);
    if (facts.state !== 'registering') throw accountExists(name);
    const given =
      params.relayUri === undefined ? undefined : parseRelayTarget(params.relayUri, params.invite);
    const relay = { ...(given?.relay ?? facts.relay), fingerprint: facts.relay.fingerprint };
    const asked = given?.relay.fingerprint;
    if (asked !== undefined && !equalBytes(asked, facts.relay.fingerprint)) throw otherRelay(name, facts);
    const kdf = authKdfParams(facts.relay.fingerprint, name);
    derived =
      usesPassphrase && 'passphrase' in unlock ? await stretcher.stretch(unlock.passphrase, [kdf]) : [];
    onProgress?.('connecting');
    connection = await connectTo(relay, host);
    await store.commit(findRelayAt(store, relay));
    const authKey = authKeyOf(derived);
    const inviteCode = given?.inviteCode ?? params.invite;
    return { host, store, connection, authKey, inviteCode, trustedOnFirstUse: false, resumed: true };
  } catch (error) {
    for (const each of derived) each.wipe();
    connection?.close();
    await store.close();
    throw error;
  }
}

async function submit({ host, store, connection, authKey, inviteCode }: Attempt): Promise<void> {
  const request = registerRequest(store, {
    ...(authKey === undefined ? {} : { authKey: base64(authKey.expose()) }),
    ...(inviteCode === undefined ? {} : { inviteCode }),
  });
  const response = await connection.request('register', request);
  const outcome = { ok: true as const, response };
  // The one request that the core does not ask for.
  const asked = { tag: 'register', serial: 0, operation: 'register' } as const;
  await takeStep(store, host, { kind: 'confirmation', ...asked, outcome });
}

/** @throws UsageError `no-account` for a store that holds none. */
export function factsOf(store: Store): AccountFacts {
  const facts = accountFacts(store);
  if (facts === undefined) throw new UsageError('no-account', 'this store holds no account');
  return facts;
}

async function wordsOf(store: Store, { clock }: Host): Promise<readonly string[]> {
  const snapshot = store.snapshot();
  try {
    const env = { nowMs: clock.nowMs(), paths: {} };
    return (await answer(snapshot, { type: 'recovery.words' }, env)).words;
  } finally {
    await snapshot.close();
  }
}

function authKeyOf(derived: readonly PassphraseKey[]): ReturnType<typeof deriveAuthKey> | undefined {
  const [key] = derived;
  if (key === undefined) return undefined;
  const authKey = deriveAuthKey(key);
  key.wipe();
  return authKey;
}

/** Without padding: 43 characters, below what bcrypt takes. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64').replace(/=+$/, '');
}

function nothingLeft(name: string, error: RelayError): RelayError {
  const { code, message, retry } = error;
  const hints = [...error.hints, `nothing of ${name} is left on this machine`];
  return new RelayError(code, message, { retry, hints, cause: error });
}

function unfinished(name: string, error: RelayError): RelayError {
  const { code, message, retry, retryAfterMs } = error;
  const hints = [...error.hints, `to finish it, run again: intechat register ${name}`];
  const options = { retry, hints, cause: error };
  return new RelayError(code, message, retryAfterMs === undefined ? options : { ...options, retryAfterMs });
}

function otherRelay(name: string, facts: AccountFacts): UsageError {
  return new UsageError('registration-elsewhere', `the registration of ${name} was begun at another relay`, {
    hints: [`finish it there: intechat register ${name} -r ${relayUri(facts.relay)}`],
  });
}
