/** Every maximum of what stands inside the ciphertext, with its why. Sizes are in bytes. */

/** The version of contents that this code writes; a content says by `minVersion` from which on it is understood. */
export const CONTENT_VERSION = 1;
export const MAX_CONTENT_VERSION = 0xffff;
export const CONTENT_ID_BYTES = 16;

/** What a person may type at once; longer texts go as a file. */
export const MAX_TEXT_BYTES = 65_536;
/** All text a stranger may send before an answer, so one request cannot exceed it either. */
export const MAX_REQUEST_TEXT_BYTES = 8_192;
/**
 * Account records in one content, from record 0 on. A longer chain is cut; the receiver fetches the rest
 * with the capability that comes along.
 */
export const MAX_RECORDS = 256;
export const MAX_RECORDS_BYTES = 65_536;
/** One batch of receipts; more go in a second one. */
export const MAX_RECEIPT_IDS = 256;
/** A sender key distribution is about 120 bytes; later group keys get room. */
export const MAX_DISTRIBUTION_BYTES = 4_096;

/** Small contents all look alike in steps of this size. */
export const PADDING_STEP = 160;
/** Up to here in steps, beyond in buckets. */
export const PADDING_STEPS_END = 1_024;
/** Each bucket is at most this much larger than the one before. */
export const PADDING_BUCKET_PERCENT = 12;
/**
 * An envelope of 96 KiB less 6 KiB: sender, ratchet headers, the keys of a first message, and later the
 * certificate of a sealed sender.
 */
export const MAX_PADDED_BYTES = 92_160;
/** The padding is at least one byte. */
export const MAX_CONTENT_BYTES = MAX_PADDED_BYTES - 1;

/** Links are pasted and scanned: long enough for the longest of ours, short enough to be read at once. */
export const MAX_URI_CHARACTERS = 1_024;
/** RFC 1035: the longest host name. */
export const MAX_HOST_CHARACTERS = 253;
export const MAX_INVITE_CODE_CHARACTERS = 64;
export const DEFAULT_RELAY_PORT = 7443;
