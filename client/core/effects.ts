/** What a step wants done after its writes are on disk, in this order; none is remembered beyond the process. */

import type { ChatError } from '../../crypto/errors.ts';
import type { Random } from '../../crypto/random.ts';
import type { AnySecret } from '../../crypto/secret.ts';
import type { OperationName, RequestOf } from '../../relay/protocol/operations.ts';
import type { PositionedEvent } from './events.ts';
import type { LinkName } from './input.ts';
import type { Write } from './tables.ts';

export type RelayEffect = {
  [Name in OperationName]: {
    readonly kind: 'relay';
    readonly link: LinkName;
    /** Names the request; its confirmation carries the same tag. The core never waits for two of one tag. */
    readonly tag: string;
    /**
     * Tells it from every other request of this process; its confirmation carries the same. One that left when
     * its link was breaking may be answered by the next link, after the core has asked again under its tag.
     */
    readonly serial: number;
    readonly operation: Name;
    readonly request: RequestOf<Name>;
  };
}[OperationName];

export type Effect =
  | RelayEffect
  /** Everything up to this mailbox sequence is on disk; later ones include earlier ones. */
  | { readonly kind: 'acknowledge'; readonly sequence: number }
  /** Answers the command of this id. */
  | { readonly kind: 'result'; readonly id: string; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: string; readonly error: ChatError }
  /** The account signed out: the engine closes the home link and does not come back. */
  | { readonly kind: 'sign-out' };

export interface Env {
  readonly nowMs: number;
  readonly random: Random;
}

export interface StepOutput {
  /** One atomic batch. */
  readonly writes: readonly Write[];
  readonly effects: readonly Effect[];
  readonly events: readonly PositionedEvent[];
  /** To be wiped once the writes are on disk, never before. */
  readonly spent: readonly AnySecret[];
}
