import { ProtocolError } from '../errors.ts';

/** Why a chain of account records is refused. Stable words, like error codes. */
export type ChainFault =
  /** No record at all. */
  | 'empty'
  /** More records or bytes than a chain may have. */
  | 'too-long'
  /** Bytes that are no record. */
  | 'malformed'
  /** A record of a later version of this format. */
  | 'newer-version'
  /** The first record does not hash to the account id that was asked for. */
  | 'wrong-account'
  /** The sequence number does not follow the previous one. */
  | 'sequence'
  /** The previous hash is not that of the previous record. */
  | 'previous-hash'
  /** A user name that is not in canonical form, or another one than before. */
  | 'username'
  /** Another relay fingerprint than before. */
  | 'relay-changed'
  /** A record without a device. */
  | 'no-devices'
  /** One id or key twice in a list. */
  | 'duplicate-device'
  /** An id that stood for another device, or that was removed before. */
  | 'device-id-reused'
  /** A key that another device id had before. */
  | 'device-key-reused'
  /** The device's own signature over its entry does not verify. */
  | 'device-signature'
  /** A reset by a new root that keeps a device. */
  | 'reset-keeps-device'
  /** A signer of an unknown kind, or a device that the previous record does not list. */
  | 'signer'
  /** The record's signature does not verify. */
  | 'signature'
  /** The statement of an enrolment does not fit or does not verify. */
  | 'enrolment'
  /** An enrolment that leaves its issuer in the list: it could be used twice. */
  | 'issuer-still-listed'
  /** The chain ends before a record that is known. */
  | 'rolled-back'
  /** Another record stands where a known one stood. */
  | 'forked';

/** `bad-record-chain`: a record, or a chain of them, that no honest account has. */
export class RecordChainError extends ProtocolError {
  readonly reason: ChainFault;
  /** The sequence number at which the fault was found. */
  readonly sequence: number;

  constructor(reason: ChainFault, sequence: number, options: { readonly cause?: unknown } = {}) {
    super('bad-record-chain', `account record ${sequence} is refused: ${reason}`, options);
    this.reason = reason;
    this.sequence = sequence;
  }
}
