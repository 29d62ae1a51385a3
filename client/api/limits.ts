/** Limits of the local socket, once, with their why. */

/** The form of requests and answers; raised when an older program could misread them. */
export const API_VERSION = 1;

/** Node cuts a longer path at 107 bytes without a word, and two accounts could meet at one socket. */
export const SOCKET_PATH_MAX_BYTES = 100;
/** Programs of one person on one machine; a script that starts more at once waits for its turn. */
export const CONNECTIONS_MAX = 256;
/** A message of 64 KiB, every byte of it escaped, and room for the rest. */
export const REQUEST_MAX_BYTES = 1_048_576;
/** A thousand long messages in one answer; clients ask in pages far smaller than this. */
export const ANSWER_MAX_BYTES = 134_217_728;
/** Requests of one connection that are being answered; a client of ours has a few. */
export const IN_FLIGHT_MAX = 256;
/** A client that does not read what it asked for is cut off. */
export const UNREAD_MAX_BYTES = 268_435_456;
/** Events that a client did not read: one that stopped listening is cut off, and finds its way back by itself. */
export const UNHEARD_MAX_BYTES = 16_777_216;
/** Whoever connects says hello at once. */
export const HELLO_TIMEOUT_MS = 5_000;
/** A client cannot ask the account to wait longer than this. */
export const WAIT_MAX_MS = 86_400_000;

/** How long a program waits for the account while others open or close it. */
export const ACQUIRE_MAX_MS = 20_000;
/** Between two looks, with jitter so that many do not look at once. */
export const ACQUIRE_PAUSE_MS = 40;
/** Stale sockets are removed and the place is taken; somebody else may be quicker. */
export const BIND_TRIES = 3;
/** A runtime directory goes with its session, and a temporary one is tidied: the socket is looked after so often. */
export const PLACE_CHECK_MS = 5_000;
/** A command that holds the store serves others at most so long after its own work. */
export const LINGER_MAX_MS = 10_000;
/** What is being answered when the account closes may finish. */
export const FAREWELL_MAX_MS = 3_000;
/** A request is repeated where the account moved to another program meanwhile. */
export const REQUEST_TRIES = 5;
