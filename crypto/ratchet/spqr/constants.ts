/** Sizes and limits of the sparse post-quantum ratchet; the first part is specification, the second our choice. */

export const SPQR_VERSION = 1;

export const CHUNK_BYTES = 32;
/** A chunk number is a u16 on the wire; a sender's counter wraps. */
export const MAX_CHUNK_NUMBER = 0xffff;

export const HEADER_BYTES = 64;
export const EK_VECTOR_BYTES = 1152;
export const CT1_BYTES = 960;
export const CT2_BYTES = 128;
export const DECAPSULATION_KEY_BYTES = 2400;
export const MAC_BYTES = 32;
export const KEY_BYTES = 32;

/** What travels in chunks: header and MAC, ek vector, ct1, ct2 and MAC. */
export const HEADER_TRANSFER_BYTES = HEADER_BYTES + MAC_BYTES;
export const CT2_TRANSFER_BYTES = CT2_BYTES + MAC_BYTES;
/** The longest transfer (the ek vector) has this many data chunks. */
export const MAX_DATA_CHUNKS = EK_VECTOR_BYTES / CHUNK_BYTES;

export const MAX_COUNTER = 0xffff_ffff;
/** Bounds the work that one unauthenticated index can cause: 25,000 chain steps. */
export const MAX_JUMP = 25_000;
/**
 * Between two devices of one account the protocol lifts the limit. We only raise it: the index is read before
 * the MAC can be checked, so without any bound one forged message would stall a device for hours.
 */
export const MAX_JUMP_SELF = 250_000;
/** How far behind the newest message a late one may be. */
export const MAX_OUT_OF_ORDER = 2_000;
/** Expired keys are collected in bulk, once a store is a tenth above the window. */
export const COLLECT_AT = Math.floor((MAX_OUT_OF_ORDER * 11) / 10) + 1;
export const MAX_SKIPPED_KEYS = COLLECT_AT - 1;

/** Epochs are u64 in the protocol; we stop where JavaScript stops counting. */
export const MAX_EPOCH = Number.MAX_SAFE_INTEGER;
/** The send epoch, the one before it for late messages, the one after it once its secret is known. */
export const MAX_CHAIN_LINKS = 3;
