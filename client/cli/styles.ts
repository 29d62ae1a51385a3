/** How this call shows times and messages. */

import type { Call } from './call.ts';
import type { MessageStyle } from './message-lines.ts';
import type { TimeStyle } from './times.ts';

export function timeStyleOf({ settings, terminal }: Call): TimeStyle {
  return { utc: settings.utc, short: terminal.stdoutIsTerminal };
}

export function messageStyleOf(call: Call, scope: MessageStyle['scope']): MessageStyle {
  return {
    ...timeStyleOf(call),
    scope,
    showIds: call.settings.verbose,
    columns: call.terminal.stdoutIsTerminal ? call.terminal.columns : undefined,
  };
}
