/** What a typed line does. */

import { assertNever } from '../../crypto/errors.ts';
import { personName } from '../cli/message-words.ts';
import { phrase, safe, say } from '../cli/safe-text.ts';
import type { Action, PersonAction } from './action.ts';
import { helpAbout, helpLines } from './help.ts';
import { error, type Item, lines, note } from './item.ts';
import type { Model, Question, Task } from './model.ts';
import { parseLine } from './parse.ts';
import type { Update } from './update.ts';

const FIRST_LINE_GRAPHEMES = 60;

export function onLine(model: Model, text: string): Update {
  if (model.question !== undefined) return onAnswer(model, model.question, text);
  const action = parseLine(text);
  switch (action.kind) {
    case 'nothing':
      return says(model);
    case 'mistake':
      return says(model, error(action.text, ...(action.hint === undefined ? [] : [action.hint])));
    case 'say':
    case 'act':
    case 'message': {
      const task = sending(model, action);
      return task === undefined ? says(model, noChat()) : performs(model, task);
    }
    case 'help':
      return says(model, action.topic === '' ? lines(...helpLines()) : helpAbout(action.topic));
    case 'open':
      // From here on the last chat is closed: if this one does not open, nothing goes to the wrong person.
      return performs({ ...model, chat: undefined, opening: action.who }, { kind: 'open', who: action.who });
    case 'tail':
      if (model.chat === undefined) return says(model, noChat());
      return performs(model, { kind: 'tail', who: model.chat.account, count: action.count });
    case 'search':
      return performs(model, { kind: 'search', text: action.text });
    case 'retry':
      return performs(model, { kind: 'retry', id: action.id });
    case 'cancel':
      return performs(model, { kind: 'ask-cancel', id: action.id });
    case 'quit':
      return { model, items: [], effects: [{ kind: 'quit', why: 'asked' }] };
    case 'chats':
    case 'requests':
    case 'contacts':
    case 'outbox':
    case 'address':
    case 'status':
      return performs(model, { kind: action.kind });
    default:
      return onPersonAction(model, action.kind, action.who);
  }
}

/** Whether the screen need not keep the line: a message comes back as one, and nothing else is asked. */
export function comesBack(model: Model, text: string): boolean {
  if (model.question !== undefined) return false;
  const action = parseLine(text);
  return (
    action.kind === 'message' ||
    ((action.kind === 'say' || action.kind === 'act') && sending(model, action) !== undefined)
  );
}

/** More than one line at once is sent as one message, and only when the user says so. */
export function onPaste(model: Model, text: string): Update {
  if (model.question !== undefined) return says(model, error(say`answer the question first`));
  const action = parseLine(text);
  switch (action.kind) {
    case 'nothing':
      return says(model);
    case 'say':
    case 'message': {
      const task = sending(model, action);
      if (task === undefined) return says(model, noChat());
      const name = action.kind === 'message' ? action.to : (model.chat?.name ?? '');
      const all = action.text.split('\n');
      const first = safe(all[0] ?? '', { maxGraphemes: FIRST_LINE_GRAPHEMES });
      return asks(model, {
        text: phrase`send ${all.length} lines to ${personName(name)}, beginning with "${first}"?`,
        yes: task,
        no: say`not sent`,
      });
    }
    default:
      return says(
        model,
        error(say`a command has one line; nothing was sent`, say`a text that begins with / or @: sign twice`),
      );
  }
}

function onAnswer(model: Model, question: Question, text: string): Update {
  const answered = { ...model, question: undefined };
  const answer = text.trim().toLowerCase();
  if (answer === 'y' || answer === 'yes') return performs(answered, question.yes);
  if (question.later !== undefined && (answer === 'later' || answer === 'l')) {
    return says(answered, note(question.later));
  }
  if (answer === '') return says(answered, note(question.no));
  if (answer === 'n' || answer === 'no') return says(answered, note(question.no));
  return says(model, error(question.later === undefined ? say`y or n?` : say`y, n or later?`));
}

function onPersonAction(model: Model, kind: PersonAction, named: string | undefined): Update {
  const who = named ?? model.chat?.account;
  if (who === undefined) return says(model, error(say`whom do you mean?`, say`/${kind} NAME, or /open NAME`));
  const name = personName(named ?? model.chat?.name ?? who);
  switch (kind) {
    case 'info':
    case 'verify':
    case 'accept':
    case 'unblock':
      return performs(model, { kind, who });
    case 'trust':
      return performs(model, { kind: 'ask-trust', who });
    case 'mute':
    case 'unmute':
      return performs(model, { kind: 'mute', who, muted: kind === 'mute' });
    case 'reject':
      return asks(model, {
        text: phrase`drop the request of ${name} and everything in it?`,
        yes: { kind, who },
        no: phrase`${name} still waits`,
      });
    case 'block':
      return asks(model, {
        text: phrase`block ${name}? what they send from now on is gone for good`,
        yes: { kind, who },
        no: phrase`${name} is not blocked`,
      });
    default:
      return assertNever(kind);
  }
}

function sending(model: Model, action: Extract<Action, { text: string }>): Task | undefined {
  if (action.kind === 'message') return { kind: 'send', to: action.to, text: action.text };
  if (model.chat === undefined) return undefined;
  const text = action.kind === 'act' ? `* ${model.me} ${action.text}` : String(action.text);
  return { kind: 'send', to: model.chat.account, text };
}

function noChat(): Item {
  return error(say`nothing was sent: open a chat: /open NAME`);
}

function says(model: Model, ...items: readonly Item[]): Update {
  return { model, items, effects: [] };
}

function performs(model: Model, task: Task): Update {
  return { model, items: [], effects: [{ kind: 'perform', task }] };
}

function asks(model: Model, question: Question): Update {
  return { model: { ...model, question }, items: [note(question.text)], effects: [] };
}
