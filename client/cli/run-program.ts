/** The process around the command line: guards, streams, signals, exit. */

import { ChatError } from '../../crypto/errors.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { Interruption, type InterruptionSignal } from './interruption.ts';
import { guardProcess } from './process-guard.ts';
import { describeProgram } from './program.ts';
import { runCli } from './run-cli.ts';
import { Printer } from './voice.ts';

/** A command that was interrupted may tidy up for so long. */
const TIDY_MAX_MS = 3_000;

/** @param entryUrl `import.meta.url` of the entry file. */
export async function runProgram(entryUrl: string): Promise<void> {
  const { stdin, stdout, stderr, env } = process;
  // Whoever needs to know that a stream is broken asks the printer.
  stdout.on('error', () => {});
  stderr.on('error', () => {});
  const printer = new Printer({ stdout, stderr, json: false });
  process.on('uncaughtException', (error) => {
    printer.failure(error, EXIT.bug);
    process.exit(EXIT.bug);
  });
  try {
    guardProcess();
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    printer.failure(error, exitCodeOf(error));
    process.exit(exitCodeOf(error));
  }
  const interruption = new Interruption();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => onSignal(signal, interruption));
  const program = describeProgram(entryUrl);
  process.exit(await runCli(process.argv.slice(2), { stdin, stdout, stderr, env, program, interruption }));
}

/** The first asks, the second ends. */
function onSignal(signal: InterruptionSignal, interruption: Interruption): void {
  const code = signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
  if (interruption.happened) process.exit(code);
  interruption.interrupt(signal);
  if (interruption.happened) setTimeout(() => process.exit(code), TIDY_MAX_MS);
}
