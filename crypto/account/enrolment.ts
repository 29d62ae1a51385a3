/**
 * A device hands its place in the list to a key that is not a device yet: the one-time enrolment key of an
 * export file. The statement binds account, issuer and key; it works once, because its use drops the issuer.
 */

import { MAX_DEVICE_ID } from '../constants.ts';
import type { PrivateKey, PublicKey } from '../keys/keys.ts';
import { parseIdentityKey } from '../keys/keys.ts';
import { signObject, verifyObject } from '../keys/signature.ts';
import type { Random } from '../random.ts';
import { bytes, message, required, uint, uint53 } from '../wire/schema.ts';
import { ACCOUNT_ID_BYTES, type AccountId, parseAccountId } from './account-id.ts';
import type { Enrolment } from './record-codec.ts';

const ENROLMENT_DOMAIN = 'enrolment';

const Statement = message('EnrolmentStatement', {
  accountId: required(1, bytes({ length: ACCOUNT_ID_BYTES })),
  issuer: required(2, uint({ max: MAX_DEVICE_ID })),
  enrolmentKey: required(3, bytes({ length: 33 })),
  notAfterMs: required(4, uint53),
});

export interface EnrolmentStatement {
  readonly accountId: AccountId;
  /** Device id of the device that leaves. */
  readonly issuer: number;
  readonly enrolmentKey: PublicKey;
  /** Judged by the relay, whose clock both sides accept; never by a chain check. */
  readonly notAfterMs: number;
}

/** Signs the statement with the issuing device's identity key. */
export function makeEnrolment(
  statement: EnrolmentStatement,
  issuerKey: PrivateKey,
  random: Random,
): Enrolment {
  const encoded = Statement.encode(statement);
  return { statement: encoded, signature: signObject(issuerKey, ENROLMENT_DOMAIN, encoded, random) };
}

/** @throws CodecError of the schema, `bad-account-id`, `invalid-key`. The signature is not checked. */
export function decodeEnrolmentStatement(encoded: Uint8Array): EnrolmentStatement {
  const { accountId, issuer, enrolmentKey, notAfterMs } = Statement.decode(encoded);
  return {
    accountId: parseAccountId(accountId),
    issuer,
    enrolmentKey: parseIdentityKey(enrolmentKey),
    notAfterMs,
  };
}

/** Whether the issuing device's key signed the statement; the bytes are those received. */
export function verifyEnrolment(issuerKey: PublicKey, enrolment: Enrolment): boolean {
  return verifyObject(issuerKey, ENROLMENT_DOMAIN, enrolment.statement, enrolment.signature);
}
