/** `trust` and `distrust`: whether anything goes out to the present key of a contact. */

import type { Call } from './call.ts';
import type { ExitCode } from './exit-codes.ts';
import { runLocal, runSettled } from './run-settled.ts';
import { say } from './safe-text.ts';

export async function trust(call: Call): Promise<ExitCode> {
  const { flags } = call;
  const who = flags.word('name');
  const key = flags.text('key');
  const command = { type: 'trust', who, ...(key === undefined ? {} : { key }) } as const;
  return runSettled(call, command, ({ name, released }) =>
    released === 0
      ? say`the present key of ${name} is trusted`
      : say`the present key of ${name} is trusted; ${released} ${released === 1 ? 'message is' : 'messages are'} released`,
  );
}

export async function distrust(call: Call): Promise<ExitCode> {
  const who = call.flags.word('name');
  return runLocal(
    call,
    { type: 'distrust', who },
    () => say`nothing more is sent to the present key of ${who}`,
  );
}
