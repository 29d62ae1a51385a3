/** The process around the command line: guards, streams, exit. */

import { ChatError } from '../../crypto/errors.ts';
import { runCli } from './cli.ts';
import { exitStatusOf } from './exit-codes.ts';
import { guardProcess } from './process-guard.ts';
import { describeProgram } from './program.ts';
import { createVoice } from './voice.ts';

const DEFAULT_COLUMNS = 80;

/** @param entryUrl `import.meta.url` of the entry file. */
export async function runProgram(entryUrl: string): Promise<void> {
  const { stdout, stderr } = process;
  // A reader that went away is not our failure; the relay goes on.
  stdout.on('error', () => {});
  stderr.on('error', () => {});
  const voice = createVoice(stdout, stderr);
  try {
    guardProcess();
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    voice.error(error.message, error.hints);
    process.exit(exitStatusOf(error.code));
  }
  const status = await runCli(process.argv.slice(2), {
    voice,
    env: process.env,
    program: describeProgram(entryUrl),
    terminal: stderr.isTTY === true,
    columns: stdout.columns ?? DEFAULT_COLUMNS,
  });
  process.exit(status);
}
