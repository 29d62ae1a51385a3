/**
 * The one file of a store that is not sealed: how to get at the store key. It holds one wrap per way in, all
 * of the same random key, so that a change of passphrase rewrites 97 bytes and nothing else.
 *
 * @see docs/at-rest.md, "Store header"
 */

import { uint32 as bigEndian, concatBytes, equalBytes, readUint32, utf8 } from '../bytes.ts';
import { StoreError } from '../errors.ts';
import { MAX_WRAPS, SALT_BYTES, SEAL_NONCE_BYTES, SEAL_TAG_BYTES, STORE_KEY_BYTES } from './limits.ts';
import type { KdfParams } from './passphrase.ts';

const MAGIC = utf8('ICSTORE');
const VERSION = 1;
const PREFIX_BYTES = MAGIC.length + 2;
const PARAMS_BYTES = 1 + 4 + 4 + SALT_BYTES;
const SEALED_BYTES = STORE_KEY_BYTES + SEAL_TAG_BYTES;
const WRAP_BYTES = PARAMS_BYTES + SEAL_NONCE_BYTES + SEALED_BYTES;

/** The ways to the store key. Other numbers are kept as they are: a later version may know them. */
export const WRAP_KIND = { passphrase: 1, keyFile: 2, recovery: 3 } as const;
export type WrapKind = keyof typeof WRAP_KIND;

export interface StoreKeyWrap {
  /** One of WRAP_KIND, or a number of a later version. */
  readonly kind: number;
  /** All zero where no passphrase is involved. */
  readonly kdf: KdfParams;
  readonly nonce: Uint8Array;
  /** The sealed store key and its tag, 48 bytes. */
  readonly sealed: Uint8Array;
}

export interface StoreHeader {
  readonly wraps: readonly StoreKeyWrap[];
}

export const NO_KDF: KdfParams = { salt: new Uint8Array(SALT_BYTES), memoryKiB: 0, passes: 0 };

/** @throws StoreError `bad-store-header` for no wrap or too many. */
export function encodeStoreHeader(header: StoreHeader): Uint8Array {
  const { wraps } = header;
  if (wraps.length === 0 || wraps.length > MAX_WRAPS) throw damaged();
  const parts = wraps.map((wrap) => concatBytes(encodeWrapParams(wrap), wrap.nonce, wrap.sealed));
  return concatBytes(MAGIC, Uint8Array.of(VERSION, wraps.length), ...parts);
}

/**
 * Checks the form only: whether a wrap opens is said by `unwrapStoreKey`.
 * @throws StoreError `bad-store-header`, `store-too-new`.
 */
export function decodeStoreHeader(bytes: Uint8Array): StoreHeader {
  if (bytes.length < PREFIX_BYTES || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) throw damaged();
  const version = bytes[MAGIC.length] as number;
  if (version > VERSION) {
    throw new StoreError('store-too-new', `this store has format ${version}, this program knows ${VERSION}`);
  }
  const count = bytes[MAGIC.length + 1] as number;
  if (version !== VERSION || count === 0 || count > MAX_WRAPS) throw damaged();
  if (bytes.length !== PREFIX_BYTES + count * WRAP_BYTES) throw damaged();
  const wraps: StoreKeyWrap[] = [];
  for (let i = 0; i < count; i++) wraps.push(decodeWrap(bytes.slice(PREFIX_BYTES + i * WRAP_BYTES)));
  return { wraps };
}

/** The first wrap of a kind. */
export function findWrap(header: StoreHeader, kind: WrapKind): StoreKeyWrap | undefined {
  return header.wraps.find((wrap) => wrap.kind === WRAP_KIND[kind]);
}

/** The header with this wrap in place of all of its kind; kinds of later versions stay. */
export function replaceWrap(header: StoreHeader, wrap: StoreKeyWrap): StoreHeader {
  return { wraps: [...header.wraps.filter(({ kind }) => kind !== wrap.kind), wrap] };
}

/** The header without any wrap of a kind. */
export function removeWrap(header: StoreHeader, kind: WrapKind): StoreHeader {
  return { wraps: header.wraps.filter((wrap) => wrap.kind !== WRAP_KIND[kind]) };
}

/** Kind and cost, 25 bytes; also bound to the sealed key as associated data. */
export function encodeWrapParams({ kind, kdf }: Pick<StoreKeyWrap, 'kind' | 'kdf'>): Uint8Array {
  return concatBytes(Uint8Array.of(kind), bigEndian(kdf.memoryKiB), bigEndian(kdf.passes), kdf.salt);
}

function decodeWrap(bytes: Uint8Array): StoreKeyWrap {
  return {
    kind: bytes[0] as number,
    kdf: {
      memoryKiB: readUint32(bytes, 1),
      passes: readUint32(bytes, 5),
      salt: bytes.subarray(9, PARAMS_BYTES),
    },
    nonce: bytes.subarray(PARAMS_BYTES, PARAMS_BYTES + SEAL_NONCE_BYTES),
    sealed: bytes.subarray(PARAMS_BYTES + SEAL_NONCE_BYTES, WRAP_BYTES),
  };
}

function damaged(): StoreError {
  return new StoreError('bad-store-header', 'the header of this store is damaged, or this is no store');
}
