/** Why the account store cannot be used, in words a person can act on. */

import { StoreError } from '../../crypto/errors.ts';

export function storeInUse(cause?: unknown): StoreError {
  return new StoreError('store-in-use', 'another program has this account open', {
    cause,
    hints: ['close the other intechat of this account, or use it through its daemon'],
  });
}

export function storeDamaged(what: string, cause?: unknown): StoreError {
  return new StoreError('store-damaged', `the account store is damaged: ${what}`, {
    cause,
    hints: [
      'the disk may be failing: copy the account directory away before anything else',
      'restore the account directory from a backup; one that is older than your last message makes contacts see an error once',
    ],
  });
}

export function storeTooNew(found: number, known: number): StoreError {
  return new StoreError(
    'store-too-new',
    `the account store has format ${found}, this program knows formats up to ${known}`,
    { hints: ['install the newer intechat that wrote it'] },
  );
}

export function storeMissing(cause?: unknown): StoreError {
  return new StoreError('store-missing', 'there is no account store here', { cause });
}

export function diskFull(cause?: unknown): StoreError {
  return new StoreError('disk-full', 'the disk is full: nothing was changed and nothing was sent', {
    cause,
    hints: ['free some space and start again; everything written before is safe'],
  });
}

export function storeFailed(cause?: unknown): StoreError {
  return new StoreError('store-failed', 'the account store could not be read or written', {
    cause,
    hints: ['check the permissions and the health of the disk, then start again'],
  });
}
