/**
 * The outermost layer of the client<->relay wire: binary WebSocket frames.
 *
 * The first frame in each direction is a hello; every later one is a `Frame` of 1..n records. A client sends
 * requests, the relay answers each with exactly one response of the same id, and sends events unasked.
 *
 * @see docs/wire-relay.md
 */

import {
  bytes,
  type MessageOf,
  message,
  nested,
  optional,
  repeated,
  required,
  uint32,
  uint53,
} from '../../crypto/wire/schema.ts';
import { FEATURES_MAX, FRAME_MAX_BYTES, FRAME_MAX_RECORDS } from './limits.ts';

export const PROTOCOL_VERSION = 1;
/** The only path a client asks for; nothing about the user stands in it. */
export const WEBSOCKET_PATH = '/v1';
export const NONCE_BYTES = 32;

/** First frame of a client: fresh randomness that the relay must sign before anything secret is sent. */
export const ClientHello = message('ClientHello', {
  version: required(1, uint32),
  nonce: required(2, bytes({ length: NONCE_BYTES })),
  features: repeated(3, uint32, { max: FEATURES_MAX }),
});
export type ClientHello = MessageOf<typeof ClientHello>;

/** First frame of the relay. `signature` is the root key's over both nonces (crypto/account/challenge). */
export const RelayHello = message('RelayHello', {
  version: required(1, uint32),
  rootKey: required(2, bytes({ length: 33 })),
  nonce: required(3, bytes({ length: NONCE_BYTES })),
  signature: required(4, bytes({ length: 64 })),
  features: repeated(5, uint32, { max: FEATURES_MAX }),
  /** Signed list of TLS keys; absent on plain ws. */
  endorsement: optional(6, bytes({ max: 4_096 })),
  nowMs: required(7, uint53),
});
export type RelayHello = MessageOf<typeof RelayHello>;

export const RequestRecord = message('Request', {
  id: required(1, uint32),
  operation: required(2, uint32),
  body: required(3, bytes({ max: FRAME_MAX_BYTES })),
});
export type RequestRecord = MessageOf<typeof RequestRecord>;

/** `status` 0 is success; anything else is a number of `relayErrors`, whose body is empty except for stale-devices. */
export const ResponseRecord = message('Response', {
  id: required(1, uint32),
  status: required(2, uint32),
  body: required(3, bytes({ max: FRAME_MAX_BYTES })),
  retryAfterMs: optional(4, uint32),
});
export type ResponseRecord = MessageOf<typeof ResponseRecord>;

export const EventRecord = message('Event', {
  type: required(1, uint32),
  body: required(2, bytes({ max: FRAME_MAX_BYTES })),
});
export type EventRecord = MessageOf<typeof EventRecord>;

export const Frame = message('Frame', {
  requests: repeated(1, nested(RequestRecord), { max: FRAME_MAX_RECORDS }),
  responses: repeated(2, nested(ResponseRecord), { max: FRAME_MAX_RECORDS }),
  events: repeated(3, nested(EventRecord), { max: FRAME_MAX_RECORDS }),
});
export type Frame = MessageOf<typeof Frame>;

/** Why the relay closed a connection (WebSocket close codes). */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  policyViolation: 1008,
  tooBig: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
  /** Ours: the device connected again elsewhere, or its session was revoked. */
  superseded: 4001,
  sessionRevoked: 4002,
} as const;
