/**
 * What a key-value engine offers below the sealing: ordered keys, one atomic durable batch, frozen views.
 * It sees key hashes and sealed bytes only.
 */

export interface RawRange {
  /** First key that belongs to the range. */
  readonly from: Uint8Array;
  /** First key after the range. */
  readonly until: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export type RawEntry = readonly [key: Uint8Array, value: Uint8Array];

export interface RawReader {
  get(key: Uint8Array): Uint8Array | undefined;
  scan(range: RawRange): AsyncIterable<RawEntry>;
}

/** What the engine held when it was made; it stays so until it is closed. */
export interface RawSnapshot extends RawReader {
  close(): Promise<void>;
}

export interface RawBatch {
  readonly puts: readonly RawEntry[];
  readonly deletes: readonly Uint8Array[];
}

export interface RawEngine extends RawReader {
  snapshot(): RawSnapshot;
  /** All or nothing; on the disk when it resolves. No key stands in the batch twice. */
  commit(batch: RawBatch): Promise<void>;
  close(): Promise<void>;
}
