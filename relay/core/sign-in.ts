/** Three ways to be somebody on a connection: a device's key, the passphrase, the root or an enrolment key. */

import { type AccountId, parseAccountId } from '../../crypto/account/account-id.ts';
import {
  NO_DEVICE,
  NO_TOKEN_HASH,
  type SessionChallenge,
  verifySessionChallenge,
} from '../../crypto/account/challenge.ts';
import { decodeEnrolmentStatement, verifyEnrolment } from '../../crypto/account/enrolment.ts';
import { type AccountRecord, Enrolment } from '../../crypto/account/record-codec.ts';
import { foldName } from '../../crypto/account/username.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { ChatError } from '../../crypto/errors.ts';
import { type PublicKey, parsePublicKey } from '../../crypto/keys/keys.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import { relayError } from '../protocol/errors.ts';
import type {
  AccountResponse,
  EnrolmentSignInRequest,
  PasswordSignInRequest,
  SignInRequest,
  SignInResponse,
} from '../protocol/operations.ts';
import { type Caller, type DevicePeer, requireAnonymous } from './caller.ts';
import type { RelayContext } from './context.ts';

const SESSION_ID_BYTES = 16;
/** No account id: it is not one that a record could have. */
const NOBODY = new Uint8Array(16);

export async function signIn(
  context: RelayContext,
  caller: Caller,
  request: SignInRequest,
): Promise<SignInResponse> {
  requireAnonymous(caller);
  const { account, device, token, label } = request;
  const tokenHash = sha256(token);
  const listed = (await context.store.account(account))?.devices.find(({ id }) => id === device);
  const challenge = challengeOf(context, caller, account, device, tokenHash);
  // An unknown account, a device that is not listed and a wrong signature are one answer.
  const signed =
    listed !== undefined &&
    verifySessionChallenge(parsePublicKey(listed.identityKey), challenge, request.signature);
  if (!signed) throw badSignature(caller);
  const session = { account: account.slice(), device, tokenHash, day: context.today };
  const outcome = await context.store.openSession(label === undefined ? session : { ...session, label });
  switch (outcome.kind) {
    case 'not-listed':
      throw badSignature(caller);
    case 'revoked':
      throw relayError('session-revoked');
    case 'open': {
      const { fence, recordSequence, counts, waiting } = outcome;
      const sessionId = tokenHash.slice(0, SESSION_ID_BYTES);
      const peer: DevicePeer = { kind: 'device', account: session.account, device, fence, sessionId };
      caller.signIn(peer);
      // Who ended the session a moment ago could not find this connection yet.
      if (!(await isOpen(context, peer))) throw relayError('session-revoked');
      return { recordSequence, preKeys: counts, waiting };
    }
  }
}

async function isOpen(context: RelayContext, { account, device, sessionId }: DevicePeer): Promise<boolean> {
  const sessions = await context.store.sessions(account);
  return sessions.some((session) => session.device === device && equalBytes(session.id, sessionId));
}

export async function passwordSignIn(
  context: RelayContext,
  caller: Caller,
  request: PasswordSignInRequest,
): Promise<AccountResponse> {
  requireAnonymous(caller);
  const { username, authKey } = request;
  const name = foldOrUndefined(username);
  const attempt = context.admission.login(name ?? username, caller.address, context.nowMs);
  const entry = name === undefined ? undefined : await context.store.accountByName(name);
  // Also for a name that nobody has: both take the same steps.
  const hash = await context.store.passwordHash(entry?.account ?? NOBODY);
  let matches: boolean;
  try {
    matches = await context.passwords.verify(authKey, hash);
  } catch (error) {
    attempt.abandon();
    throw error;
  }
  if (entry === undefined || !matches) throw relayError('login-refused');
  attempt.succeed();
  caller.signIn({ kind: 'password', account: entry.account });
  return { account: entry.account };
}

export async function enrolmentSignIn(
  context: RelayContext,
  caller: Caller,
  request: EnrolmentSignInRequest,
): Promise<AccountResponse> {
  requireAnonymous(caller);
  const { enrolmentStatement: statement } = request;
  const newest = await context.chains.newest(request.account);
  if (newest === undefined) throw badSignature(caller);
  const account = parseId(request.account.slice());
  const signer =
    statement === undefined ? newest.rootKey : enrolmentKey(account, newest, statement, context.nowMs);
  const challenge = challengeOf(context, caller, account, NO_DEVICE, NO_TOKEN_HASH);
  if (signer === undefined || !verifySessionChallenge(signer, challenge, request.signature)) {
    throw badSignature(caller);
  }
  caller.signIn({ kind: 'enrolment', account });
  return { account };
}

/** The key of a statement that a listed device of this account signed and whose time is not over. */
function enrolmentKey(
  account: AccountId,
  newest: AccountRecord,
  encoded: Uint8Array,
  nowMs: number,
): PublicKey | undefined {
  try {
    const enrolment = Enrolment.decode(encoded);
    const statement = decodeEnrolmentStatement(enrolment.statement);
    const issuer = newest.devices.find(({ id }) => id === statement.issuer);
    const good =
      issuer !== undefined &&
      equalBytes(statement.accountId, account) &&
      statement.notAfterMs > nowMs &&
      verifyEnrolment(issuer.identityKey, enrolment);
    return good ? statement.enrolmentKey : undefined;
  } catch (error) {
    if (error instanceof ChatError) return undefined;
    throw error;
  }
}

function challengeOf(
  context: RelayContext,
  caller: Caller,
  account: Uint8Array,
  deviceId: number,
  tokenHash: Uint8Array,
): SessionChallenge {
  const { relayNonce } = caller;
  const { fingerprint: relayFingerprint } = context;
  return { relayNonce, relayFingerprint, tokenHash, accountId: parseId(account), deviceId };
}

function parseId(account: Uint8Array): AccountId {
  try {
    return parseAccountId(account);
  } catch (cause) {
    if (cause instanceof ChatError) throw relayError('bad-signature', { cause });
    throw cause;
  }
}

function badSignature(caller: Caller): Error {
  caller.suspect('signature');
  return relayError('bad-signature');
}

function foldOrUndefined(username: string): string | undefined {
  try {
    return foldName(username);
  } catch (error) {
    if (error instanceof ChatError) return undefined;
    throw error;
  }
}
