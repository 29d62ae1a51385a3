/** Writes account records that no honest client would, for tests of those who must refuse them. */

import { RecordChainError } from '../../crypto/account/chain-error.ts';
import type { ChainState } from '../../crypto/account/check-chain.ts';
import {
  type AccountRecord,
  encodeAccountRecord,
  RECORD_DOMAIN,
  SignedRecord,
} from '../../crypto/account/record-codec.ts';
import type { PrivateKey } from '../../crypto/keys/keys.ts';
import { signObject } from '../../crypto/keys/signature.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface ForgedSigner {
  readonly privateKey: PrivateKey;
  readonly fields: Omit<SignedRecord, 'body' | 'signature'>;
}

export function forgeRecord(record: AccountRecord, signer: ForgedSigner, random: SeededRandom): Uint8Array {
  const body = encodeAccountRecord(record);
  const signature = signObject(signer.privateKey, RECORD_DOMAIN, body, random);
  return SignedRecord.encode({ body, signature, ...signer.fields });
}

/** The honest body after `chain`, with changes. */
export function nextBody(chain: ChainState, changes: Partial<AccountRecord> = {}): AccountRecord {
  return { ...chain.current, sequence: chain.sequence + 1, previousHash: chain.hash, ...changes };
}

/** The reason of a RecordChainError, or `accepted`; any other error passes through. */
export function faultOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof RecordChainError && error.code === 'bad-record-chain') return error.reason;
    throw error;
  }
  return 'accepted';
}
