/** The limits and sizes of the endpoint protocol, with the reason for each. Signal's numbers where it has one. */

/** Version 4 is PQXDH with the triple ratchet; version 3 had no post-quantum key agreement. */
export const SESSION_VERSION = 4;
export const OLDEST_KNOWN_VERSION = 3;

/** One type byte and the 32-byte Montgomery u-coordinate. */
export const PUBLIC_KEY_BYTES = 33;
export const PRIVATE_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** XEdDSA hashes this much fresh randomness into its nonce. */
export const SIGNATURE_NONCE_BYTES = 64;

/** One type byte, then the sizes of Kyber-1024. */
export const KEM_PUBLIC_KEY_BYTES = 1569;
export const KEM_SECRET_KEY_BYTES = 3169;
export const KEM_CIPHERTEXT_BYTES = 1569;
export const KEM_KEY_SEED_BYTES = 64;
export const KEM_COINS_BYTES = 32;

/** Signal truncates HMAC-SHA-256 to 64 bits: a forger has one try per message, not an offline search. */
export const MAC_BYTES = 8;

/**
 * A message of an older chain still decrypts while its chain is among the newest five. More would keep old
 * keys alive for longer; fewer would lose messages when both sides write across a slow link.
 */
export const MAX_RECEIVING_CHAINS = 5;

/** Skipped seeds kept per chain, the newest ones: bounds memory to 72 KB per chain. */
export const MAX_SKIPPED_SEEDS = 2000;

/** The furthest a counter may run ahead: bounds the work that an unauthenticated counter can cause. */
export const MAX_FORWARD_JUMP = 25_000;

/**
 * The same bound among the devices of one account. Signal lifts it there; but the counter is read before the
 * MAC can be checked, so without any bound a relay could stall a device for hours with one forged message.
 * Ten times the usual limit is a second of work, and more messages than any backlog holds.
 */
export const MAX_FORWARD_JUMP_SELF = 250_000;

/** Counters are 32 bits on the wire. */
export const MAX_COUNTER = 0xffff_ffff;

/** Sessions that were replaced but may still receive messages under way. */
export const MAX_ARCHIVED_SESSIONS = 40;

/**
 * What the archived sessions of one record may hold together. 40 ordinary ones have a quarter of a megabyte;
 * but a peer decides how many messages it skips in each, and 41 full ones would be 17 MiB, rewritten with
 * every message and more than a store takes for one row.
 */
export const MAX_ARCHIVED_BYTES = 4 * 1_048_576;

/**
 * How many whole forward jumps the archived sessions may make together for one message. Any of them may be
 * the one that it belongs to, and only at the end of the jump a MAC can tell: all 40 would take a quarter of
 * a minute to refuse one forged message. A jump is one in each ratchet, so this is one full jump of both.
 */
export const MAX_ARCHIVED_JUMPS = 2;

/**
 * A session that never got an answer stops being used after this time. By then the other side may have
 * deleted the pre-keys that the session was built on, and everything sent would be lost in silence.
 */
export const MAX_UNACKNOWLEDGED_SESSION_AGE_SECONDS = 30 * 24 * 60 * 60;

/** 0 is not a device, and one byte with the top bit clear is what every format of Signal's reserves. */
export const MIN_DEVICE_ID = 1;
export const MAX_DEVICE_ID = 127;

/** Sealed sender packs the registration id into 14 bits. */
export const MAX_REGISTRATION_ID = 0x3fff;

/** Safety numbers: slow enough to make a search for a similar number expensive, as in Signal's apps. */
export const DEFAULT_FINGERPRINT_ITERATIONS = 5200;
export const MIN_FINGERPRINT_ITERATIONS = 2;
export const MAX_FINGERPRINT_ITERATIONS = 1_000_000;
