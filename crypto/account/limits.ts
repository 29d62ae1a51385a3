/** Every maximum of the account formats, with its why. */

export const RECORD_VERSION = 1;
/** libsignal's range; 0 means "no device" in our own fixed layouts. */
export const MAX_DEVICE_ID = 127;
/** A content is encrypted once per device, so the list bounds the cost of every message. */
export const MAX_DEVICES = 8;
/** Fourteen bits: what sealed sender version 2 has room for. */
export const MAX_REGISTRATION_ID = 0x3fff;
/** A name that only the own devices can read; empty until linking defines its key. */
export const MAX_SEALED_NAME_BYTES = 256;
/** Eight devices with full names are 3,200 bytes; the rest of a record stays under 600. */
export const MAX_RECORD_BYTES = 4096;
/** Device ids are never reused, so an honest chain has at most 127 additions and as many removals. */
export const MAX_CHAIN_RECORDS = 256;
/** A first contact carries the whole chain beside its text, inside one envelope of 96 KiB. */
export const MAX_CHAIN_BYTES = 65_536;

export const MIN_NAME_CHARACTERS = 3;
export const MAX_NAME_CHARACTERS = 32;
/** 32 characters of three UTF-8 bytes; of rare four-byte ones fewer fit. */
export const MAX_NAME_BYTES = 3 * MAX_NAME_CHARACTERS;
/** Longer input is refused before it is normalised, which can be quadratic. */
export const MAX_NAME_INPUT = 256;
