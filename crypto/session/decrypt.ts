/**
 * Finds the session that a message belongs to and opens it. A refused message changes nothing, because every
 * step works on values; only the reason that the sender may learn leaves this file.
 *
 * @see Sesame, section 3.4; signal-wire section 8
 */

import {
  MAX_ARCHIVED_JUMPS,
  MAX_FORWARD_JUMP,
  MAX_FORWARD_JUMP_SELF,
  SESSION_VERSION,
} from '../constants.ts';
import { CodecError, ProtocolError, UsageError } from '../errors.ts';
import type { ProtocolAddress } from '../keys/address.ts';
import { equalPublicKeys, type PublicKey, parsePublicKey } from '../keys/keys.ts';
import type { Random } from '../random.ts';
import { ratchetDecrypt, stepsToOpen } from '../ratchet/triple-ratchet.ts';
import type { AnySecret, Step } from '../secret.ts';
import { MESSAGE_TYPE } from '../wire/message-type.ts';
import { decodePreKeySignalMessage, type PreKeySignalMessage } from '../wire/pre-key-signal-message.ts';
import { decodeSignalMessage, type SignalMessage } from '../wire/signal-message.ts';
import { acceptSession, type PreKeySource, type UsedPreKeys } from './accept.ts';
import {
  type ArchivedSession,
  EMPTY_RECORD,
  openArchivedSession,
  promoteSession,
  replaceCurrentSession,
  type SessionRecord,
  wipeSession,
} from './record.ts';
import { bindAddresses, isSelfSession, type LocalParty, type SessionState } from './state.ts';

export interface DecryptMessageParams {
  readonly record: SessionRecord | undefined;
  readonly local: LocalParty;
  readonly remote: ProtocolAddress;
  readonly message: { readonly type: number; readonly bytes: Uint8Array };
  readonly preKeys: PreKeySource;
  readonly nowMs: number;
}

export interface DecryptedMessage {
  readonly plaintext: Uint8Array;
  /** Of the session that opened the message: the caller decides whether it is trusted before it commits. */
  readonly remoteIdentityKey: PublicKey;
  /** Only when the message created a session: what the caller deletes or remembers in the same commit. */
  readonly used?: UsedPreKeys;
}

type Decrypted = Step<SessionRecord, DecryptedMessage>;

/**
 * Opens a message of type 2 or 3. For type 3 the caller has compared the identity key that
 * `peekPreKeyMessage` shows with the one it trusts.
 *
 * @throws ProtocolError `duplicate-message`; `session-not-found` (type 2 without a record); `invalid-key-id`
 *   (a pre-key is gone); `invalid-message` for everything else that does not decrypt
 * @throws CodecError `legacy-version`, `unrecognized-version`, `invalid-message` from the decoder
 * @throws UsageError `bad-message-type`
 * @throws what `preKeys` throws, as it is, when that is neither a ProtocolError nor a CodecError
 */
export function decryptMessage(params: DecryptMessageParams, random: Random): Decrypted {
  const { type, bytes } = params.message;
  switch (type) {
    case MESSAGE_TYPE.whisper: {
      const message = decodeSignalMessage(bytes);
      if (params.record === undefined) {
        throw new ProtocolError('session-not-found', 'there is no session with this address');
      }
      return decryptWhisper(params, params.record, message, random);
    }
    case MESSAGE_TYPE.preKey:
      return hidingReasons(() => decryptPreKey(params, decodePreKeySignalMessage(bytes), random));
    default:
      throw new UsageError('bad-message-type', 'only messages of a session can be decrypted here');
  }
}

/** What a pre-key message claims before anything of it is checked. */
export interface PreKeyMessageClaims {
  readonly identityKey: PublicKey;
  readonly baseKey: PublicKey;
  readonly registrationId: number;
  readonly oneTimePreKeyId: number | undefined;
  readonly signedPreKeyId: number;
  readonly kemPreKeyId: number;
}

/** @throws CodecError `legacy-version`, `unrecognized-version`, `invalid-message` */
export function peekPreKeyMessage(bytes: Uint8Array): PreKeyMessageClaims {
  const message = decodePreKeySignalMessage(bytes);
  return {
    identityKey: parsePublicKey(message.identityKey),
    baseKey: parsePublicKey(message.baseKey),
    registrationId: message.registrationId,
    oneTimePreKeyId: message.preKeyId,
    signedPreKeyId: message.signedPreKeyId,
    kemPreKeyId: message.kemPreKeyId,
  };
}

/**
 * Current session first, then the archived ones from the newest; a duplicate ends the search. An archived
 * session is passed over when the message is so far ahead of it that its share of the work is used up: the one
 * that a late message belongs to has the chain already and is near.
 */
function decryptWhisper(
  params: DecryptMessageParams,
  record: SessionRecord,
  message: SignalMessage,
  random: Random,
): Decrypted {
  if (record.current !== undefined) {
    const opened = tryOpen(params, record.current, message, random);
    if (opened !== undefined) {
      return { ...opened, state: { current: opened.state, archived: record.archived } };
    }
  }
  let jumpsLeft = MAX_ARCHIVED_JUMPS;
  for (const archived of record.archived) {
    const session = openArchivedSession(archived);
    const jumps = stepsToOpen(session.ratchet, message) / maxJump(params, session);
    if (jumps > jumpsLeft) {
      wipeSession(session);
      continue;
    }
    jumpsLeft -= jumps;
    const opened = tryOpenArchived(params, session, message, random);
    if (opened !== undefined) return promoted(record, archived, opened);
  }
  throw new ProtocolError('invalid-message', 'no session opens the message');
}

function decryptPreKey(
  params: DecryptMessageParams,
  message: PreKeySignalMessage,
  random: Random,
): Decrypted {
  if (message.version !== SESSION_VERSION) {
    throw new ProtocolError('invalid-message', 'sessions without a KEM are not supported');
  }
  const record = params.record ?? EMPTY_RECORD;
  if (record.current !== undefined && equalPublicKeys(record.current.baseKey, message.baseKey)) {
    checkIdentity(record.current, message);
    const opened = open(params, record.current, message.message, random);
    return { ...opened, state: { current: opened.state, archived: record.archived } };
  }
  const archived = record.archived.find((each) => equalPublicKeys(each.baseKey, message.baseKey));
  if (archived !== undefined) {
    return promoted(record, archived, openOrWipe(params, openArchivedSession(archived), message, random));
  }
  const { session, used } = acceptSession(params, message);
  const opened = openOrWipe(params, session, message, random);
  const replaced = replaceCurrentSession(record, opened.state);
  return {
    state: replaced.state,
    output: { ...opened.output, used },
    spent: [...opened.spent, ...replaced.spent],
  };
}

/** For a session that was made live for this message: when it is refused, nothing of the session stays. */
function openOrWipe(
  params: DecryptMessageParams,
  session: SessionState,
  message: PreKeySignalMessage,
  random: Random,
): Opened {
  try {
    checkIdentity(session, message);
    return open(params, session, message.message, random);
  } catch (error) {
    wipeSession(session);
    throw error;
  }
}

interface Opened {
  readonly state: SessionState;
  readonly output: DecryptedMessage;
  readonly spent: readonly AnySecret[];
}

/** Opens the message with this session, or throws why not. Success acknowledges the session. */
function open(
  params: DecryptMessageParams,
  session: SessionState,
  message: SignalMessage,
  random: Random,
): Opened {
  if (message.version !== SESSION_VERSION) {
    throw new ProtocolError('invalid-message', 'the message has another version than the session');
  }
  const { localIdentityKey, remoteIdentityKey } = session;
  const { local, remote } = params;
  const step = ratchetDecrypt(
    session.ratchet,
    {
      correspondents: { senderIdentityKey: remoteIdentityKey, receiverIdentityKey: localIdentityKey },
      message,
      addresses: message.addresses === undefined ? undefined : bindAddresses(remote, local.address),
      maxJump: maxJump(params, session),
    },
    random,
  );
  return {
    state: { ...session, pending: undefined, ratchet: step.state },
    output: { plaintext: step.output, remoteIdentityKey },
    spent: step.spent,
  };
}

/** How far a message counter may run ahead of the session. */
function maxJump({ local, remote }: DecryptMessageParams, session: SessionState): number {
  const selfSession = isSelfSession(
    { address: local.address, identityKey: session.localIdentityKey },
    { address: remote, identityKey: session.remoteIdentityKey },
  );
  return selfSession ? MAX_FORWARD_JUMP_SELF : MAX_FORWARD_JUMP;
}

/** undefined when another session may do better; a duplicate is known to belong to this one. */
function tryOpen(
  params: DecryptMessageParams,
  session: SessionState,
  message: SignalMessage,
  random: Random,
): Opened | undefined {
  try {
    return open(params, session, message, random);
  } catch (error) {
    if (!isRefusal(error) || error.code === 'duplicate-message') throw error;
    return undefined;
  }
}

function tryOpenArchived(
  params: DecryptMessageParams,
  session: SessionState,
  message: SignalMessage,
  random: Random,
): Opened | undefined {
  let opened: Opened | undefined;
  try {
    opened = tryOpen(params, session, message, random);
    return opened;
  } finally {
    if (opened === undefined) wipeSession(session);
  }
}

function promoted(record: SessionRecord, archived: ArchivedSession, opened: Opened): Decrypted {
  const step = promoteSession(record, archived, opened.state);
  return { state: step.state, output: opened.output, spent: [...opened.spent, ...step.spent] };
}

function checkIdentity(session: SessionState, message: PreKeySignalMessage): void {
  if (!equalPublicKeys(session.remoteIdentityKey, message.identityKey)) {
    throw new ProtocolError('invalid-message', 'the session has another identity key');
  }
}

/** The codes that a refusal may have; every other failure of a peer's input looks the same from outside. */
const TOLD_REASONS = new Set([
  'duplicate-message',
  'invalid-key-id',
  'invalid-message',
  'legacy-version',
  'unrecognized-version',
]);

/** Whether the message is at fault. A store that fails, or a bug, must not look like a bad message. */
function isRefusal(error: unknown): error is ProtocolError | CodecError {
  return error instanceof ProtocolError || error instanceof CodecError;
}

function hidingReasons<T>(decrypt: () => T): T {
  try {
    return decrypt();
  } catch (error) {
    if (!isRefusal(error) || TOLD_REASONS.has(error.code)) throw error;
    throw new ProtocolError('invalid-message', 'the message cannot be decrypted', { cause: error });
  }
}
