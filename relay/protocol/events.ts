/** What the relay sends unasked. */

import {
  bytes,
  type MessageOf,
  message,
  optional,
  required,
  uint8,
  uint32,
  uint53,
} from '../../crypto/wire/schema.ts';
import { ENVELOPE_MAX_BYTES } from './limits.ts';
import { Empty, PreKeyCounts } from './operations.ts';

/** How an envelope was allowed into the mailbox. */
export const AUTHORITY = { request: 1, contact: 2, address: 3, group: 4, self: 5 } as const;

/** One entry of the mailbox, pushed in the order of `sequence`; may come again until it is acknowledged. */
export const EnvelopeEvent = message('EnvelopeEvent', {
  sequence: required(1, uint53),
  envelopeId: required(2, bytes({ length: 16 })),
  kind: required(3, uint8),
  bytes: required(4, bytes({ max: ENVELOPE_MAX_BYTES })),
  /** When the relay took it, rounded down to the hour, ms. */
  stampMs: required(5, uint53),
  authority: required(6, uint8),
  /** SHA-256 of the capability used; absent for a contact request. */
  capabilityHash: optional(7, bytes({ length: 32 })),
});
export type EnvelopeEvent = MessageOf<typeof EnvelopeEvent>;

export const DrainingEvent = message('DrainingEvent', { reconnectAfterMs: required(1, uint32) });
export type DrainingEvent = MessageOf<typeof DrainingEvent>;

export const events = {
  envelope: { number: 1, codec: EnvelopeEvent },
  preKeysLow: { number: 2, codec: PreKeyCounts },
  draining: { number: 3, codec: DrainingEvent },
  /** The device connected again elsewhere; this connection closes. */
  superseded: { number: 4, codec: Empty },
  /** A newer own record exists. */
  recordChanged: { number: 5, codec: Empty },
} as const;

export type EventName = keyof typeof events;
