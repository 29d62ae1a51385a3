/** Field types of stored rows that the wire formats do not need. */

import { ACCOUNT_ID_BYTES, type AccountId, parseAccountId } from '../../../crypto/account/account-id.ts';
import { concatBytes } from '../../../crypto/bytes.ts';
import { PRIVATE_KEY_BYTES, PUBLIC_KEY_BYTES } from '../../../crypto/constants.ts';
import { CodecError } from '../../../crypto/errors.ts';
import { type KeyPair, PrivateKey, type PublicKey, viewPublicKey } from '../../../crypto/keys/keys.ts';
import { Secret } from '../../../crypto/secret.ts';
import { fieldBytes, fieldInteger } from '../../../crypto/wire/protobuf.ts';
import { bytes, type FieldType, message, required, uint8, uint53 } from '../../../crypto/wire/schema.ts';

export const accountId: FieldType<AccountId> = {
  write: (writer, number, value) => writer.bytes(number, value),
  read: (field, name) => parseAccountId(fieldBytes(field, name)),
};

export const publicKey: FieldType<PublicKey> = {
  write: (writer, number, value) => writer.bytes(number, value),
  read: (field, name) => viewPublicKey(fieldBytes(field, name)),
};

/** The stored public half is taken as it is: deriving it again would double the cost of opening a store. */
export const keyPair: FieldType<KeyPair> = {
  write: (writer, number, value) => {
    writer.bytes(number, concatBytes(value.publicKey, value.privateKey.secret.expose()));
  },
  read: (field, name) => {
    const both = fieldBytes(field, name);
    if (both.length !== PUBLIC_KEY_BYTES + PRIVATE_KEY_BYTES) {
      throw new CodecError('bad-length', `${name} is not a key pair`, { field: name });
    }
    return {
      publicKey: viewPublicKey(both.subarray(0, PUBLIC_KEY_BYTES)),
      privateKey: new PrivateKey(new Secret('PrivateKey', both.subarray(PUBLIC_KEY_BYTES))),
    };
  },
};

/** Secret bytes of one length; the box of a decoded row owns its part of the row's buffer. */
export function secret<const Name extends string>(
  secretName: Name,
  limit: { readonly length: number },
): FieldType<Secret<Name>> {
  const exact = bytes(limit);
  return {
    write: (writer, number, value, name) => exact.write(writer, number, value.expose(), name),
    read: (field, name) => new Secret(secretName, exact.read(field, name)),
  };
}

/** One of a few words, stored as its place in the list, from 1; new words go to the end. */
export function choice<const Words extends readonly string[]>(...words: Words): FieldType<Words[number]> {
  return {
    write: (writer, number, value) => writer.varint(number, words.indexOf(value) + 1),
    read: (field, name) => {
      const word = words[fieldInteger(field, name) - 1];
      if (word === undefined) {
        throw new CodecError('out-of-range', `${name} is a word this version does not know`, { field: name });
      }
      return word;
    },
  };
}

export const hash = bytes({ length: 32 });
export const contentId = bytes({ length: 16 });
export const conversationId = bytes({ length: 32 });
export { ACCOUNT_ID_BYTES };

/** Orders concurrent changes of a row that several devices may change: the last writer wins. */
export const Stamp = message('Stamp', { lamport: required(1, uint53), device: required(2, uint8) });
export type Stamp = { readonly lamport: number; readonly device: number };
