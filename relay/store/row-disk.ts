/** What the row store needs from an engine: sorted rows of text keys, read at once, written in batches. */

export interface Row {
  readonly key: string;
  readonly value: Uint8Array;
}

/** undefined deletes the row. */
export type RowWrites = ReadonlyMap<string, Uint8Array | undefined>;

export interface RowDisk {
  /** Synchronous: for small rows that are nearly always in memory. */
  get(key: string): Uint8Array | undefined;
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** Rows whose key begins with `prefix` and is above `after`, in order, at most `limit`. */
  scan(prefix: string, after: string | undefined, limit: number): Promise<readonly Row[]>;
  /** Atomic and durable when it resolves; when it rejects, none of it happened. Never called twice at a time. */
  write(rows: RowWrites): Promise<void>;
  /** Whether there is room to write more, asked now and then. */
  hasRoom(): Promise<boolean>;
  /** Called after a failed write. @returns whether writing works again */
  recover(): Promise<boolean>;
  /** Tidies up when nothing else is going on. */
  compact(): Promise<void>;
  close(): Promise<void>;
}
