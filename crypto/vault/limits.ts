/** Sizes and bounds of everything that is sealed at rest, with their whys. */

export const STORE_KEY_BYTES = 32;
export const SALT_BYTES = 16;
export const SEAL_NONCE_BYTES = 24;
export const SEAL_TAG_BYTES = 16;
export const ROW_ID_BYTES = 16;

/**
 * What a passphrase costs to guess, and what the auth key is derived with: 64 MiB and 3 passes, half a second
 * on a small machine. Constants of version 1, never taken from a relay.
 */
export const KDF_MEMORY_KIB = 65_536;
export const KDF_PASSES = 3;
/** A header may ask for more, never for less: nobody can weaken a store by editing it. */
export const KDF_MIN_MEMORY_KIB = KDF_MEMORY_KIB;
export const KDF_MIN_PASSES = KDF_PASSES;
/** Nor may a hostile header take the machine down. */
export const KDF_MAX_MEMORY_KIB = 524_288;
export const KDF_MAX_PASSES = 16;

/** In bytes of UTF-8; longer ones are mistakes, such as a whole file. */
export const MAX_PASSPHRASE_BYTES = 1_024;
/** Passphrase or key file, recovery words, and room for later kinds. */
export const MAX_WRAPS = 8;
/** One sealed row; the largest are a page of history and a session record. */
export const MAX_RECORD_PLAINTEXT_BYTES = 16 * 1_048_576;
