/** The random key of a store, and how it is wrapped for each way in. */

import { concatBytes, utf8 } from '../bytes.ts';
import { CodecError, StoreError } from '../errors.ts';
import { aeadOpen, aeadSeal } from '../primitives/aead.ts';
import { hkdfSha256 } from '../primitives/hkdf.ts';
import type { Random } from '../random.ts';
import { Secret } from '../secret.ts';
import { SEAL_NONCE_BYTES, STORE_KEY_BYTES } from './limits.ts';
import { checkKdfParams, type KdfParams, type PassphraseKey } from './passphrase.ts';
import { encodeWrapParams, NO_KDF, type StoreKeyWrap, WRAP_KIND, type WrapKind } from './store-header.ts';

export type StoreKey = Secret<'StoreKey'>;
/** 32 random bytes in a file of mode 0600. */
export type KeyFileKey = Secret<'KeyFileKey'>;

/** A way in: what opens or seals a wrap. */
export type WrappingKey = PassphraseKey | KeyFileKey | Secret<'RecoveryWrapKey'>;

const AAD_DOMAIN = utf8('InteChat store key v1\0');
const INFO = {
  PassphraseKey: utf8('InteChat wrap passphrase v1'),
  KeyFileKey: utf8('InteChat wrap key file v1'),
  RecoveryWrapKey: utf8('InteChat wrap recovery v1'),
} as const;
const KIND_OF = {
  PassphraseKey: 'passphrase',
  KeyFileKey: 'keyFile',
  RecoveryWrapKey: 'recovery',
} as const satisfies Readonly<Record<WrappingKey['name'], WrapKind>>;

export function generateStoreKey(random: Random): StoreKey {
  return new Secret('StoreKey', random.draw('storeKey', STORE_KEY_BYTES));
}

export function generateKeyFileKey(random: Random): KeyFileKey {
  return new Secret('KeyFileKey', random.draw('storeKey', STORE_KEY_BYTES));
}

/**
 * Wraps the store key. The kind follows from the wrapping key.
 * @param kdf - how the passphrase key was derived; given with a passphrase key only.
 * @throws StoreError `kdf-out-of-bounds`.
 */
export function wrapStoreKey(
  storeKey: StoreKey,
  wrappingKey: WrappingKey,
  random: Random,
  kdf: KdfParams = NO_KDF,
): StoreKeyWrap {
  if (wrappingKey.name === 'PassphraseKey') checkKdfParams(kdf);
  const params = { kind: WRAP_KIND[KIND_OF[wrappingKey.name]], kdf };
  const nonce = random.draw('recordNonce', SEAL_NONCE_BYTES);
  using key = deriveWrapKey(wrappingKey);
  return {
    ...params,
    nonce,
    sealed: aeadSeal(key.expose(), nonce, associatedData(params), storeKey.expose()),
  };
}

/**
 * Opens a wrap. A wrong passphrase and a changed byte look the same: what differs would tell a forger more.
 * @throws StoreError `wrong-passphrase`, `wrong-key-file`, `wrong-recovery-words`.
 */
export function unwrapStoreKey(wrap: StoreKeyWrap, wrappingKey: WrappingKey): StoreKey {
  const params = { kind: WRAP_KIND[KIND_OF[wrappingKey.name]], kdf: wrap.kdf };
  using key = deriveWrapKey(wrappingKey);
  try {
    return new Secret('StoreKey', aeadOpen(key.expose(), wrap.nonce, associatedData(params), wrap.sealed));
  } catch (error) {
    if (error instanceof CodecError) throw wrongKey(wrappingKey);
    throw error;
  }
}

function deriveWrapKey(wrappingKey: WrappingKey): Secret<'WrapKey'> {
  const info = INFO[wrappingKey.name];
  return new Secret('WrapKey', hkdfSha256(undefined, wrappingKey.expose(), info, STORE_KEY_BYTES));
}

function associatedData(params: Pick<StoreKeyWrap, 'kind' | 'kdf'>): Uint8Array {
  return concatBytes(AAD_DOMAIN, encodeWrapParams(params));
}

function wrongKey({ name }: WrappingKey): StoreError {
  switch (name) {
    case 'PassphraseKey':
      return new StoreError('wrong-passphrase', 'the passphrase is wrong, or the store was changed');
    case 'KeyFileKey':
      return new StoreError(
        'wrong-key-file',
        'this key file does not open the store, or the store was changed',
      );
    case 'RecoveryWrapKey':
      return new StoreError('wrong-recovery-words', 'these recovery words do not open the store');
  }
}
