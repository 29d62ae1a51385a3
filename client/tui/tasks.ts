/** Tasks done with the account. What the account refuses becomes a line; only a bug of ours gets through. */

import { assertNever, BugError, ChatError } from '../../crypto/errors.ts';
import { phrase, type SafeText, safe, say } from '../cli/safe-text.ts';
import type { AccountSurface } from '../core/surface.ts';
import { commandNames } from './commands.ts';
import { error } from './item.ts';
import { cancel, findToCancel, listChats, listOutbox, retry, search, tail, tell } from './message-tasks.ts';
import type { Outcome, Task } from './model.ts';
import {
  accept,
  askTrust,
  block,
  info,
  listContacts,
  listRequests,
  mute,
  open,
  reject,
  showAddress,
  showStatus,
  trust,
  unblock,
  verified,
  verify,
} from './people-tasks.ts';
import { send } from './send-task.ts';

export interface TaskContext {
  readonly surface: AccountSurface;
  readonly me: string;
  readonly utc: boolean;
  readonly nowMs: () => number;
  /** For a message of this chat: 32 hex digits. */
  readonly newMessageId: () => string;
}

export async function perform(context: TaskContext, task: Task): Promise<Outcome> {
  try {
    return await dispatch(context, task);
  } catch (cause) {
    if (!(cause instanceof ChatError) || cause instanceof BugError) throw cause;
    return { items: [error(safe(cause.message), ...cause.hints.map(chatHint))] };
  }
}

function dispatch(context: TaskContext, task: Task): Promise<Outcome> {
  const { surface } = context;
  switch (task.kind) {
    case 'send':
      return send(context, task);
    case 'open':
      return open(surface, task.who);
    case 'info':
      return info(context, task.who);
    case 'verify':
      return verify(surface, task.who, context.me);
    case 'verified':
      return verified(surface, task);
    case 'accept':
      return accept(surface, task.who);
    case 'reject':
      return reject(surface, task.who);
    case 'ask-trust':
      return askTrust(surface, task.who);
    case 'trust':
      return trust(surface, task.who);
    case 'block':
      return block(surface, task.who);
    case 'unblock':
      return unblock(surface, task.who);
    case 'mute':
      return mute(surface, task.who, task.muted);
    case 'tail':
      return tail(surface, task.who, task.count);
    case 'search':
      return search(surface, task.text);
    case 'ask-cancel':
      return findToCancel(surface, task.id);
    case 'cancel':
      return cancel(surface, task.id);
    case 'retry':
      return retry(surface, task.id);
    case 'tell':
      return tell(surface, task.id);
    case 'chats':
      return listChats(context);
    case 'requests':
      return listRequests(surface);
    case 'contacts':
      return listContacts(surface);
    case 'outbox':
      return listOutbox(surface);
    case 'address':
      return showAddress(surface);
    case 'status':
      return showStatus(surface);
    default:
      return assertNever(task);
  }
}

/** Hints of the account name commands of the program; most of them can be typed here. */
function chatHint(hint: string): SafeText {
  const word = /^intechat ([a-z]+)/.exec(hint)?.[1];
  const isHere = word !== undefined && commandNames.some((name) => name === word);
  return isHere ? phrase`/${safe(hint.slice('intechat '.length))}` : say`${hint}`;
}
