/** Rows about envelopes: which were handled, and which wait for news about their sender. */

import {
  bytes,
  type MessageOf,
  message,
  nested,
  optional,
  repeated,
  required,
  uint8,
  uint53,
} from '../../../crypto/wire/schema.ts';
import { ENVELOPE_MAX_BYTES } from '../../../relay/protocol/limits.ts';
import { PARKED_MAX } from '../limits.ts';
import { logOf, residentTable, storedTable } from './define.ts';
import { contentId, hash } from './fields.ts';

const SeenRow = message('SeenRow', { atMs: required(1, uint53) });
/** Envelopes by sender and id, and base keys of first messages. */
export type SeenRow = MessageOf<typeof SeenRow>;
export const seenTable = storedTable<SeenRow>('seen', 80, SeenRow);

const SeenEntry = message('SeenEntry', {
  key: required(1, bytes({ max: 64 })),
  atMs: required(2, uint53),
});
export type SeenEntry = MessageOf<typeof SeenEntry>;
/** The keys of `seen` in the order of time, so that old ones are found; the owner is the own account id. */
export const seenLog = logOf<SeenEntry>('seen-order', 81, SeenEntry);

const ParkedEntry = message('ParkedEntry', { envelopeId: required(1, contentId), atMs: required(2, uint53) });
const ParkedIndexRow = message('ParkedIndexRow', {
  entries: repeated(1, nested(ParkedEntry), { max: PARKED_MAX }),
});
/** Which envelopes of an account are parked, oldest first. */
export type ParkedIndexRow = MessageOf<typeof ParkedIndexRow>;
export const parkedIndexTable = residentTable<ParkedIndexRow>('parked-index', 82, ParkedIndexRow);

const ParkedRow = message('ParkedRow', {
  kind: required(1, uint8),
  bytes: required(2, bytes({ max: ENVELOPE_MAX_BYTES })),
  stampMs: required(3, uint53),
  authority: required(4, uint8),
  capabilityHash: optional(5, hash),
  atMs: required(6, uint53),
});
/** An envelope from a device that no known record lists; keyed by account and envelope id. */
export type ParkedRow = MessageOf<typeof ParkedRow>;
export const parkedTable = storedTable<ParkedRow>('parked', 83, ParkedRow);
