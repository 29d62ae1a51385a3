/**
 * Each commit sets its own mark and removes the one before. A log file with a damaged part is read by LevelDB
 * as if the batches in it had never been: then a mark was not removed, and there are two. The mark also says
 * how many rows each resident table has, because LevelDB looks at no checksum when it reads a table file: a
 * row whose key was hit there is simply gone.
 *
 * @see docs/at-rest.md
 */

import { concatBytes, readUint32, uint32 } from '../../crypto/bytes.ts';
import { storeDamaged } from './errors.ts';
import { commitKey, commitRange, sequenceOf } from './keyspace.ts';
import type { RawBatch, RawEngine, RawEntry } from './raw-engine.ts';
import type { Sealing } from './sealing.ts';

/** Rows by table number. A table that is not in it was not counted. */
export type RowCounts = ReadonlyMap<number, number>;

export interface CommitMark {
  readonly commit: number;
  readonly rows: RowCounts;
}

/** Table number u8, rows u32. */
const COUNT_BYTES = 5;

/** @throws StoreError `store-damaged` */
export async function readCommitMark(engine: RawEngine, sealing: Sealing): Promise<CommitMark> {
  const marks: RawEntry[] = [];
  for await (const entry of engine.scan({ ...commitRange(sealing.storeKey), limit: 2 })) marks.push(entry);
  const [mark, second] = marks;
  if (mark === undefined || second !== undefined) throw storeDamaged('commits in the middle are missing');
  return { commit: sequenceOf(mark[0]), rows: decodeCounts(sealing.openBytes(mark)) };
}

/** The batch as the next commit after `before`. */
export function withMark(sealing: Sealing, batch: RawBatch, before: number, rows: RowCounts): RawBatch {
  const { storeKey } = sealing;
  return {
    puts: [...batch.puts, sealMark(sealing, { commit: before + 1, rows })],
    deletes: [...batch.deletes, commitKey(storeKey, before)],
  };
}

export function sealMark(sealing: Sealing, { commit, rows }: CommitMark): RawEntry {
  return sealing.sealBytes(commitKey(sealing.storeKey, commit), encodeCounts(rows));
}

function encodeCounts(rows: RowCounts): Uint8Array {
  return concatBytes(...[...rows].flatMap(([table, count]) => [Uint8Array.of(table), uint32(count)]));
}

function decodeCounts(bytes: Uint8Array): RowCounts {
  if (bytes.length % COUNT_BYTES !== 0) throw storeDamaged('its newest mark is cut');
  const rows = new Map<number, number>();
  for (let at = 0; at < bytes.length; at += COUNT_BYTES) {
    rows.set(bytes[at] ?? 0, readUint32(bytes, at + 1));
  }
  return rows;
}
