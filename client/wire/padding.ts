/** Hides how long a content is: 80, then zeros, up to a step of 160 bytes or a bucket. */

import { concatBytes } from '../../crypto/bytes.ts';
import { CodecError } from '../../crypto/errors.ts';
import {
  MAX_CONTENT_BYTES,
  MAX_PADDED_BYTES,
  PADDING_BUCKET_PERCENT,
  PADDING_STEP,
  PADDING_STEPS_END,
} from './limits.ts';

const MARKER = 0x80;
/** Buckets are whole AES blocks, so that none of them spills into one more. */
const BLOCK = 16;

/** Every length that a padded content of version 1 can have, ascending. */
export const paddedLengths: readonly number[] = makeLengths();

function makeLengths(): readonly number[] {
  const lengths: number[] = [];
  for (let length = PADDING_STEP; length < PADDING_STEPS_END; length += PADDING_STEP) lengths.push(length);
  let length = PADDING_STEPS_END;
  while (length < MAX_PADDED_BYTES) {
    lengths.push(length);
    length = Math.floor((length * (100 + PADDING_BUCKET_PERCENT)) / 100 / BLOCK) * BLOCK;
  }
  lengths.push(MAX_PADDED_BYTES);
  return lengths;
}

/** @throws CodecError `too-long` above the largest bucket. */
export function padContent(content: Uint8Array): Uint8Array {
  const length = paddedLengths.find((each) => each > content.length);
  if (length === undefined) {
    throw new CodecError('too-long', `content has ${content.length} bytes, at most ${MAX_CONTENT_BYTES}`);
  }
  const padding = new Uint8Array(length - content.length);
  padding[0] = MARKER;
  return concatBytes(content, padding);
}

/**
 * Any length is read, not only those that this version writes: a peer may choose to hide more.
 * @returns a view of the content.
 * @throws CodecError `too-long`, `bad-padding`.
 */
export function unpadContent(padded: Uint8Array): Uint8Array {
  if (padded.length > MAX_PADDED_BYTES) {
    throw new CodecError(
      'too-long',
      `padded content has ${padded.length} bytes, at most ${MAX_PADDED_BYTES}`,
    );
  }
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (end < 0 || padded[end] !== MARKER) throw new CodecError('bad-padding', 'content has no end marker');
  return padded.subarray(0, end);
}
