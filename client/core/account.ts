/**
 * The account machine: one synchronous step per input. Load, step, commit the writes, wipe what is spent,
 * release the effects, acknowledge last. A crash anywhere is a replay: what is to be done stands in the rows.
 */

import { assertNever } from '../../crypto/errors.ts';
import { doChores } from './chores.ts';
import { onConfirmation } from './confirmations.ts';
import type { Env, StepOutput } from './effects.ts';
import { takeEnvelope } from './inbox.ts';
import type { Input } from './input.ts';
import { onLink } from './links.ts';
import { queueDueReceipts } from './receipts.ts';
import { release } from './release.ts';
import { runCommand } from './run-command.ts';
import { onTick, wakeMs } from './sweep.ts';
import { ONLY } from './tables/define.ts';
import { accountTable } from './tables/own.ts';
import { outboxTable } from './tables/talk.ts';
import type { View } from './tables.ts';
import { Transaction } from './transaction.ts';

/**
 * Handles one input.
 * @throws ChatError when a command is refused; nothing changes then. Other inputs never throw for what came
 * from outside.
 */
export function step(view: View, input: Input, env: Env): StepOutput {
  const tx = new Transaction(view, env);
  handle(tx, input);
  for (const account of queueDueReceipts(tx)) release(tx, account);
  doChores(tx);
  return tx.finish();
}

/** When the next `tick` is due, from the rows alone; undefined when nothing waits for time. */
export function nextWakeMs(view: View): number | undefined {
  const state = view.get(accountTable, ONLY)?.state;
  return state === undefined || state === 'registering' ? undefined : wakeMs(view);
}

/** Contents that go out as soon as the relay can be reached; what is held or failed does not count. */
export function unsentCount(view: View): number {
  let count = 0;
  for (const [, row] of view.list(outboxTable)) if (row.state === 'waiting') count++;
  return count;
}

function handle(tx: Transaction, input: Input): void {
  switch (input.kind) {
    case 'command':
      runCommand(tx, input.id, input.command);
      return;
    case 'delivery': {
      const sender = takeEnvelope(tx, input.envelope);
      tx.effect({ kind: 'acknowledge', sequence: input.envelope.sequence });
      if (sender !== undefined) release(tx, sender);
      return;
    }
    case 'confirmation':
      onConfirmation(tx, input);
      return;
    case 'link':
      onLink(tx, input);
      return;
    case 'tick':
      onTick(tx);
      return;
    default:
      assertNever(input);
  }
}
