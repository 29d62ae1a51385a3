/** The account machine: one synchronous step per input. */

import { BugError } from '../../crypto/errors.ts';
import type { Env, StepOutput } from './effects.ts';
import type { Input } from './input.ts';
import type { View } from './tables.ts';

/**
 * Handles one input.
 * @throws ChatError when a command is refused; nothing changes then. Other inputs never throw for what came from outside.
 */
export function step(_view: View, _input: Input, _env: Env): StepOutput {
  throw new BugError('bug', 'the account machine is being built');
}

/** When the next `tick` is due, from the rows alone; undefined when nothing waits for time. */
export function nextWakeMs(_view: View): number | undefined {
  return undefined;
}
