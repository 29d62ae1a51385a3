/** The only ways into the account machine: a command, a delivery, a confirmation, a change of a link, a tick. */

import type { RelayError } from '../../crypto/errors.ts';
import type { EnvelopeEvent } from '../../relay/protocol/events.ts';
import type { OperationName, PreKeyCounts, ResponseOf } from '../../relay/protocol/operations.ts';
import type { Command } from './commands.ts';

/** `home` is the signed-in link to the own relay, `anonymous` the one that never says who we are. */
export type LinkName = 'home' | 'anonymous';

export interface CommandInput {
  readonly kind: 'command';
  /** Chosen by the engine, unique in this process: the `result` or `failure` effect names it, now or in a later step. */
  readonly id: string;
  readonly command: Command;
}

export interface DeliveryInput {
  readonly kind: 'delivery';
  readonly envelope: EnvelopeEvent;
}

export type Outcome<Response> =
  | { readonly ok: true; readonly response: Response }
  | {
      readonly ok: false;
      /** What the relay answered, or `relay-unreachable` when the link broke before an answer. */
      readonly error: RelayError;
      /** With `stale-devices`: the records that came in the answer's body. */
      readonly records?: readonly Uint8Array[];
    };

/** Every relay effect gets exactly one, unless the process ends first. */
export type ConfirmationInput = {
  [Name in OperationName]: {
    readonly kind: 'confirmation';
    readonly tag: string;
    /** Of the request that it answers. */
    readonly serial: number;
    readonly operation: Name;
    readonly outcome: Outcome<ResponseOf<Name>>;
  };
}[OperationName];

export interface LinkInput {
  readonly kind: 'link';
  readonly link: LinkName;
  /** `up` may be repeated with news: after sign-in, on prekeysLow and on recordChanged. */
  readonly state: 'connecting' | 'up' | 'down';
  /** Stable word for front ends: `relay-unreachable`, `superseded`, `session-revoked`, `wrong-relay`… */
  readonly reason?: string;
  readonly info?: {
    readonly preKeys?: PreKeyCounts;
    /** Sequence of the newest own record at the relay. */
    readonly recordSequence?: number;
    readonly recordChanged?: true;
  };
}

export interface TickInput {
  readonly kind: 'tick';
}

export type Input = CommandInput | DeliveryInput | ConfirmationInput | LinkInput | TickInput;
