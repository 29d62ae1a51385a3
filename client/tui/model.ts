/**
 * The state of the interactive chat. Pure: what has to be asked of the account leaves as a task, and its
 * outcome comes back as an input.
 */

import { personName } from '../cli/message-words.ts';
import { phrase, type SafeText, say } from '../cli/safe-text.ts';
import type { ContactState, TrustState } from '../core/queries.ts';
import type { Item } from './item.ts';

export interface OpenChat {
  /** How the other side is called here: what the prompt shows. */
  readonly name: string;
  /** What the account knows it by: nobody else can come to bear it. */
  readonly account: string;
  readonly trust: TrustState;
  readonly state: ContactState;
}

export interface Person {
  readonly name: string;
  readonly account: string;
  readonly state: ContactState;
  readonly trust: TrustState;
  readonly muted: boolean;
}

/** Something that is asked of the account. */
export type Task =
  | { readonly kind: 'send'; readonly to: string; readonly text: string }
  | { readonly kind: 'open' | 'info' | 'verify' | 'accept'; readonly who: string }
  /** What was shown is what counts, even if the key changed before the answer. */
  | { readonly kind: 'verified'; readonly who: string; readonly number: string }
  | { readonly kind: 'ask-trust' | 'trust' | 'reject' | 'block' | 'unblock'; readonly who: string }
  | { readonly kind: 'mute'; readonly who: string; readonly muted: boolean }
  | { readonly kind: 'tail'; readonly who: string; readonly count: number }
  | { readonly kind: 'search'; readonly text: string }
  | { readonly kind: 'ask-cancel' | 'cancel' | 'retry'; readonly id: string }
  | { readonly kind: 'chats' | 'requests' | 'contacts' | 'outbox' | 'address' | 'status' }
  /** Says what became of a message. */
  | { readonly kind: 'tell'; readonly id: string };

export interface Question {
  /** Said when it is asked; the prompt has room for an answer only. */
  readonly text: SafeText;
  readonly yes: Task;
  /** Said after a no. */
  readonly no: SafeText;
  /** Said after `later`, where that is an answer. */
  readonly later?: SafeText;
}

/** What came of a task. */
export interface Outcome {
  readonly items: readonly Item[];
  readonly question?: Question;
  /** The chat that is open from now on. */
  readonly chat?: OpenChat;
  /** A message that was written and not sent yet. */
  readonly waiting?: string;
}

export interface Model {
  readonly me: string;
  readonly chat: OpenChat | undefined;
  /** A chat is being opened: no text goes anywhere until it is clear where. */
  readonly opening: string | undefined;
  readonly question: Question | undefined;
  /** The user was told that the relay is away. */
  readonly saidOffline: boolean;
  readonly people: readonly Person[];
  /** Messages of which was said that they wait: of these it is said when they went out. */
  readonly saidWaiting: ReadonlySet<string>;
  readonly interruptedMs: number | undefined;
}

/** Above, the oldest are forgotten: their going out is not announced. */
export const SAID_WAITING_MAX = 1_000;

export function newModel(me: string): Model {
  return {
    me,
    chat: undefined,
    opening: undefined,
    question: undefined,
    saidOffline: false,
    people: [],
    saidWaiting: new Set(),
    interruptedMs: undefined,
  };
}

/** Where the next line goes. */
export function promptOf({ question, opening, chat }: Model): SafeText {
  if (question !== undefined) return question.later === undefined ? say`[y/N] ` : say`same? [y/N/later] `;
  if (opening !== undefined) return phrase`opening ${personName(opening)}> `;
  if (chat === undefined) return say`(no chat)> `;
  return phrase`${personName(chat.name)} (${say`${chat.trust}`})> `;
}

export function withSaidWaiting(model: Model, id: string): Model {
  return { ...model, saidWaiting: new Set([...model.saidWaiting, id].slice(-SAID_WAITING_MAX)) };
}
