/** A new account, and what its first relay requests look like. */

import { BugError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import type { RequestOf } from '../../relay/protocol/operations.ts';
import type { View, Write } from './tables.ts';

export interface RelayAddress {
  /** 32-byte SHA-256 of the relay's root public key. */
  readonly fingerprint: Uint8Array;
  readonly host: string;
  readonly port: number;
}

export interface CreateAccountParams {
  readonly username: string;
  readonly relay: RelayAddress;
  readonly hasPassphrase: boolean;
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
  readonly accountId: Uint8Array;
  /** To be committed before the request leaves. */
  readonly writes: readonly Write[];
  readonly recoveryWords: readonly string[];
}

/** Makes every key of a new account; nothing is known to a relay yet. */
export function createAccount(_params: CreateAccountParams): CreatedAccount {
  throw new BugError('bug', 'the account machine is being built');
}

/**
 * The registration of a store in state `registering`; the same again after a crash is idempotent.
 * Send it on an anonymous connection to the home relay, then `step` its confirmation with tag `register`.
 */
export function registerRequest(_view: View, _answers: RegistrationAnswers): RequestOf<'register'> {
  throw new BugError('bug', 'the account machine is being built');
}

/** Opens the device session on a connection whose hello was verified. */
export function signInRequest(
  _view: View,
  _hello: { readonly relayNonce: Uint8Array; readonly rootKey: Uint8Array },
  _random: Random,
): RequestOf<'signIn'> {
  throw new BugError('bug', 'the account machine is being built');
}

/** What the engine needs to know about an opened store. */
export interface AccountFacts {
  readonly accountId: Uint8Array;
  readonly username: string;
  readonly deviceId: number;
  readonly relay: RelayAddress;
  readonly state: 'registering' | 'active' | 'signed-out';
  readonly hasPassphrase: boolean;
}

/** @returns undefined for a store without an account. */
export function accountFacts(_view: View): AccountFacts | undefined {
  throw new BugError('bug', 'the account machine is being built');
}
