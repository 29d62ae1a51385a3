/** Every limit of the relay's listener, once, with its why. Those of the wire stand in relay/protocol/limits.ts. */

export interface ServerLimits {
  /** Open TCP connections, all together and of one address: a reconnect storm fits, a flood does not. */
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** A client sends its headers and its request within these; slower is slowloris. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How often Node looks for connections that are over these limits. */
  readonly connectionsCheckingIntervalMs: number;
  /** From the upgrade to the client's hello. */
  readonly helloTimeoutMs: number;
  /** From the first byte of a WebSocket message to its last. */
  readonly messageTimeoutMs: number;
  /** Pings go out this often; two silent intervals end a connection. */
  readonly heartbeatMs: number;
  /** From our close frame to the peer's. */
  readonly closeTimeoutMs: number;
  /** The shutdown as a whole stays under ten seconds. */
  readonly drainTimeoutMs: number;
  /** Spread over which clients are asked to come back after a drain. */
  readonly reconnectAfterMs: number;
  /** Unsent bytes of one connection above which the push pauses and nothing more is read from it. */
  readonly congestedBytes: number;
  /** Upper bound of a request's header section. */
  readonly headerMaxBytes: number;
  readonly headersMax: number;
  /** Fragments of one WebSocket message, and pieces of the TCP stream held for one frame. */
  readonly fragmentsMax: number;
  readonly bufferedChunksMax: number;
}

export const defaultServerLimits: ServerLimits = {
  maxConnections: 10_000,
  maxConnectionsPerAddress: 256,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  connectionsCheckingIntervalMs: 2_000,
  helloTimeoutMs: 10_000,
  messageTimeoutMs: 10_000,
  heartbeatMs: 30_000,
  closeTimeoutMs: 5_000,
  drainTimeoutMs: 8_000,
  reconnectAfterMs: 2_000,
  congestedBytes: 1_048_576,
  headerMaxBytes: 8_192,
  headersMax: 32,
  fragmentsMax: 16,
  bufferedChunksMax: 1_024,
};

/** Password jobs that wait for a worker; more are answered `busy`. */
export const PASSWORD_QUEUE_MAX = 32;
export const PASSWORD_WORKERS_MAX = 2;
/** A full queue of two workers at bcrypt cost 10 takes about two seconds. */
export const PASSWORD_RETRY_AFTER_MS = 3_000;
/** One request or answer on the admin socket. */
export const ADMIN_LINE_MAX_BYTES = 1_048_576;
export const ADMIN_TIMEOUT_MS = 5_000;
export const ADMIN_CONNECTIONS_MAX = 8;
/** Linux truncates longer socket paths silently at 107 bytes. */
export const SOCKET_PATH_MAX_BYTES = 100;
/** Expired mail, sessions and buckets are looked at this often. */
export const TICK_MS = 60_000;
