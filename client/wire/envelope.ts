/**
 * The bytes of an unsealed envelope: type u8 | sender account 16 | sender device u8 | ciphertext. They select
 * the session and prove nothing; the account records and the content decide who wrote.
 */

import { ACCOUNT_ID_BYTES, type AccountId, parseAccountId } from '../../crypto/account/account-id.ts';
import { concatBytes } from '../../crypto/bytes.ts';
import { MAX_DEVICE_ID, MIN_DEVICE_ID } from '../../crypto/constants.ts';
import { CodecError } from '../../crypto/errors.ts';
import { ENVELOPE_MAX_BYTES } from '../../relay/protocol/limits.ts';

const HEADER_BYTES = 1 + ACCOUNT_ID_BYTES + 1;

/** Signal's numbers: 2 continues a session, 3 begins one. */
export type CiphertextType = 2 | 3;

export interface UnsealedEnvelope {
  readonly type: CiphertextType;
  readonly account: AccountId;
  readonly device: number;
  readonly ciphertext: Uint8Array;
}

/** @throws CodecError `bad-envelope` for a device id out of range, `too-long` above 96 KiB. */
export function encodeUnsealedEnvelope(envelope: UnsealedEnvelope): Uint8Array {
  const { type, account, device, ciphertext } = envelope;
  checkLength(HEADER_BYTES + ciphertext.length);
  if (!isDevice(device)) throw badEnvelope();
  return concatBytes(Uint8Array.of(type), account, Uint8Array.of(device), ciphertext);
}

/**
 * @returns `ciphertext` is a view of the input.
 * @throws CodecError `bad-envelope`, `bad-account-id`, `too-long`.
 */
export function decodeUnsealedEnvelope(bytes: Uint8Array): UnsealedEnvelope {
  checkLength(bytes.length);
  const type = bytes[0];
  const device = bytes[HEADER_BYTES - 1];
  if ((type !== 2 && type !== 3) || device === undefined || !isDevice(device)) throw badEnvelope();
  return {
    type,
    account: parseAccountId(bytes.subarray(1, 1 + ACCOUNT_ID_BYTES)),
    device,
    ciphertext: bytes.subarray(HEADER_BYTES),
  };
}

function isDevice(device: number): boolean {
  return Number.isInteger(device) && device >= MIN_DEVICE_ID && device <= MAX_DEVICE_ID;
}

function checkLength(length: number): void {
  if (length <= ENVELOPE_MAX_BYTES) return;
  throw new CodecError('too-long', `envelope has ${length} bytes, at most ${ENVELOPE_MAX_BYTES}`);
}

function badEnvelope(): CodecError {
  return new CodecError('bad-envelope', 'not an envelope of type 2 or 3 from a device');
}
