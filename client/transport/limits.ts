/** Every limit of the links to a relay, once, with its why. Tests pass smaller ones. */

export interface LinkLimits {
  /** From the first byte to a relay that has proved itself; a loopback or nearby relay needs milliseconds. */
  readonly connectTimeoutMs: number;
  /** A request without an answer for so long means that the connection is dead; bcrypt queues are shorter. */
  readonly responseTimeoutMs: number;
  /** Silence after which the relay is asked whether it is still there… */
  readonly heartbeatIdleMs: number;
  /** …and how long it may take to answer that. */
  readonly heartbeatAnswerMs: number;
  /** First delay before connecting again; it doubles with each failure… */
  readonly reconnectMinMs: number;
  /** …up to this, so that a relay that comes back is found within a minute. */
  readonly reconnectMaxMs: number;
  /** No relay keeps a client away for longer than this. */
  readonly askedMaxMs: number;
  /** A link that stayed up so long begins with the first delay again; one that comes and goes does not. */
  readonly stableAfterMs: number;
  /** Unanswered requests of one connection; below the relay's own limit, so it never has to refuse. */
  readonly inFlightMax: number;
  /** Bytes in unanswered requests: what would have to be sent again when the connection dies. */
  readonly inFlightMaxBytes: number;
  /** Requests that wait for their turn; more than this is a runaway caller. */
  readonly waitingMax: number;
  /** Pushed envelopes that the relay may have unacknowledged. */
  readonly pushWindow: number;
  /** An acknowledgement that the relay had no time for goes out again after this. */
  readonly acknowledgeAgainMs: number;
  /** The anonymous connection opens after a random part of this: not in step with the signed-in one. */
  readonly anonymousDelayMs: number;
  /** The anonymous connection is replaced after a random time between these two. */
  readonly anonymousLifeMinMs: number;
  readonly anonymousLifeMaxMs: number;
}

export const linkLimits: LinkLimits = {
  connectTimeoutMs: 10_000,
  responseTimeoutMs: 30_000,
  heartbeatIdleMs: 30_000,
  heartbeatAnswerMs: 10_000,
  reconnectMinMs: 500,
  reconnectMaxMs: 60_000,
  askedMaxMs: 3_600_000,
  stableAfterMs: 10_000,
  inFlightMax: 256,
  inFlightMaxBytes: 1_048_576,
  waitingMax: 8_192,
  pushWindow: 128,
  acknowledgeAgainMs: 1_000,
  anonymousDelayMs: 750,
  anonymousLifeMinMs: 600_000,
  anonymousLifeMaxMs: 3_600_000,
};
