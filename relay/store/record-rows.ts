/** The signed records of an account, in order. */

import { type Reader, readAccountRow } from './account-row.ts';
import { recordKey } from './keyspace.ts';
import type { RecordRange } from './store.ts';

export function readRecords(rows: Reader, account: Uint8Array, range: RecordRange): Uint8Array[] {
  const newest = readAccountRow(rows, account)?.sequence;
  const records: Uint8Array[] = [];
  if (newest === undefined) return records;
  let sizeBytes = 0;
  for (let sequence = (range.afterSequence ?? -1) + 1; sequence <= newest; sequence++) {
    const record = rows.get(recordKey(account, sequence));
    if (record === undefined) break;
    sizeBytes += record.length;
    if (records.length >= range.maxRecords || (sizeBytes > range.maxBytes && records.length > 0)) break;
    records.push(record);
  }
  return records;
}
