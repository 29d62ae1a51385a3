/** A new account, and what its first relay requests look like. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { keyFingerprint, signSessionChallenge } from '../../crypto/account/challenge.ts';
import { makeDeviceEntry } from '../../crypto/account/device-entry.ts';
import { makeFirstRecord } from '../../crypto/account/make-record.ts';
import {
  deriveRootKeyPair,
  formatRecoveryWords,
  generateRecoverySecret,
  type RecoverySecret,
} from '../../crypto/account/recovery.ts';
import { equalBytes, fromUtf8 } from '../../crypto/bytes.ts';
import { MAX_REGISTRATION_ID } from '../../crypto/constants.ts';
import { TrustError } from '../../crypto/errors.ts';
import { generateKeyPair, parsePublicKey } from '../../crypto/keys/keys.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import type { Random } from '../../crypto/random.ts';
import { Secret } from '../../crypto/secret.ts';
import { CAPABILITY_KIND, type RequestOf, type ResponseOf } from '../../relay/protocol/operations.ts';
import { makeCapability, markRegistered, unregistered } from './capabilities.ts';
import type { Outcome } from './input.ts';
import { CAPABILITY_POOL, DAY_MS, SWEEP_EVERY_MS } from './limits.ts';
import { confirmUpload, makeFirstPreKeys, preKeyState, uploadRequest } from './prekeys.ts';
import { drawNumber, ownAccount } from './state.ts';
import { ONLY } from './tables/define.ts';
import {
  type AccountRow,
  accountTable,
  countersTable,
  type RelayRow,
  settingsTable,
  uploadsTable,
} from './tables/own.ts';
import { chainsTable } from './tables/people.ts';
import type { View, Write } from './tables.ts';
import { Transaction } from './transaction.ts';

/** A relay as it is pinned: the SHA-256 of its root key, and where it was reached last. */
export type RelayAddress = RelayRow;

const FIRST_DEVICE = 1;
const TOKEN_BYTES = 32;
const RELAY_NONCE_BYTES = 32;

export interface CreateAccountParams {
  /** Any spelling; the canonical form is registered. */
  readonly username: string;
  readonly relay: RelayRow;
  readonly hasPassphrase: boolean;
  /** Shown in the list of sessions. */
  readonly label?: string;
  readonly nowMs: number;
  readonly random: Random;
}

export interface RegistrationAnswers {
  /** base64 without padding of the 32-byte auth key; absent for a key-file account. */
  readonly authKey?: string;
  readonly inviteCode?: string;
}

export interface CreatedAccount {
  readonly accountId: AccountId;
  /** In canonical form. */
  readonly username: string;
  /** To be committed before the request leaves. */
  readonly writes: readonly Write[];
  readonly recoveryWords: readonly string[];
  /** Belongs to the account's row: for a second wrap of the store key, not to be wiped. */
  readonly recoverySecret: RecoverySecret;
}

/**
 * Makes every key of a new account; nothing is known to a relay yet.
 * @throws UsageError for a name that cannot be registered.
 */
export function createAccount(params: CreateAccountParams): CreatedAccount {
  const { random, nowMs } = params;
  const tx = new Transaction(EMPTY, params);
  const recoverySecret = generateRecoverySecret(random);
  const account = makeIdentity(tx, params, recoverySecret);
  tx.put(settingsTable, ONLY, {
    acceptFrom: 'ask',
    listed: true,
    listedAtRelay: true,
    stamp: { lamport: 0, device: account.device },
  });
  tx.put(countersTable, ONLY, {
    lamport: 0,
    position: 0,
    order: 0,
    seenFirst: 1,
    seenNext: 1,
    nextSweepMs: nowMs + SWEEP_EVERY_MS,
    dropped: 0,
    capabilityRefillMs: 0,
  });
  makeFirstPreKeys(tx);
  makeCapability(tx, CAPABILITY_KIND.address);
  for (let i = 1; i < CAPABILITY_POOL; i++) makeCapability(tx, CAPABILITY_KIND.contact);
  using words = formatRecoveryWords(recoverySecret);
  return {
    accountId: account.accountId,
    username: account.username,
    writes: tx.finish().writes,
    recoveryWords: fromUtf8(words.expose()).split(' '),
    recoverySecret,
  };
}

/**
 * The registration of a store in state `registering`; the same again after a crash is idempotent.
 * Send it on an anonymous connection to the home relay, then `step` its confirmation, operation `register`.
 */
export function registerRequest(view: View, answers: RegistrationAnswers): RequestOf<'register'> {
  const { accountId, sessionToken, label } = ownAccount(view);
  const [record = new Uint8Array(0)] = view.get(chainsTable, accountId)?.records ?? [];
  const [upload] = view.list(uploadsTable);
  const none = { number: 0, oneTimeIds: [], kemIds: [] };
  return {
    record,
    ...answers,
    preKeys: uploadRequest(view, upload?.[1] ?? none),
    capabilities: unregistered(view),
    sessionTokenHash: sha256(sessionToken.expose()),
    ...(label === undefined ? {} : { label }),
  };
}

/** The relay has the account: what it was registered with is not sent again. */
export function onRegistered(tx: Transaction, outcome: Outcome<ResponseOf<'register'>>): void {
  const account = ownAccount(tx);
  if (!outcome.ok || account.state !== 'registering') return;
  if (!equalBytes(outcome.response.account, account.accountId)) {
    throw new TrustError('wrong-account', 'the relay registered another account');
  }
  tx.put(accountTable, ONLY, { ...account, state: 'active' });
  markRegistered(
    tx,
    unregistered(tx).map(({ hash }) => hash),
  );
  for (const [, row] of tx.list(uploadsTable)) {
    const { oneTimePreKeys, oneTimeKemPreKeys } = preKeyState(tx);
    confirmUpload(tx, row, {
      oneTimePreKeys: oneTimePreKeys + row.oneTimeIds.length,
      oneTimeKemPreKeys: oneTimeKemPreKeys + row.kemIds.length,
    });
  }
}

/**
 * Opens the device session on a connection whose hello was verified.
 * @throws TrustError `wrong-relay` when that relay is not the one of this account.
 */
export function signInRequest(
  view: View,
  hello: { readonly relayNonce: Uint8Array; readonly rootKey: Uint8Array },
  random: Random,
): RequestOf<'signIn'> {
  const { accountId, device, relay, sessionToken, identityKeyPair, label } = ownAccount(view);
  const fingerprint = keyFingerprint(parsePublicKey(hello.rootKey));
  if (!equalBytes(fingerprint, relay.fingerprint) || hello.relayNonce.length !== RELAY_NONCE_BYTES) {
    throw new TrustError('wrong-relay', 'this is not the relay of the account');
  }
  const challenge = {
    relayNonce: hello.relayNonce,
    relayFingerprint: relay.fingerprint,
    tokenHash: sha256(sessionToken.expose()),
    accountId,
    deviceId: device,
  };
  return {
    account: accountId,
    device,
    token: sessionToken.expose().slice(),
    signature: signSessionChallenge(identityKeyPair.privateKey, challenge, random),
    ...(label === undefined ? {} : { label }),
  };
}

/** Signs a store in again after `logout`; the same identity, a new session. */
export function signBackIn(view: View): readonly Write[] {
  const account = ownAccount(view);
  if (account.state !== 'signed-out') return [];
  return [{ kind: 'put', table: accountTable, key: ONLY, row: { ...account, state: 'active' } }];
}

/** The relay is reached elsewhere now; that it is the same one was proved by its key. */
export function findRelayAt(view: View, { host, port }: Pick<RelayRow, 'host' | 'port'>): readonly Write[] {
  const account = ownAccount(view);
  const { relay } = account;
  if (relay.host === host && relay.port === port) return [];
  return [
    { kind: 'put', table: accountTable, key: ONLY, row: { ...account, relay: { ...relay, host, port } } },
  ];
}

/** The session ended for good; its token is never used again. */
export function signOut(tx: Transaction): void {
  const account = ownAccount(tx);
  if (account.state !== 'active') return;
  tx.spend(account.sessionToken);
  const sessionToken = new Secret('SessionToken', tx.random.draw('sessionToken', TOKEN_BYTES));
  tx.put(accountTable, ONLY, { ...account, state: 'signed-out', sessionToken });
}

/** What the engine needs to know about an opened store. */
export type AccountFacts = Pick<
  AccountRow,
  'accountId' | 'username' | 'device' | 'relay' | 'state' | 'hasPassphrase'
>;

/** @returns undefined for a store without an account. */
export function accountFacts(view: View): AccountFacts | undefined {
  return view.get(accountTable, ONLY);
}

const EMPTY: View = { get: () => undefined, list: () => [], at: () => undefined };

function makeIdentity(
  tx: Transaction,
  { username, relay, hasPassphrase, label }: CreateAccountParams,
  recoverySecret: RecoverySecret,
): AccountRow {
  const { random, nowMs } = tx;
  const root = deriveRootKeyPair(recoverySecret);
  const identityKeyPair = generateKeyPair(random, 'identityKey');
  const registrationId = 1 + drawNumber(random, 'registrationId', MAX_REGISTRATION_ID);
  const claim = { firstRootKey: root.publicKey, id: FIRST_DEVICE, registrationId, identityKeyPair };
  const devices = [makeDeviceEntry(claim, random)];
  // The relay keeps the record for ever and shows it to others; the day is all that they need to know.
  const timeMs = nowMs - (nowMs % DAY_MS);
  const { record, chain } = makeFirstRecord(
    { username, relayFingerprint: relay.fingerprint, root, devices, timeMs },
    random,
  );
  root.privateKey.wipe();
  const account: AccountRow = {
    accountId: chain.accountId,
    username: chain.current.username,
    device: FIRST_DEVICE,
    registrationId,
    identityKeyPair,
    relay,
    sequence: chain.sequence,
    hash: chain.hash,
    rootKey: root.publicKey,
    sessionToken: new Secret('SessionToken', random.draw('sessionToken', TOKEN_BYTES)),
    state: 'registering',
    recoverySecret,
    createdMs: nowMs,
    hasPassphrase,
    ...(label === undefined ? {} : { label }),
  };
  tx.put(accountTable, ONLY, account);
  tx.put(chainsTable, account.accountId, { records: [record] });
  return account;
}
