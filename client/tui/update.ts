/** How the model answers to what the user does and to what the account says. */

import { assertNever } from '../../crypto/errors.ts';
import { type SafeText, say } from '../cli/safe-text.ts';
import type { PositionedEvent } from '../core/events.ts';
import { type Item, note } from './item.ts';
import type { Model, OpenChat, Outcome, Person, Task } from './model.ts';
import { withSaidWaiting } from './model.ts';
import { onEvent } from './on-event.ts';
import { onLine, onPaste } from './on-line.ts';

export type Input =
  | { readonly kind: 'line'; readonly text: string }
  /** A line with line breaks in it, as pasted. */
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'interrupt'; readonly nowMs: number; readonly lineWasEmpty: boolean }
  /** Ctrl-D on an empty line, or the end of a pipe. */
  | { readonly kind: 'end' }
  | { readonly kind: 'event'; readonly event: PositionedEvent }
  | { readonly kind: 'outcome'; readonly task: Task; readonly outcome: Outcome }
  | { readonly kind: 'people'; readonly people: readonly Person[] };

export type Effect =
  | { readonly kind: 'perform'; readonly task: Task }
  /** Marks the open chat as read. */
  | { readonly kind: 'read'; readonly who: string }
  /** Asks who is known here: something about people changed. */
  | { readonly kind: 'refresh' }
  /** Events may be missing: asks for what is new. */
  | { readonly kind: 'catch-up' }
  | { readonly kind: 'quit'; readonly why: 'asked' | 'end' | 'interrupted' | 'account-lost' };

export interface Update {
  readonly model: Model;
  readonly items: readonly Item[];
  readonly effects: readonly Effect[];
}

/** Twice within this time, Ctrl-C ends the chat. */
export const INTERRUPT_TWICE_MS = 1_000;

export function update(model: Model, input: Input): Update {
  switch (input.kind) {
    case 'line':
      return onLine(model, input.text);
    case 'paste':
      return onPaste(model, input.text);
    case 'interrupt':
      return onInterrupt(model, input.nowMs, input.lineWasEmpty);
    case 'end':
      return { model, items: [], effects: [{ kind: 'quit', why: 'end' }] };
    case 'event':
      return onEvent(model, input.event);
    case 'outcome':
      return onOutcome(model, input.task, input.outcome);
    case 'people':
      return { model: withPeople(model, input.people), items: [], effects: [] };
    default:
      return assertNever(input);
  }
}

function onInterrupt(model: Model, nowMs: number, lineWasEmpty: boolean): Update {
  const { interruptedMs, question } = model;
  if (interruptedMs !== undefined && nowMs - interruptedMs <= INTERRUPT_TWICE_MS) {
    return { model, items: [], effects: [{ kind: 'quit', why: 'interrupted' }] };
  }
  const items: readonly SafeText[] =
    question !== undefined ? [question.no] : lineWasEmpty ? [say`Ctrl-C again to quit`] : [];
  const next = { ...model, question: undefined, interruptedMs: nowMs };
  return { model: next, items: items.map(note), effects: [] };
}

function onOutcome(before: Model, task: Task, outcome: Outcome): Update {
  const { items, question, chat, waiting } = outcome;
  const effects: Effect[] = CHANGES_PEOPLE.has(task.kind) ? [{ kind: 'refresh' }] : [];
  let model: Model = question === undefined ? before : { ...before, question };
  if (task.kind === 'open') {
    model = { ...model, opening: undefined, chat };
    if (chat !== undefined) effects.push({ kind: 'read', who: chat.account });
  }
  // Whoever was told that the relay is away wants to know when this went out.
  if (waiting !== undefined && model.saidOffline) model = withSaidWaiting(model, waiting);
  const asked = question === undefined ? [] : [note(question.text)];
  return { model, items: [...items, ...asked], effects };
}

const CHANGES_PEOPLE: ReadonlySet<Task['kind']> = new Set<Task['kind']>([
  'send',
  'open',
  'verified',
  'accept',
  'trust',
  'reject',
  'block',
  'unblock',
  'mute',
]);

function withPeople(model: Model, people: readonly Person[]): Model {
  const { chat } = model;
  if (chat === undefined) return { ...model, people };
  const person = people.find(({ account }) => account === chat.account);
  if (person === undefined) return { ...model, people };
  const { name, account, trust, state } = person;
  const now: OpenChat = { name, account, trust, state };
  return { ...model, people, chat: now };
}
