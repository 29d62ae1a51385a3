/** What a command gets to work with. */

import type { ExitCode } from './exit-codes.ts';
import type { Flags } from './flags.ts';
import type { Interruption } from './interruption.ts';
import type { Program } from './program.ts';
import type { Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';
import type { Printer } from './voice.ts';

export interface Call {
  readonly flags: Flags;
  readonly settings: Settings;
  readonly printer: Printer;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly program: Program;
  readonly interruption: Interruption;
}

/** A command answers with its exit code; an error becomes one where it is reported. */
export type CommandRun = (call: Call) => Promise<ExitCode>;
