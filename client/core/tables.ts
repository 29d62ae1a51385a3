/**
 * How the account's state is laid out for a store: rows in tables, entries in logs, and the writes of one step.
 *
 * The store is generic over these descriptions. It hands `decode` a buffer that nobody else uses: decoded
 * rows keep views of it, secrets among them, so the store must neither reuse nor wipe it. What `encode`
 * returned is the store's to wipe once it is sealed. Rows are values: nothing changes one after it was written.
 */

export interface Table<T> {
  readonly name: string;
  /** Part of the stored key; never reused for another meaning. */
  readonly number: number;
  /** Held decoded in memory from open on, and the only kind that can be listed. */
  readonly resident: boolean;
  /** Lives as long as the process: never reaches the disk, empty after a start. Always resident. */
  readonly volatile: boolean;
  encode(row: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** Entries in the order of a sequence number, one series per owner; sequences may have holes. */
export interface Log<T> {
  readonly name: string;
  readonly number: number;
  encode(row: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export type Write =
  | {
      readonly kind: 'put';
      readonly table: Table<unknown>;
      readonly key: Uint8Array;
      readonly row: unknown;
    }
  | { readonly kind: 'delete'; readonly table: Table<unknown>; readonly key: Uint8Array }
  | {
      readonly kind: 'putAt';
      readonly log: Log<unknown>;
      readonly owner: Uint8Array;
      readonly sequence: number;
      readonly row: unknown;
    }
  | {
      readonly kind: 'deleteAt';
      readonly log: Log<unknown>;
      readonly owner: Uint8Array;
      readonly sequence: number;
    };

/** What a step may read: a synchronous snapshot that includes every earlier step of the same burst. */
export interface View {
  get<T>(table: Table<T>, key: Uint8Array): T | undefined;
  /** Resident tables only, in no particular order. */
  list<T>(table: Table<T>): Iterable<readonly [key: Uint8Array, row: T]>;
  at<T>(log: Log<T>, owner: Uint8Array, sequence: number): T | undefined;
}

export interface ScanRange {
  /** Exclusive bounds. */
  readonly after?: number;
  readonly before?: number;
  readonly reverse?: boolean;
  readonly limit: number;
}

/** What queries read. */
export interface Reader extends View {
  scan<T>(
    log: Log<T>,
    owner: Uint8Array,
    range: ScanRange,
  ): AsyncIterable<{ readonly sequence: number; readonly row: T }>;
}
