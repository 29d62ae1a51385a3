/** Decoded rows of the tables that are too large to keep whole: the most recently used ones stay alive. */

import { idOf } from './changes.ts';

/** A live session is about 20 KiB with its key objects; nobody chats with more people than this at once. */
export const LIVE_ROWS_MAX = 256;
/** Sealed size above which a row is read again each time: a session with all its archived ones is below. */
export const LIVE_ROW_MAX_BYTES = 262_144;

export class LiveRows {
  readonly #max: number;
  /** A Map keeps insertion order, so its first key is the least recently used one. */
  readonly #rows = new Map<string, unknown>();

  constructor(max: number = LIVE_ROWS_MAX) {
    this.#max = max;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: Uint8Array): unknown {
    const id = idOf(key);
    const row = this.#rows.get(id);
    if (row !== undefined) {
      this.#rows.delete(id);
      this.#rows.set(id, row);
    }
    return row;
  }

  put(key: Uint8Array, row: unknown): void {
    const id = idOf(key);
    this.#rows.delete(id);
    this.#rows.set(id, row);
    if (this.#rows.size <= this.#max) return;
    const oldest = this.#rows.keys().next();
    if (!oldest.done) this.#rows.delete(oldest.value);
  }

  delete(key: Uint8Array): void {
    this.#rows.delete(idOf(key));
  }
}
