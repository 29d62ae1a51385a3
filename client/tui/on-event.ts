/** What the account says while the chat is open. */

import { personName, reasonWords } from '../cli/message-words.ts';
import { phrase, safe, say } from '../cli/safe-text.ts';
import type { AccountEvent } from '../core/events.ts';
import type { MessageView, RequestView } from '../core/queries.ts';
import { error, type Item, lines, note } from './item.ts';
import { type Model, withSaidWaiting } from './model.ts';
import type { Effect, Update } from './update.ts';

const REQUEST_GRAPHEMES = 200;
/** Said about the connection as a whole, not for every message that waits for it. */
const ABOUT_THE_LINK: ReadonlySet<string> = new Set([
  'relay-unreachable',
  'relay-timeout',
  'connection-lost',
  'link-stopped',
  'busy',
]);

export function onEvent(model: Model, event: AccountEvent): Update {
  switch (event.type) {
    case 'message':
      return onMessage(model, event.message);
    case 'message.state':
      return onMessageState(model, event);
    case 'request':
      return { model, items: requestItems(event.request), effects: [{ kind: 'refresh' }] };
    case 'request.accepted':
      return {
        model,
        items: [note(phrase`${personName(event.name)} accepted your request`)],
        effects: [{ kind: 'refresh' }],
      };
    case 'link':
      return onLink(model, event);
    case 'trust':
    case 'contact':
      return { model, items: [], effects: [{ kind: 'refresh' }] };
    default:
      // A newer program may serve this account and say more than is known here.
      return { model, items: [], effects: [] };
  }
}

/** Who it is, what they say, and how to answer. */
export function requestItems(request: RequestView): readonly Item[] {
  const name = personName(request.name);
  const text = safe(request.text, { maxGraphemes: REQUEST_GRAPHEMES });
  return [
    note(phrase`${name} wants to write to you: "${text}"`),
    lines(
      phrase`   /accept ${name}   or   /reject ${name}   (safety number begins ${say`${request.numberStart}`})`,
    ),
  ];
}

function onMessage(model: Model, message: MessageView): Update {
  const { chat, people } = model;
  const isOpen = chat !== undefined && message.with === chat.name;
  const muted = people.some(({ name, muted: isMuted }) => isMuted && name === message.with);
  if (muted && !isOpen && message.direction === 'in') return { model, items: [], effects: [] };
  const effects: readonly Effect[] =
    isOpen && message.direction === 'in' ? [{ kind: 'read', who: chat.account }] : [];
  return { model, items: [{ kind: 'message', message, past: false, recipient: !isOpen }], effects };
}

function onMessageState(
  before: Model,
  { id, state, reason }: Extract<AccountEvent, { type: 'message.state' }>,
): Update {
  const tell: Effect = { kind: 'perform', task: { kind: 'tell', id } };
  const wasSaid = before.saidWaiting.has(id);
  switch (state) {
    case 'failed':
    case 'held':
    case 'expired':
      return { model: withSaidWaiting(before, id), items: [], effects: [tell] };
    case 'waiting': {
      const quiet = wasSaid || reason === undefined || ABOUT_THE_LINK.has(reason);
      const model = reason === undefined ? before : withSaidWaiting(before, id);
      return { model, items: [], effects: quiet ? [] : [tell] };
    }
    default: {
      if (!wasSaid) return { model: before, items: [], effects: [] };
      const saidWaiting = new Set(before.saidWaiting);
      saidWaiting.delete(id);
      return { model: { ...before, saidWaiting }, items: [], effects: [tell] };
    }
  }
}

function onLink(model: Model, { state, reason }: Extract<AccountEvent, { type: 'link' }>): Update {
  if (reason === 'account-lost') {
    return { model, items: [], effects: [{ kind: 'quit', why: 'account-lost' }] };
  }
  const moved: readonly Effect[] =
    reason === 'account-moved' ? [{ kind: 'catch-up' }, { kind: 'refresh' }] : [];
  switch (state) {
    case 'online': {
      const items = model.saidOffline ? [note(say`connected to the relay again`)] : [];
      return { model: { ...model, saidOffline: false }, items, effects: moved };
    }
    case 'offline': {
      if (model.saidOffline) return { model, items: [], effects: moved };
      const why = reasonWords(reason ?? 'relay-unreachable');
      const text = phrase`offline: ${why}; what you write waits and goes out by itself`;
      return { model: { ...model, saidOffline: true }, items: [note(text)], effects: moved };
    }
    case 'signed-out':
      return {
        model: { ...model, saidOffline: true },
        items: [
          error(
            say`this device was signed out; nothing comes or goes any more`,
            say`intechat login ${model.me}`,
          ),
        ],
        effects: moved,
      };
    default:
      return { model, items: [], effects: moved };
  }
}
