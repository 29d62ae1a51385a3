/** What a typed line asks for. */

import type { SafeText } from '../cli/safe-text.ts';

/** About one person; without `who` it is the one of the open chat. */
export type PersonAction =
  | 'info'
  | 'verify'
  | 'trust'
  | 'accept'
  | 'reject'
  | 'block'
  | 'unblock'
  | 'mute'
  | 'unmute';

export type ListAction = 'chats' | 'requests' | 'contacts' | 'outbox' | 'address' | 'status';

export interface Mistake {
  readonly kind: 'mistake';
  readonly text: SafeText;
  readonly hint?: SafeText;
}

export type Action =
  | Mistake
  | { readonly kind: 'nothing' }
  /** To the open chat: a text, or what the user does. */
  | { readonly kind: 'say' | 'act'; readonly text: string }
  | { readonly kind: 'message'; readonly to: string; readonly text: string }
  | { readonly kind: 'help'; readonly topic: string }
  | { readonly kind: 'open'; readonly who: string }
  | { readonly kind: 'tail'; readonly count: number }
  | { readonly kind: 'search'; readonly text: string }
  | { readonly kind: PersonAction; readonly who: string | undefined }
  | { readonly kind: 'retry' | 'cancel'; readonly id: string }
  | { readonly kind: ListAction | 'quit' };

export function mistake(text: SafeText, hint?: SafeText): Mistake {
  return { kind: 'mistake', text, ...(hint === undefined ? {} : { hint }) };
}
