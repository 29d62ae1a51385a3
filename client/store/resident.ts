/** The decoded rows of one small table, kept whole; a snapshot keeps what it saw. */

import { idOf } from './changes.ts';

type Rows = Map<string, readonly [key: Uint8Array, row: unknown]>;

export interface ResidentRows {
  get(key: Uint8Array): unknown;
  list(): Iterable<readonly [key: Uint8Array, row: unknown]>;
}

export class ResidentTable implements ResidentRows {
  /** Never stored. */
  readonly volatile: boolean;
  #rows: Rows = new Map();
  /** A snapshot holds the map: the next change works on a copy. */
  #shared = false;

  constructor(volatile: boolean) {
    this.volatile = volatile;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: Uint8Array): unknown {
    return this.#rows.get(idOf(key))?.[1];
  }

  list(): Iterable<readonly [Uint8Array, unknown]> {
    return this.#rows.values();
  }

  put(key: Uint8Array, row: unknown): void {
    this.#own().set(idOf(key), [key.slice(), row]);
  }

  delete(key: Uint8Array): void {
    this.#own().delete(idOf(key));
  }

  freeze(): ResidentRows {
    this.#shared = true;
    const rows = this.#rows;
    return { get: (key) => rows.get(idOf(key))?.[1], list: () => rows.values() };
  }

  #own(): Rows {
    if (this.#shared) this.#rows = new Map(this.#rows);
    this.#shared = false;
    return this.#rows;
  }
}
