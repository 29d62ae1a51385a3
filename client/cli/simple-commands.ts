/** Commands about one contact that say in a word that they are done. */

import type { Call } from './call.ts';
import type { ExitCode } from './exit-codes.ts';
import { runLocal, runSettled } from './run-settled.ts';
import { say } from './safe-text.ts';

export async function block(call: Call): Promise<ExitCode> {
  const who = call.flags.word('name');
  return runSettled(call, { type: 'block', who }, () => say`blocked ${who}`);
}

export async function unblock(call: Call): Promise<ExitCode> {
  const who = call.flags.word('name');
  return runSettled(call, { type: 'unblock', who }, () => say`unblocked ${who}; what came meanwhile is gone`);
}

export async function mute(call: Call): Promise<ExitCode> {
  const who = call.flags.word('name');
  return runLocal(call, { type: 'mute', who, muted: true }, () => say`muted ${who}`);
}

export async function unmute(call: Call): Promise<ExitCode> {
  const who = call.flags.word('name');
  return runLocal(call, { type: 'mute', who, muted: false }, () => say`unmuted ${who}`);
}

export async function read(call: Call): Promise<ExitCode> {
  const who = call.flags.word('name');
  return runLocal(call, { type: 'read', who }, () => say`marked as read: ${who}`);
}
