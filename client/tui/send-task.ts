/** Sending a message, and what is said at once about it. */

import { personName } from '../cli/message-words.ts';
import { phrase, say } from '../cli/safe-text.ts';
import { type Item, note } from './item.ts';
import { heldItem } from './message-tasks.ts';
import type { Outcome, Task } from './model.ts';
import type { TaskContext } from './tasks.ts';

export async function send(
  { surface, newMessageId }: TaskContext,
  { to, text }: Extract<Task, { kind: 'send' }>,
): Promise<Outcome> {
  const result = await surface.execute({ type: 'send', to, text, id: newMessageId() });
  const name = personName(result.name);
  const items: Item[] = [];
  if (result.firstContact) {
    items.push(
      note(phrase`first contact with ${name}; compare safety numbers any time with: /verify ${name}`),
    );
  }
  if (result.awaitingAcceptance && result.state !== 'held') {
    items.push(note(phrase`waiting for ${name} to accept`));
  }
  if (result.state === 'held') {
    const { stateReason } = await surface.query({ type: 'message', id: result.id });
    items.push(heldItem(name, say``, stateReason));
  }
  return { items, ...(result.state === 'waiting' ? { waiting: result.id } : {}) };
}
