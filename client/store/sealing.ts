/** Rows and entries as sealed values. @see docs/at-rest.md */

import { concatBytes, equalBytes, readUint32, uint32 } from '../../crypto/bytes.ts';
import { assert, ChatError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import { openRecord, sealRecord } from '../../crypto/vault/sealed-record.ts';
import type { StoreKey } from '../../crypto/vault/store-key.ts';
import type { Log, Table } from '../core/tables.ts';
import { storeDamaged } from './errors.ts';
import { logKey, rowKey } from './keyspace.ts';
import type { RawEntry } from './raw-engine.ts';

const KEY_LENGTH_BYTES = 2;
/** A row's key is a few ids; its length stands in two bytes. */
const KEY_MAX_BYTES = 1_024;

export class Sealing {
  readonly #storeKey: StoreKey;
  readonly #random: Random;

  constructor(storeKey: StoreKey, random: Random) {
    this.#storeKey = storeKey;
    this.#random = random;
  }

  get storeKey(): StoreKey {
    return this.#storeKey;
  }

  /** The row's own key is sealed with it: the stored one is a hash. */
  sealRow(table: Table<unknown>, key: Uint8Array, row: unknown): RawEntry {
    const encoded = table.encode(row);
    const plaintext = concatBytes(uint16(key.length), key, encoded);
    encoded.fill(0);
    return this.#seal(rowKey(this.#storeKey, table.number, key), plaintext);
  }

  openRow<T>(table: Table<T>, [storedKey, sealed]: RawEntry): readonly [key: Uint8Array, row: T] {
    const plaintext = this.#open(storedKey, sealed, table.name);
    const end = KEY_LENGTH_BYTES + (((plaintext[0] ?? 0) << 8) | (plaintext[1] ?? 0));
    if (plaintext.length < end) throw storeDamaged(`a row of ${table.name} is cut`);
    const key = plaintext.slice(KEY_LENGTH_BYTES, end);
    if (!equalBytes(rowKey(this.#storeKey, table.number, key), storedKey)) {
      throw storeDamaged(`a row of ${table.name} stands under another key`);
    }
    return [key, this.#decode(table, plaintext.subarray(end))];
  }

  sealEntry(log: Log<unknown>, owner: Uint8Array, sequence: number, row: unknown): RawEntry {
    return this.#seal(logKey(this.#storeKey, log.number, owner, sequence), log.encode(row));
  }

  openEntry<T>(log: Log<T>, [storedKey, sealed]: RawEntry): T {
    return this.#decode(log, this.#open(storedKey, sealed, log.name));
  }

  /** A number in a row of the store's own. */
  sealNumber(storedKey: Uint8Array, value: number): RawEntry {
    return this.#seal(storedKey, uint32(value));
  }

  openNumber([storedKey, sealed]: RawEntry): number {
    const plaintext = this.#open(storedKey, sealed, 'the store');
    if (plaintext.length !== 4) throw storeDamaged('a row of the store is cut');
    return readUint32(plaintext, 0);
  }

  /** For migrations: what a sealed value holds, whatever its table. */
  openBytes([storedKey, sealed]: RawEntry): Uint8Array {
    return this.#open(storedKey, sealed, 'a table');
  }

  sealBytes(storedKey: Uint8Array, plaintext: Uint8Array): RawEntry {
    return this.#seal(storedKey, plaintext);
  }

  #seal(storedKey: Uint8Array, plaintext: Uint8Array): RawEntry {
    const sealed = sealRecord(this.#storeKey, storedKey, plaintext, this.#random);
    plaintext.fill(0);
    return [storedKey, sealed];
  }

  #open(storedKey: Uint8Array, sealed: Uint8Array, where: string): Uint8Array {
    try {
      return openRecord(this.#storeKey, storedKey, sealed);
    } catch (cause) {
      if (!(cause instanceof ChatError) || cause.code === 'bug') throw cause;
      throw storeDamaged(`a value of ${where} does not open`, cause);
    }
  }

  #decode<T>(codec: Table<T> | Log<T>, bytes: Uint8Array): T {
    try {
      return codec.decode(bytes);
    } catch (cause) {
      if (!(cause instanceof ChatError) || cause.code === 'bug') throw cause;
      throw storeDamaged(`a row of ${codec.name} does not decode`, cause);
    }
  }
}

function uint16(value: number): Uint8Array {
  assert(value <= KEY_MAX_BYTES, `a row key has ${value} bytes, at most ${KEY_MAX_BYTES}`);
  return Uint8Array.of(value >> 8, value & 0xff);
}
