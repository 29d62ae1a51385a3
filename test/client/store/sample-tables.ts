/** Small tables for tests of the store: it is generic over what rows hold. */

import type { Log, Table, Write } from '../../../client/core/tables.ts';
import { concatBytes, fromUtf8, utf8 } from '../../../crypto/bytes.ts';
import { CodecError } from '../../../crypto/errors.ts';

export interface Note {
  readonly text: string;
}

const MARK = utf8('note:');

const codec = {
  encode: (note: Note): Uint8Array => concatBytes(MARK, utf8(note.text)),
  decode: (bytes: Uint8Array): Note => {
    if (fromUtf8(bytes.subarray(0, MARK.length)) !== 'note:') throw new CodecError('bad-note', 'not a note');
    return { text: fromUtf8(bytes.subarray(MARK.length)) };
  },
};

export const small: Table<Note> = { name: 'small', number: 1, resident: true, volatile: false, ...codec };
export const large: Table<Note> = { name: 'large', number: 2, resident: false, volatile: false, ...codec };
export const passing: Table<Note> = { name: 'passing', number: 3, resident: true, volatile: true, ...codec };
export const diary: Log<Note> = { name: 'diary', number: 4, ...codec };

export const sampleTables = [small, large, passing] as readonly Table<unknown>[];

export function put(table: Table<Note>, key: string, text: string): Write {
  return { kind: 'put', table: table as Table<unknown>, key: utf8(key), row: { text } };
}

export function remove(table: Table<Note>, key: string): Write {
  return { kind: 'delete', table: table as Table<unknown>, key: utf8(key) };
}

export function putAt(owner: string, sequence: number, text: string): Write {
  return { kind: 'putAt', log: diary as Log<unknown>, owner: utf8(owner), sequence, row: { text } };
}

export function removeAt(owner: string, sequence: number): Write {
  return { kind: 'deleteAt', log: diary as Log<unknown>, owner: utf8(owner), sequence };
}
