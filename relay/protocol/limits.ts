/** Every limit of the client<->relay wire, once, with its why. Sizes in bytes unless the name says otherwise. */

/** One WebSocket frame: a full envelope and its addressing fit, a flood of huge frames does not. */
export const FRAME_MAX_BYTES = 131_072;
/** One ciphertext: 64 KiB of text, padding, ratchet and pre-key overhead, with room to grow. */
export const ENVELOPE_MAX_BYTES = 98_304;
/** Records of one kind in a frame; more wait for the next one. */
export const FRAME_MAX_RECORDS = 1_024;
/** Devices of one account: the envelope goes to each, so the number multiplies every message. */
export const ACCOUNT_MAX_DEVICES = 8;
/** Account records kept and sent: a chain longer than this is refused at upload. */
export const RECORD_CHAIN_MAX = 1_000;
/** Records in one answer; the rest is fetched with a later `afterSequence`. */
export const RECORDS_PER_ANSWER_MAX = 100;
/** One signed account record: eight devices with sealed names and an enrolment statement (crypto/account/limits). */
export const RECORD_MAX_BYTES = 4_096;
/** One-time keys of each kind that the relay keeps for a device. */
export const ONE_TIME_KEYS_MAX = 100;
/** One-time keys in one upload: 40 KEM keys of 1.6 KiB fit a frame. */
export const ONE_TIME_KEYS_PER_UPLOAD_MAX = 40;
/** Capability hashes in one registration of the pool. */
export const CAPABILITIES_PER_UPLOAD_MAX = 64;
/** Live capabilities of one account. */
export const CAPABILITIES_MAX = 4_096;
/** Undelivered messages of one device: whichever limit comes first. */
export const MAILBOX_MAX_MESSAGES = 10_000;
export const MAILBOX_MAX_BYTES = 67_108_864;
/** Undelivered messages are dropped after this. */
export const MAILBOX_EXPIRY_MS = 30 * 86_400_000;
/** Pushed and not yet acknowledged envelopes of one connection. */
export const PUSH_WINDOW_MAX = 256;
/** Bytes staged for a later `deliver`, and how long they are kept. */
export const STAGE_MAX_BYTES = ENVELOPE_MAX_BYTES;
export const STAGE_EXPIRY_MS = 60_000;
/** Requests that one connection may have unanswered. */
export const REQUESTS_IN_FLIGHT_MAX = 512;
/** Token bucket of a capability. */
export const CAPABILITY_BURST = 300;
export const CAPABILITY_PER_DAY = 3_000;
export const CAPABILITY_BYTES_PER_DAY = 268_435_456;
/** First contact by a signed-in stranger: per pair and day. */
export const REQUESTS_PER_PAIR_AND_DAY = 5;
/** Beyond the first one, which may be of any size: it carries the whole chain of its sender's records. */
export const REQUEST_BYTES_PER_PAIR_AND_DAY = 32_768;
/** Contact requests of one account, whatever the target. */
export const REQUESTS_PER_MINUTE = 60;
/** Exact-name look-ups of one account: the directory cannot be scraped. */
export const LOOK_UPS_PER_DAY = 100;
/** Registration ids are 14 bits wide, as sealed sender v2 needs. */
export const REGISTRATION_ID_MAX = 16_383;
export const DEVICE_ID_MAX = 127;
export const USERNAME_MAX_BYTES = 96;
export const LABEL_MAX_BYTES = 64;
export const INVITE_CODE_MAX_BYTES = 64;
/** base64 of the 32-byte auth key without padding: never near bcrypt's 72-byte truncation. */
export const AUTH_KEY_TEXT_BYTES = 43;
export const FEATURES_MAX = 32;
export const SESSIONS_MAX = 32;
