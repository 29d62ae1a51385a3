/** A new account: one request, one transaction, safe to repeat. */

import { type ChainState, checkFirstRecord } from '../../crypto/account/check-chain.ts';
import { canonicalName } from '../../crypto/account/username.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { ChatError } from '../../crypto/errors.ts';
import { relayError } from '../protocol/errors.ts';
import type { AccountResponse, PreKeyUpload, RegisterRequest } from '../protocol/operations.ts';
import type { NewAccount } from '../store/store.ts';
import { type Caller, requireAnonymous } from './caller.ts';
import { checkCapabilities } from './capabilities.ts';
import type { RelayContext } from './context.ts';
import { checkPreKeys } from './pre-key-check.ts';

export async function register(
  context: RelayContext,
  caller: Caller,
  request: RegisterRequest,
): Promise<AccountResponse> {
  requireAnonymous(caller);
  context.admission.registration(caller.address, context.nowMs);
  const chain = context.open
    ? openFirstRecord(request.record, context.fingerprint)
    : openInvited(request.record, context.fingerprint);
  const { accountId } = chain;
  if ((await context.store.account(accountId)) !== undefined) return { account: accountId };
  // Only whose answer was lost goes on: without an invitation nobody learns whether a name is taken.
  if (!context.open) throw relayError('invite-refused');
  const account = await makeAccount(context, request, chain);
  switch (await context.store.createAccount(account)) {
    case 'created':
      context.chains.remember(chain);
      return { account: accountId };
    case 'repeated':
      return { account: accountId };
    case 'name-taken':
      throw relayError('name-taken');
    case 'key-taken':
      throw relayError('key-taken');
    case 'capability-taken':
      throw relayError('bad-request');
  }
}

/** Where an invitation is needed, that is all that is said about any record. */
function openInvited(record: Uint8Array, fingerprint: Uint8Array): ChainState {
  try {
    return openFirstRecord(record, fingerprint);
  } catch (cause) {
    if (cause instanceof ChatError) throw relayError('invite-refused', { cause });
    throw cause;
  }
}

function openFirstRecord(record: Uint8Array, fingerprint: Uint8Array): ChainState {
  const chain = refuseAs('bad-record', () => checkFirstRecord(record));
  if (!equalBytes(chain.current.relayFingerprint, fingerprint)) throw relayError('bad-record');
  const { username } = chain.current;
  if (refuseAs('bad-name', () => canonicalName(username)) !== username) throw relayError('bad-name');
  return chain;
}

async function makeAccount(
  context: RelayContext,
  request: RegisterRequest,
  chain: ChainState,
): Promise<NewAccount> {
  const { accountId: account, hash, sequence } = chain;
  const { username, devices } = chain.current;
  // The session and the keys that come along are those of the one device that registers.
  const [device] = devices;
  if (device === undefined || devices.length > 1) throw relayError('bad-record');
  requireComplete(request.preKeys);
  const preKeys = checkPreKeys(device.identityKey, request.preKeys);
  checkCapabilities(request.capabilities);
  const { record: bytes, capabilities, sessionTokenHash: tokenHash, authKey, label } = request;
  const session = { device: device.id, tokenHash };
  const created = {
    account,
    username,
    record: { bytes, sequence, hash, devices },
    preKeys,
    capabilities,
    session: label === undefined ? session : { ...session, label },
    day: context.today,
  };
  if (authKey === undefined) return created;
  if ((await context.store.accountByName(username)) !== undefined) throw relayError('name-taken');
  return { ...created, passwordHash: await context.passwords.hash(authKey) };
}

/** Who registers can be written to at once. */
function requireComplete({ signedPreKey, lastResortKemPreKey }: PreKeyUpload): void {
  if (signedPreKey === undefined || lastResortKemPreKey === undefined) throw relayError('bad-request');
}

function refuseAs<T>(code: 'bad-record' | 'bad-name', check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (cause instanceof ChatError) throw relayError(code, { cause });
    throw cause;
  }
}
