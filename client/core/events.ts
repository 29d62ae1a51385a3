/** What the account tells its front ends. Each event carries its position, so that queries and the events after them rebuild any view. */

import type { MessageState } from './commands.ts';
import type { LinkState, MessageView, RequestView, TrustState } from './queries.ts';

export type AccountEvent =
  | { readonly type: 'message'; readonly message: MessageView }
  | {
      readonly type: 'message.state';
      readonly id: string;
      readonly conversation: string;
      readonly state: MessageState;
      readonly reason?: string;
    }
  | { readonly type: 'request'; readonly request: RequestView }
  | { readonly type: 'request.accepted'; readonly account: string; readonly name: string }
  | {
      readonly type: 'trust';
      readonly account: string;
      readonly name: string;
      readonly trust: TrustState;
      readonly signed: boolean;
    }
  | { readonly type: 'link'; readonly state: LinkState; readonly reason?: string }
  | { readonly type: 'contact'; readonly account: string; readonly name: string };

/** An event with the position of the event log after it; positions only grow. */
export type PositionedEvent = AccountEvent & { readonly position: number };
