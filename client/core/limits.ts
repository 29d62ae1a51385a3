/** Every limit and every span of time of the account machine, once, with its why. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Housekeeping that nobody waits for: expiry, wiping, purging. */
export const SWEEP_EVERY_MS = HOUR_MS;
/** Rows that one sweep purges: a step stays short, the next sweep goes on. */
export const SWEEP_ROWS_MAX = 2_000;

// --- pre-keys and capabilities -------------------------------------------------------------------------

/** One-time keys of each kind that the relay should hold; its own maximum too. */
export const ONE_TIME_KEYS_TARGET = 100;
/** Below this they are topped up, so that a burst of new contacts does not fall back on the last resort. */
export const ONE_TIME_KEYS_LOW = 50;
/** Below this at once; above, after a random wait, so that the refill does not say when a key was used. */
export const ONE_TIME_KEYS_URGENT = 10;
export const REFILL_WAIT_MAX_MS = 5 * MINUTE_MS;
/** Signed and last-resort keys protect every first message since they were made: a week, less a day to get online. */
export const SIGNED_KEY_LIFE_MS = 6 * DAY_MS;
/** A first message may wait 30 days in the mailbox; a day more for clocks. */
export const OLD_KEY_KEPT_MS = 31 * DAY_MS;
/** Old signed and last-resort keys that are still kept: 31 days at one rotation a week, with room. */
export const RETIRING_KEYS_MAX = 64;
/** Pre-key ids are random 24-bit numbers: consecutive ones would tell a reader how many keys were used. */
export const PREKEY_ID_BYTES = 3;
/** Uploads of pre-keys that the relay has not confirmed. */
export const UPLOADS_MAX = 16;

export const CAPABILITY_POOL = 64;
/** Fewer free ones than this: the pool is filled up again at a random time. */
export const CAPABILITY_POOL_LOW = 32;
export const CAPABILITY_REFILL_WAIT_MAX_MS = 6 * HOUR_MS;
/** Capabilities kept of one contact: the newest, and older ones until the newest was used. */
export const HELD_CAPABILITIES_MAX = 4;

// --- people ---------------------------------------------------------------------------------------------

export const CONTACTS_MAX = 10_000;
/** Strangers whose request waits for an answer; more are not kept. */
export const REQUESTS_MAX = 100;
/** What a stranger may send before an answer, per 30 days; the sender's client holds to it too. */
export const REQUEST_CONTENTS_MAX = 5;
export const REQUEST_TEXT_MAX_BYTES = 8_192;
/** Lines kept of one request: its messages, and gap lines between them. */
export const REQUEST_LINES_MAX = 2 * REQUEST_CONTENTS_MAX;
export const REQUEST_WINDOW_MS = 30 * DAY_MS;
/** Rejected strangers that are remembered, so that they stay silent; the oldest are forgotten first. */
export const REJECTED_MAX = 1_000;
export const LOCAL_NAME_MAX_CHARACTERS = 64;
export const LOCAL_NAME_MAX_BYTES = 256;
/** Root keys of one account that `identities` can show. */
export const IDENTITIES_MAX = 32;
/** A peer whose records fail to come is asked about again after this, doubling. */
export const ACCEPT_AGAIN_AFTER_MS = HOUR_MS;

// --- messages -------------------------------------------------------------------------------------------

/** Contents waiting in the outbox, of all conversations together. */
export const OUTBOX_MAX = 10_000;
/** No receipt within this time: the message is shown as expired. The relay drops it after the same time. */
export const RECEIPT_WAIT_MS = 30 * DAY_MS;
/** How long a later message waits for a missing one. */
export const GAP_WAIT_MS = 10 * SECOND_MS;
/** Messages of one sender's device that wait for an earlier one; more end the waiting. */
export const EARLY_MAX = 256;
/** Open gaps remembered per sender's device; a late arrival in an older one goes to the end. */
export const GAPS_MAX = 32;
/** Places kept for late arrivals in one gap. */
export const GAP_SLOTS_MAX = 1_000;
/** Receipts are sent together after a random wait, so that they do not say when somebody is there. */
export const RECEIPT_WAIT_LOW_MS = 30 * SECOND_MS;
export const RECEIPT_WAIT_HIGH_MS = 90 * SECOND_MS;
/** A sender's clock may be off by this much before the relay's stamp is shown instead. */
export const CLOCK_SKEW_MAX_MS = DAY_MS;

/** No honest device writes so many contents; above, a jump would reach the end of safe integers. */
export const COUNTER_MAX = 2 ** 48;
/** The last moment of the year 9999: later times break the formatting of every program that shows them. */
export const TIME_MAX_MS = 253_402_300_799_999;

// --- mail -----------------------------------------------------------------------------------------------

/** How long an envelope is recognised when it comes again: the mailbox's 30 days and a margin. */
export const SEEN_KEPT_MS = 45 * DAY_MS;
/** Envelopes from unlisted devices of one account. */
export const PARKED_MAX = 100;
export const PARKED_KEPT_MS = 30 * DAY_MS;

// --- the relay ------------------------------------------------------------------------------------------

/** How long a command waits for a look-up before it says that the relay cannot be reached. */
export const COMMAND_WAIT_MS = 10 * SECOND_MS;
export const COMMANDS_PENDING_MAX = 256;
/** First wait after `later`, doubled up to the last, with jitter so that clients do not come back together. */
export const BACK_OFF_FIRST_MS = 2 * SECOND_MS;
export const BACK_OFF_LAST_MS = 10 * MINUTE_MS;
/** A full mailbox empties when its owner comes online, which takes hours rather than seconds. */
export const MAILBOX_FULL_FIRST_MS = MINUTE_MS;
export const MAILBOX_FULL_LAST_MS = HOUR_MS;
/** No relay can make a client wait longer than this. */
export const RETRY_AFTER_MAX_MS = DAY_MS;

// --- queries --------------------------------------------------------------------------------------------

export const HISTORY_DEFAULT = 20;
export const HISTORY_MAX = 10_000;
export const CHATS_DEFAULT = 20;
export const SEARCH_DEFAULT = 50;
export const RECEIVE_MAX = 1_000;
/** History rows that one search opens: sealed rows have no index, so a search is a scan with an end. */
export const SEARCH_ROWS_MAX = 100_000;
/** Rows that one page of a scan may skip to reach its start. */
export const SCAN_ROWS_MAX = 100_000;
export const CURSORS_MAX = 64;
export const CURSOR_NAME_MAX_BYTES = 64;
