/** Every maximum of the account formats, with its why. */

export const RECORD_VERSION = 1;
/** A content is encrypted once per device, so the list bounds the cost of every message. */
export const MAX_DEVICES = 8;
/** A name that only the own devices can read; empty until linking defines its key. */
export const MAX_SEALED_NAME_BYTES = 256;
/** Eight devices with full names are 3,200 bytes; the rest of a record stays under 600. */
export const MAX_RECORD_BYTES = 4096;
/** Decades of device changes; a chain made to be slow, every device signed anew in every record, takes 1.5 s. */
export const MAX_CHAIN_RECORDS = 1_000;
/** Full chains of full records would be 4 MiB; nobody may make others fetch and keep that. */
export const MAX_CHAIN_BYTES = 1_048_576;

export const MIN_NAME_CHARACTERS = 3;
export const MAX_NAME_CHARACTERS = 32;
/** 32 characters of three UTF-8 bytes; of rare four-byte ones fewer fit. */
export const MAX_NAME_BYTES = 3 * MAX_NAME_CHARACTERS;
/** Longer input is refused before it is normalised, which can be quadratic. */
export const MAX_NAME_INPUT = 256;
