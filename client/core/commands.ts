/**
 * What a front end may ask the account to do. Plain serialisable values: the command line, the line mode,
 * a bot and a test speak the same union, in process or through the local socket.
 *
 * A person is named by `who`: a contact's local name, a name on the account's own relay, or an `ic://` address.
 * Ids are lower-case hex, times are milliseconds since 1970.
 */

export type WaitFor = 'queued' | 'sent' | 'delivered';
export type AcceptFrom = 'everyone' | 'ask' | 'nobody';
export type TrustNewIdentities = 'on-first-use' | 'always' | 'never';

export interface SendCommand {
  readonly type: 'send';
  readonly to: string;
  readonly text: string;
  /** 16 bytes as hex or a UUID; the same id again is the same message. */
  readonly id?: string;
  /** Asks the recipient for a prompt receipt. */
  readonly promptReceipt?: boolean;
  readonly trustNewIdentities?: TrustNewIdentities;
}

export type Command =
  | SendCommand
  | { readonly type: 'outbox.cancel'; readonly id: string }
  | { readonly type: 'outbox.retry'; readonly id: string }
  | { readonly type: 'requests.accept'; readonly who: string }
  | { readonly type: 'requests.reject'; readonly who: string; readonly block?: boolean }
  | { readonly type: 'contacts.add'; readonly address: string; readonly name?: string }
  | { readonly type: 'contacts.rename'; readonly who: string; readonly name: string }
  | { readonly type: 'contacts.remove'; readonly who: string }
  | { readonly type: 'block'; readonly who: string }
  | { readonly type: 'unblock'; readonly who: string }
  | { readonly type: 'mute'; readonly who: string; readonly muted: boolean }
  /** Marks as verified after the user compared the number, or when `number` (60 digits) matches. */
  | { readonly type: 'verify'; readonly who: string; readonly number?: string; readonly confirmed?: true }
  | { readonly type: 'verify.clear'; readonly who: string }
  /** Releases what a key change holds; `key` is the 64-hex-digit fingerprint that `identities` prints. */
  | { readonly type: 'trust'; readonly who: string; readonly key?: string }
  | { readonly type: 'distrust'; readonly who: string }
  | { readonly type: 'address.rotate' }
  | { readonly type: 'address.listed'; readonly listed: boolean }
  | { readonly type: 'settings'; readonly acceptFrom?: AcceptFrom }
  | { readonly type: 'read'; readonly who: string }
  /** Moves a named receive cursor after its lines were printed. */
  | { readonly type: 'cursor.advance'; readonly cursor: string; readonly position: number }
  | { readonly type: 'recovery.confirm' }
  | { readonly type: 'logout' };

export type CommandType = Command['type'];

export type MessageState = 'waiting' | 'held' | 'sent' | 'delivered' | 'read' | 'expired' | 'failed';

export interface SendResult {
  readonly id: string;
  readonly state: MessageState;
  readonly conversation: string;
  /** The recipient's name as the account knows it. */
  readonly name: string;
  /** The recipient has not accepted yet. */
  readonly awaitingAcceptance: boolean;
  /** Printed once: there is a new person. */
  readonly firstContact: boolean;
}

/** What each command answers; every other one answers an empty object. */
export interface CommandResults {
  readonly send: SendResult;
  readonly 'outbox.cancel': { readonly cancelled: boolean };
  readonly 'requests.accept': { readonly name: string };
  readonly 'contacts.add': { readonly name: string; readonly account: string; readonly linkChecked: boolean };
  readonly verify: { readonly matched: boolean; readonly name: string };
  readonly trust: { readonly name: string; readonly released: number };
  readonly 'address.rotate': { readonly address: string };
}

export type CommandResult<Type extends CommandType> = Type extends keyof CommandResults
  ? CommandResults[Type]
  : Readonly<Record<string, never>>;
