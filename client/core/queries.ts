/** What a front end may read. Answered from a snapshot, outside `step`; nothing here changes anything. */

import type { AcceptFrom, MessageState } from './commands.ts';

export type Query =
  | { readonly type: 'whoami' }
  | { readonly type: 'status' }
  | { readonly type: 'contacts' }
  | { readonly type: 'contact'; readonly who: string }
  | { readonly type: 'requests' }
  | { readonly type: 'chats'; readonly limit?: number; readonly unread?: boolean }
  | {
      readonly type: 'history';
      readonly who: string;
      readonly limit?: number;
      /** A message id or a time in ms: only what stands before it. */
      readonly before?: string | number;
      readonly since?: number;
    }
  | {
      readonly type: 'search';
      readonly text: string;
      readonly in?: string;
      readonly from?: string;
      readonly limit?: number;
    }
  /** Everything visible of every conversation after a position of the event log, oldest first. */
  | { readonly type: 'receive'; readonly cursor: string; readonly limit?: number }
  | { readonly type: 'message'; readonly id: string }
  | { readonly type: 'outbox' }
  | { readonly type: 'fingerprint'; readonly who?: string }
  | { readonly type: 'identities'; readonly who?: string }
  | { readonly type: 'address' }
  /** The recovery words, while they are not confirmed. The one query whose answer is secret: local, never logged. */
  | { readonly type: 'recovery.words' };

export type QueryType = Query['type'];
export type TrustState = 'unverified' | 'verified' | 'key changed';
export type ContactState =
  /** We wrote first and wait for an answer. */
  | 'requested'
  /** They wrote first and wait for ours. */
  | 'incoming'
  | 'accepted'
  | 'rejected';

export interface ContactView {
  readonly account: string;
  /** Local name if there is one, else the name on the relay. */
  readonly name: string;
  readonly username: string;
  readonly state: ContactState;
  readonly trust: TrustState;
  readonly linkChecked: boolean;
  readonly blocked: boolean;
  readonly muted: boolean;
  readonly addedMs: number;
}

/** One visible line of a conversation. `text` is raw outside text: it reaches a screen only through the sanitiser. */
export interface MessageView {
  readonly id: string;
  readonly conversation: string;
  /** The other side's name. */
  readonly with: string;
  readonly direction: 'in' | 'out';
  readonly from: string;
  readonly kind: 'text' | 'gap' | 'notice' | 'unreadable';
  readonly text: string;
  /**
   * A stable word. Notices: `devices-changed`, `key-changed` (both signed by the old key), `identity-changed`
   * (not signed: what waits is held), `history-differs` (the sender told others something else before).
   * Unreadable ones: `needs-newer-version`, `unlisted-device`, `content-misrouted`, or the code of the error.
   */
  readonly reason?: string;
  /** For gap lines: how many messages are missing. For unreadable ones: how many this line stands for. */
  readonly missing?: number;
  readonly sentMs: number;
  readonly receivedMs: number;
  /** The sender's clock is more than a day off: `sentMs` is the relay's stamp. */
  readonly timeFromRelay: boolean;
  readonly late: boolean;
  readonly state?: MessageState;
  readonly stateReason?: string;
  readonly trust: TrustState;
  /** Position in the account's event log. */
  readonly position: number;
}

export interface RequestView {
  readonly account: string;
  readonly name: string;
  /** First group of the safety number. */
  readonly numberStart: string;
  readonly receivedMs: number;
  readonly messages: number;
  readonly text: string;
}

export interface ChatView {
  readonly conversation: string;
  readonly name: string;
  readonly trust: TrustState;
  readonly state: ContactState;
  readonly unread: number;
  readonly muted: boolean;
  readonly last?: MessageView;
}

export interface OutboxView {
  readonly id: string;
  readonly to: string;
  readonly state: MessageState;
  readonly reason?: string;
  readonly queuedMs: number;
  readonly text: string;
}

export interface IdentityView {
  readonly account: string;
  readonly name: string;
  /** SHA-256 of the root key's 33 bytes, 64 hex digits. */
  readonly fingerprint: string;
  readonly current: boolean;
  readonly trust: TrustState;
  readonly sinceMs: number;
}

export interface FingerprintView {
  readonly name: string;
  readonly account: string;
  /** 60 digits; absent when asked for oneself. */
  readonly number?: string;
  readonly fingerprint: string;
  readonly trust?: TrustState;
}

export type LinkState = 'offline' | 'connecting' | 'online' | 'signed-out';

export interface StatusView {
  readonly account: string;
  readonly name: string;
  readonly device: number;
  readonly relay: string;
  readonly link: LinkState;
  readonly linkReason?: string;
  readonly acceptFrom: AcceptFrom;
  readonly listed: boolean;
  readonly recoveryConfirmed: boolean;
  readonly contacts: number;
  readonly requests: number;
  readonly outbox: number;
  readonly unread: number;
  readonly paths: Readonly<Record<string, string>>;
}

export interface QueryResults {
  readonly whoami: {
    readonly name: string;
    readonly account: string;
    readonly device: number;
    readonly relay: string;
    readonly fingerprint: string;
  };
  readonly status: StatusView;
  readonly contacts: readonly ContactView[];
  readonly contact: ContactView;
  readonly requests: readonly RequestView[];
  readonly chats: readonly ChatView[];
  readonly history: readonly MessageView[];
  readonly search: readonly MessageView[];
  readonly receive: { readonly messages: readonly MessageView[]; readonly position: number };
  readonly message: MessageView;
  readonly outbox: readonly OutboxView[];
  readonly fingerprint: FingerprintView;
  readonly identities: readonly IdentityView[];
  readonly address: { readonly address: string; readonly listed: boolean };
  readonly 'recovery.words': { readonly words: readonly string[] };
}

export type QueryResult<Type extends QueryType> = QueryResults[Type];
