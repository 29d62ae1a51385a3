/**
 * The store's format number and the steps that bring older stores up to it. A migration works on opened
 * plaintexts by table number, because the code that wrote them is gone; its result is one atomic commit
 * together with the new number. Released formats stay readable for ever.
 */

import { storeTooNew } from '../errors.ts';

/** 1: sealed rows with commit marks, as docs/at-rest.md says. */
export const STORE_FORMAT = 1;

export interface StoredPlaintext {
  /** The key as stored: a hash. */
  readonly storedKey: Uint8Array;
  readonly plaintext: Uint8Array;
}

export interface MigrationView {
  /** Every row or entry of one table or log number. */
  scan(number: number): AsyncIterable<StoredPlaintext>;
}

export interface MigrationChanges {
  readonly puts: readonly StoredPlaintext[];
  readonly deletes: readonly Uint8Array[];
}

export interface Migration {
  /** Turns a store of format `from` into one of format `from + 1`. */
  readonly from: number;
  readonly name: string;
  run(view: MigrationView): Promise<MigrationChanges>;
}

export const migrations: readonly Migration[] = [];

export interface Formats {
  readonly current: number;
  readonly migrations: readonly Migration[];
}

export const formats: Formats = { current: STORE_FORMAT, migrations };

/**
 * The steps from the format that was found to the current one.
 * @throws StoreError `store-too-new` when a newer program wrote the store.
 */
export function migrationPath(found: number, { current, migrations }: Formats): readonly Migration[] {
  if (found > current) throw storeTooNew(found, current);
  const path: Migration[] = [];
  for (let format = found; format < current; format++) {
    const step = migrations.find(({ from }) => from === format);
    // A format that was never released, or a program that forgot one: either way this store is not for it.
    if (step === undefined) throw storeTooNew(found, current);
    path.push(step);
  }
  return path;
}
