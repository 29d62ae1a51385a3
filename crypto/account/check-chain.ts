/**
 * Judges a chain of account records: is every record the honest successor of the one before, and did the
 * account's root key ever change without the old root's signature? Times are not judged here: a pure check
 * has no clock, and the relay is the one that both sides let judge them.
 */

import { equalBytes, isZero } from '../bytes.ts';
import { ChatError } from '../errors.ts';
import { equalPublicKeys, type PublicKey } from '../keys/keys.ts';
import { verifyObject } from '../keys/signature.ts';
import { type AccountId, deriveAccountId } from './account-id.ts';
import { type ChainFault, RecordChainError } from './chain-error.ts';
import { checkDeviceList, rememberDevices } from './check-devices.ts';
import { decodeEnrolmentStatement, verifyEnrolment } from './enrolment.ts';
import { MAX_CHAIN_BYTES, MAX_CHAIN_RECORDS, RECORD_VERSION } from './limits.ts';
import {
  type AccountRecord,
  type DeviceEntry,
  decodeAccountRecord,
  decodeRecordVersion,
  decodeSignedRecord,
  hashRecordBody,
  RECORD_DOMAIN,
  SIGNER,
  type SignedRecord,
} from './record-codec.ts';
import { isCanonicalName } from './username.ts';

/** What is known after a chain was checked up to its current record; never changed, only replaced. */
export interface ChainState {
  readonly accountId: AccountId;
  readonly current: AccountRecord;
  readonly sequence: number;
  /** Hash of the current record's body, 32 bytes. */
  readonly hash: Uint8Array;
  /** Root key of record 0: what every device entry of this account is signed for. */
  readonly firstRootKey: PublicKey;
  /** Every device that was ever listed, by id. */
  readonly everListed: ReadonlyMap<number, DeviceEntry>;
  readonly sizeBytes: number;
}

export type RecordSigner =
  /** The root key of the previous record (of record 0: its own). */
  | { readonly kind: 'root' }
  /** A root key that the previous record does not have. */
  | { readonly kind: 'new-root' }
  | { readonly kind: 'device'; readonly deviceId: number }
  | { readonly kind: 'enrolment'; readonly issuer: number; readonly notAfterMs: number };

/** The verdict on one more record. `reset`: the root key changed and the old root did not sign that. */
export interface RecordVerdict {
  readonly kind: 'valid' | 'reset';
  readonly signer: RecordSigner;
  readonly chain: ChainState;
}

interface ChainFacts {
  readonly accountId: AccountId;
  readonly current: AccountRecord;
  readonly hash: Uint8Array;
  readonly sequence: number;
  readonly chain: ChainState;
}

/** The verdict on a whole chain; `at` is the sequence of the newest reset that was not known before. */
export type ChainVerdict =
  | (ChainFacts & { readonly kind: 'valid' })
  | (ChainFacts & { readonly kind: 'reset'; readonly at: number });

export interface ChainExpectation {
  /** The id that was asked for. */
  readonly accountId?: AccountId;
  /** The newest record known before: the chain must contain it, and resets up to it are not reported again. */
  readonly known?: { readonly sequence: number; readonly hash: Uint8Array };
}

/**
 * Checks a whole chain, record 0 first.
 * @param records - signed records as received.
 * @throws ProtocolError `bad-record-chain` (a RecordChainError, whose `reason` says why).
 */
export function checkChain(records: readonly Uint8Array[], expected: ChainExpectation = {}): ChainVerdict {
  const [first, ...rest] = records;
  if (first === undefined) throw new RecordChainError('empty', 0);
  const chain = checkFirstRecord(first);
  if (expected.accountId !== undefined && !equalBytes(chain.accountId, expected.accountId)) {
    throw new RecordChainError('wrong-account', 0);
  }
  return follow(chain, rest, expected.known);
}

/**
 * Continues a chain that was checked before. Every reset among the new records is reported.
 * @param records - the records after `chain.sequence`, as received; none is fine.
 * @throws ProtocolError `bad-record-chain`; `chain` stands as it was.
 */
export function extendChain(chain: ChainState, records: readonly Uint8Array[]): ChainVerdict {
  return follow(chain, records, { sequence: chain.sequence, hash: chain.hash });
}

/**
 * Checks record 0: sequence 0, no previous record, signed by the root key that it names.
 * @throws ProtocolError `bad-record-chain`.
 */
export function checkFirstRecord(signed: Uint8Array): ChainState {
  const { envelope, record, hash } = open(signed, 0);
  if (record.sequence !== 0) throw new RecordChainError('sequence', 0);
  if (!isZero(record.previousHash)) throw new RecordChainError('previous-hash', 0);
  if (!isCanonicalName(record.username)) throw new RecordChainError('username', 0);
  checkDeviceList({ record, firstRootKey: record.rootKey, previous: undefined, everListed: new Map() });
  if (envelope.signer !== SIGNER.root) throw new RecordChainError('signer', 0);
  if (!isSignedBy(record.rootKey, envelope)) throw new RecordChainError('signature', 0);
  return {
    accountId: deriveAccountId(envelope.body),
    current: record,
    sequence: 0,
    hash,
    firstRootKey: record.rootKey,
    everListed: rememberDevices(new Map(), record),
    sizeBytes: signed.length,
  };
}

/**
 * Checks one more record against a checked chain; what a relay asks before its compare-and-swap.
 * @throws ProtocolError `bad-record-chain`; `chain` stands as it was.
 */
export function checkNextRecord(chain: ChainState, signed: Uint8Array): RecordVerdict {
  const sequence = chain.sequence + 1;
  const sizeBytes = chain.sizeBytes + signed.length;
  if (sequence >= MAX_CHAIN_RECORDS || sizeBytes > MAX_CHAIN_BYTES) {
    throw new RecordChainError('too-long', sequence);
  }
  const { envelope, record, hash } = open(signed, sequence);
  const { current: previous, firstRootKey, everListed } = chain;
  if (record.sequence !== sequence) throw new RecordChainError('sequence', sequence);
  if (!equalBytes(record.previousHash, chain.hash)) throw new RecordChainError('previous-hash', sequence);
  if (record.username !== previous.username) throw new RecordChainError('username', sequence);
  if (!equalBytes(record.relayFingerprint, previous.relayFingerprint)) {
    throw new RecordChainError('relay-changed', sequence);
  }
  checkDeviceList({ record, firstRootKey, previous, everListed });
  const signer = judgeSigner(chain, record, envelope);
  const rootChanged = !equalPublicKeys(record.rootKey, previous.rootKey);
  return {
    kind: rootChanged && signer.kind !== 'root' ? 'reset' : 'valid',
    signer,
    chain: {
      ...chain,
      current: record,
      sequence,
      hash,
      everListed: rememberDevices(everListed, record),
      sizeBytes,
    },
  };
}

function follow(
  start: ChainState,
  records: readonly Uint8Array[],
  known: ChainExpectation['known'],
): ChainVerdict {
  let chain = start;
  let resetAt: number | undefined;
  checkKnown(chain, known);
  for (const signed of records) {
    const verdict = checkNextRecord(chain, signed);
    chain = verdict.chain;
    checkKnown(chain, known);
    if (verdict.kind === 'reset' && chain.sequence > (known?.sequence ?? 0)) resetAt = chain.sequence;
  }
  if (known !== undefined && known.sequence > chain.sequence) {
    throw new RecordChainError('rolled-back', chain.sequence);
  }
  const { accountId, current, hash, sequence } = chain;
  const facts = { accountId, current, hash, sequence, chain };
  return resetAt === undefined ? { kind: 'valid', ...facts } : { kind: 'reset', at: resetAt, ...facts };
}

function checkKnown(chain: ChainState, known: ChainExpectation['known']): void {
  if (known?.sequence === chain.sequence && !equalBytes(known.hash, chain.hash)) {
    throw new RecordChainError('forked', chain.sequence);
  }
}

interface OpenedRecord {
  readonly envelope: SignedRecord;
  readonly record: AccountRecord;
  readonly hash: Uint8Array;
}

function open(signed: Uint8Array, sequence: number): OpenedRecord {
  return refuseMalformed('malformed', sequence, () => {
    const envelope = decodeSignedRecord(signed);
    const version = decodeRecordVersion(envelope.body);
    if (version > RECORD_VERSION) throw new RecordChainError('newer-version', sequence);
    if (version < RECORD_VERSION) throw new RecordChainError('malformed', sequence);
    return { envelope, record: decodeAccountRecord(envelope.body), hash: hashRecordBody(envelope.body) };
  });
}

function judgeSigner(chain: ChainState, record: AccountRecord, envelope: SignedRecord): RecordSigner {
  switch (envelope.signer) {
    case SIGNER.root:
      return judgeRoot(chain, record, envelope);
    case SIGNER.device:
      return judgeDevice(chain, envelope);
    case SIGNER.enrolment:
      return judgeEnrolment(chain, record, envelope);
    default:
      throw new RecordChainError('signer', record.sequence);
  }
}

function judgeRoot(chain: ChainState, record: AccountRecord, envelope: SignedRecord): RecordSigner {
  if (isSignedBy(chain.current.rootKey, envelope)) return { kind: 'root' };
  if (!isSignedBy(record.rootKey, envelope)) throw new RecordChainError('signature', record.sequence);
  // Nobody but the new root vouches for this record, so nothing of the old account may look continued.
  for (const { id, identityKey } of record.devices) {
    for (const old of chain.everListed.values()) {
      if (old.id === id || equalPublicKeys(old.identityKey, identityKey)) {
        throw new RecordChainError('reset-keeps-device', record.sequence);
      }
    }
  }
  return { kind: 'new-root' };
}

function judgeDevice(chain: ChainState, envelope: SignedRecord): RecordSigner {
  const sequence = chain.sequence + 1;
  const device = chain.current.devices.find(({ id }) => id === envelope.signerDeviceId);
  if (device === undefined) throw new RecordChainError('signer', sequence);
  if (!isSignedBy(device.identityKey, envelope)) throw new RecordChainError('signature', sequence);
  return { kind: 'device', deviceId: device.id };
}

function judgeEnrolment(chain: ChainState, record: AccountRecord, envelope: SignedRecord): RecordSigner {
  const { sequence } = record;
  const { enrolment } = envelope;
  if (enrolment === undefined) throw new RecordChainError('enrolment', sequence);
  const statement = refuseMalformed('enrolment', sequence, () =>
    decodeEnrolmentStatement(enrolment.statement),
  );
  const issuer = chain.current.devices.find(({ id }) => id === statement.issuer);
  const fits =
    issuer !== undefined &&
    equalBytes(statement.accountId, chain.accountId) &&
    verifyEnrolment(issuer.identityKey, enrolment);
  if (!fits) throw new RecordChainError('enrolment', sequence);
  if (record.devices.some(({ id }) => id === issuer.id)) {
    throw new RecordChainError('issuer-still-listed', sequence);
  }
  if (!isSignedBy(statement.enrolmentKey, envelope)) throw new RecordChainError('signature', sequence);
  return { kind: 'enrolment', issuer: issuer.id, notAfterMs: statement.notAfterMs };
}

function isSignedBy(publicKey: PublicKey, envelope: SignedRecord): boolean {
  return verifyObject(publicKey, RECORD_DOMAIN, envelope.body, envelope.signature);
}

function refuseMalformed<T>(reason: ChainFault, sequence: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof RecordChainError || !(cause instanceof ChatError)) throw cause;
    throw new RecordChainError(reason, sequence, { cause });
  }
}
