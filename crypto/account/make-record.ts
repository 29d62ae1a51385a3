/** Writes account records. Whatever is made here has passed the check that every reader will make. */

import { MAX_DEVICE_ID } from '../constants.ts';
import { UsageError } from '../errors.ts';
import type { KeyPair, PrivateKey, PublicKey } from '../keys/keys.ts';
import { signObject } from '../keys/signature.ts';
import type { Random } from '../random.ts';
import { type ChainState, checkFirstRecord, checkNextRecord, type RecordVerdict } from './check-chain.ts';
import { RECORD_VERSION } from './limits.ts';
import {
  type AccountRecord,
  type DeviceEntry,
  type Enrolment,
  encodeAccountRecord,
  HASH_BYTES,
  RECORD_DOMAIN,
  SIGNER,
  SignedRecord,
} from './record-codec.ts';
import { canonicalName } from './username.ts';

export interface FirstRecordParams {
  /** Any spelling; the record holds the canonical form. */
  readonly username: string;
  /** SHA-256 of the relay root key's 33 bytes. */
  readonly relayFingerprint: Uint8Array;
  readonly root: KeyPair;
  /** Entries signed for `root`, see `makeDeviceEntry`. */
  readonly devices: readonly DeviceEntry[];
  readonly timeMs: number;
}

export interface MadeRecord {
  /** The signed record, to be stored and sent as it is. */
  readonly record: Uint8Array;
  /** The chain with this record at its end. */
  readonly chain: ChainState;
}

/**
 * Record 0, which gives the account its id.
 * @throws UsageError for a name that cannot be registered; ProtocolError `bad-record-chain`.
 */
export function makeFirstRecord(params: FirstRecordParams, random: Random): MadeRecord {
  const { username, relayFingerprint, root, devices, timeMs } = params;
  const body: AccountRecord = {
    version: RECORD_VERSION,
    sequence: 0,
    previousHash: new Uint8Array(HASH_BYTES),
    username: canonicalName(username),
    relayFingerprint,
    rootKey: root.publicKey,
    devices,
    timeMs,
  };
  const record = signRecord(body, root.privateKey, { signer: SIGNER.root }, random);
  return { record, chain: checkFirstRecord(record) };
}

/** Who signs the next record. */
export type NextSigner =
  /** The account root key of the current record. */
  | { readonly kind: 'root'; readonly privateKey: PrivateKey }
  | { readonly kind: 'device'; readonly deviceId: number; readonly privateKey: PrivateKey }
  /** The enrolment key, with the statement of the device that leaves. */
  | { readonly kind: 'enrolment'; readonly privateKey: PrivateKey; readonly enrolment: Enrolment };

export interface NextRecordParams {
  readonly chain: ChainState;
  /** The whole new list. */
  readonly devices: readonly DeviceEntry[];
  /** Only when the root key changes. */
  readonly rootKey?: PublicKey;
  readonly signer: NextSigner;
  readonly timeMs: number;
}

/**
 * The next record of a chain, signed by the root, a listed device or an enrolment key.
 * @throws ProtocolError `bad-record-chain` when nobody would accept it.
 */
export function makeNextRecord(params: NextRecordParams, random: Random): MadeRecord & RecordVerdict {
  const { chain, devices, rootKey, signer, timeMs } = params;
  const body = nextBody(chain, { devices, rootKey: rootKey ?? chain.current.rootKey, timeMs });
  const record = signRecord(body, signer.privateKey, signerFields(signer), random);
  return { record, ...checkNextRecord(chain, record) };
}

export interface ResetRecordParams {
  readonly chain: ChainState;
  readonly newRoot: KeyPair;
  /** Fresh devices only: new ids and new keys. */
  readonly devices: readonly DeviceEntry[];
  readonly timeMs: number;
}

/**
 * A record that starts the account over: a new root, signed by itself alone. Every reader calls it a reset.
 * @throws ProtocolError `bad-record-chain`, `reset-keeps-device` among its reasons.
 */
export function makeResetRecord(params: ResetRecordParams, random: Random): MadeRecord & RecordVerdict {
  const { chain, newRoot, devices, timeMs } = params;
  const body = nextBody(chain, { devices, rootKey: newRoot.publicKey, timeMs });
  const record = signRecord(body, newRoot.privateKey, { signer: SIGNER.root }, random);
  return { record, ...checkNextRecord(chain, record) };
}

/**
 * An id that no device of this account ever had.
 * @throws UsageError `device-ids-exhausted` when all 127 were used.
 */
export function freshDeviceId(chain: ChainState): number {
  const newest = Math.max(0, ...chain.everListed.keys());
  if (newest < MAX_DEVICE_ID) return newest + 1;
  for (let id = 1; id < newest; id++) if (!chain.everListed.has(id)) return id;
  throw new UsageError('device-ids-exhausted', `this account had all ${MAX_DEVICE_ID} devices it can have`);
}

function nextBody(
  chain: ChainState,
  changes: Pick<AccountRecord, 'devices' | 'rootKey' | 'timeMs'>,
): AccountRecord {
  return { ...chain.current, sequence: chain.sequence + 1, previousHash: chain.hash, ...changes };
}

function signerFields(signer: NextSigner): Pick<SignedRecord, 'signer' | 'signerDeviceId' | 'enrolment'> {
  switch (signer.kind) {
    case 'root':
      return { signer: SIGNER.root };
    case 'device':
      return { signer: SIGNER.device, signerDeviceId: signer.deviceId };
    case 'enrolment':
      return { signer: SIGNER.enrolment, enrolment: signer.enrolment };
  }
}

function signRecord(
  record: AccountRecord,
  privateKey: PrivateKey,
  fields: Pick<SignedRecord, 'signer' | 'signerDeviceId' | 'enrolment'>,
  random: Random,
): Uint8Array {
  const body = encodeAccountRecord(record);
  const signature = signObject(privateKey, RECORD_DOMAIN, body, random);
  return SignedRecord.encode({ body, signature, ...fields });
}
