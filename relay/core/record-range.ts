import { RECORDS_PER_ANSWER_MAX } from '../protocol/limits.ts';
import type { RecordRange } from '../store/store.ts';

/** Records in one answer: they fit a frame with everything around them. */
export const RECORDS_ANSWER_BYTES = 98_304;

/** @param afterSequence - absent: from record 0 */
export function rangeAfter(afterSequence: number | undefined): RecordRange {
  const range = { maxRecords: RECORDS_PER_ANSWER_MAX, maxBytes: RECORDS_ANSWER_BYTES };
  return afterSequence === undefined ? range : { ...range, afterSequence };
}
