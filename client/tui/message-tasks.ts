/** Tasks about messages. */

import { columns } from '../cli/columns.ts';
import { personName, preview, reasonWords, stateWords } from '../cli/message-words.ts';
import { phrase, type SafeText, safe, say } from '../cli/safe-text.ts';
import { formatMoment } from '../cli/times.ts';
import type { ChatView, MessageView, OutboxView } from '../core/queries.ts';
import type { AccountSurface } from '../core/surface.ts';
import { error, type Item, lines, note } from './item.ts';
import type { Outcome } from './model.ts';
import type { TaskContext } from './tasks.ts';

const SEARCH_LIMIT = 50;
const CHATS_LIMIT = 50;
/** Digits of an id that people type. */
const SHORT_ID = 8;
const FULL_ID = 32;

export async function tail(surface: AccountSurface, who: string, count: number): Promise<Outcome> {
  const messages = await surface.query({ type: 'history', who, limit: count });
  return { items: messages.length === 0 ? [note(say`nothing was said yet`)] : messages.map(pastItem) };
}

export async function search(surface: AccountSurface, text: string): Promise<Outcome> {
  const messages = await surface.query({ type: 'search', text, limit: SEARCH_LIMIT });
  if (messages.length === 0) return { items: [note(phrase`nothing contains ${preview(text)}`)] };
  const items: Item[] = messages.map((message) => ({
    kind: 'message',
    message,
    past: true,
    recipient: true,
  }));
  if (messages.length === SEARCH_LIMIT) {
    items.push(note(say`only ${SEARCH_LIMIT} are shown; search for more words to see others`));
  }
  return { items };
}

export function pastItem(message: MessageView): Item {
  return { kind: 'message', message, past: true, recipient: false };
}

/** Says what became of a message of which nothing or something else was said before. */
export async function tell(surface: AccountSurface, id: string): Promise<Outcome> {
  const message = await surface.query({ type: 'message', id });
  const { state, stateReason } = message;
  const name = personName(message.with);
  const which = preview(message.text);
  switch (state) {
    case 'sent':
    case 'delivered':
    case 'read':
      return { items: [note(phrase`sent to ${name}: ${which}`)] };
    case 'held':
      return { items: [heldItem(name, which, stateReason)] };
    case 'failed':
      return {
        items: [
          error(
            phrase`not sent to ${name}: ${which}: ${reasonWords(stateReason ?? 'failed')}`,
            say`/retry ${id.slice(0, SHORT_ID)} or /cancel ${id.slice(0, SHORT_ID)}`,
          ),
        ],
      };
    case 'expired':
      return {
        items: [
          error(phrase`no receipt from ${name} in 30 days: ${which}`, say`send it again with: /retry ${id}`),
        ],
      };
    default:
      if (stateReason === undefined) return { items: [] };
      return { items: [note(phrase`waiting (${reasonWords(stateReason)}) for ${name}: ${which}`)] };
  }
}

/** Why nothing was encrypted, and what lets it go. `which` may be empty. */
export function heldItem(name: SafeText, which: SafeText, reason: string | undefined): Item {
  const what = which === '' ? say`held, not sent` : phrase`held, not sent to ${name}: ${which}`;
  const text = phrase`${what}: ${reasonWords(reason ?? 'identity-changed')}`;
  switch (reason) {
    case 'blocked':
      return error(text, phrase`/unblock ${name}`);
    case 'identity-unknown':
    case 'distrusted':
      return error(text, phrase`/verify ${name}, or without comparing: /trust ${name}`);
    default:
      return error(
        text,
        phrase`compare numbers with ${name}: /verify ${name}   without comparing: /trust ${name}`,
      );
  }
}

export async function listChats({ surface, utc, nowMs }: TaskContext): Promise<Outcome> {
  const chats = await surface.query({ type: 'chats', limit: CHATS_LIMIT });
  if (chats.length === 0) return { items: [note(say`no chats yet: /msg NAME TEXT writes to somebody`)] };
  const now = nowMs();
  const rows = chats.map((chat) =>
    chatRow(chat, (timeMs) => formatMoment(timeMs, now, { utc, short: true })),
  );
  return { items: [lines(...columns(rows))] };
}

function chatRow(
  { name, trust, unread, muted, last }: ChatView,
  moment: (timeMs: number) => string,
): SafeText[] {
  return [
    personName(name),
    say`${trust}${muted ? ', muted' : ''}`,
    say`${unread === 0 ? '' : `${unread} new`}`,
    say`${last === undefined ? '' : moment(last.sentMs)}`,
    last === undefined || last.kind !== 'text'
      ? say``
      : phrase`${personName(last.from)}: ${preview(last.text)}`,
  ];
}

export async function listOutbox(surface: AccountSurface): Promise<Outcome> {
  const outbox = await surface.query({ type: 'outbox' });
  if (outbox.length === 0) return { items: [note(say`everything is sent`)] };
  const rows = outbox.map(({ id, to, state, reason, text }) => [
    say`${id.slice(0, SHORT_ID)}`,
    personName(to),
    stateWords(state, reason),
    preview(text),
  ]);
  return { items: [lines(...columns(rows))] };
}

export async function findToCancel(surface: AccountSurface, id: string): Promise<Outcome> {
  const found = await findInOutbox(surface, id);
  if (found === undefined || 'kind' in found) return { items: [found ?? notInOutbox()] };
  return {
    items: [],
    question: {
      text: phrase`take back ${preview(found.text)} to ${personName(found.to)}?`,
      yes: { kind: 'cancel', id: found.id },
      no: say`it stays`,
    },
  };
}

export async function cancel(surface: AccountSurface, id: string): Promise<Outcome> {
  const { cancelled } = await surface.execute({ type: 'outbox.cancel', id });
  return { items: [cancelled ? note(say`taken back`) : error(say`too late: it is sent`)] };
}

export async function retry(surface: AccountSurface, id: string): Promise<Outcome> {
  const found = await findInOutbox(surface, id);
  if (found !== undefined && 'kind' in found) return { items: [found] };
  // What expired is no longer in the outbox: its line named the whole id.
  if (found === undefined && id.length !== FULL_ID) return { items: [notInOutbox()] };
  await surface.execute({ type: 'outbox.retry', id: found?.id ?? id });
  return { items: [note(say`it goes out again`)] };
}

async function findInOutbox(surface: AccountSurface, id: string): Promise<OutboxView | Item | undefined> {
  const found = (await surface.query({ type: 'outbox' })).filter((row) => row.id.startsWith(id));
  if (found.length > 1) return error(say`several messages begin with ${id}: type more digits`);
  return found[0];
}

function notInOutbox(): Item {
  return error(safe('no message of this id waits'), say`/outbox shows them`);
}
