/** From the words of the command line to an exit code. */

import { BugError, ChatError, StoreError, UsageError } from '../../crypto/errors.ts';
import type { Call } from './call.ts';
import { nameOf } from './command-spec.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { dataOf, withoutData } from './failure.ts';
import type { Flags } from './flags.ts';
import { HELP_TOPICS, isHelpTopic } from './help-topics.ts';
import { InterruptedError, type Interruption } from './interruption.ts';
import { nearest } from './nearest.ts';
import { type Parsed, parseCommandLine } from './parser.ts';
import type { Program } from './program.ts';
import { layout, safe, say } from './safe-text.ts';
import { readSettings } from './settings.ts';
import { commands } from './specs/index.ts';
import { Terminal } from './terminal.ts';
import { Printer } from './voice.ts';

export interface CliParts {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
  readonly program: Program;
  readonly interruption: Interruption;
}

const DEFAULT_COLUMNS = 80;

export async function runCli(argv: readonly string[], parts: CliParts): Promise<ExitCode> {
  const { stdout, stderr, env } = parts;
  let printer = new Printer({ stdout, stderr, json: wantsJson(argv, env) });
  try {
    const parsed = await parse(argv, parts);
    if (parsed.kind === 'text') {
      // The program's own words: looking at them would take as long as making them.
      printer.text(layout(safe(''), () => parsed.text));
      await printer.flushed();
      return EXIT.ok;
    }
    const call = makeCall(parsed.flags, parts);
    printer = call.printer;
    const code = await run(parsed, call);
    call.terminal.release();
    await printer.flushed();
    return code;
  } catch (error) {
    return await reportFailure(error, printer);
  }
}

async function parse(argv: readonly string[], { program, stdout }: CliParts): Promise<Parsed> {
  const columns = stdout.columns ?? DEFAULT_COLUMNS;
  const parsed = await parseCommandLine(argv, program.version, columns);
  if (parsed.kind !== 'command' || parsed.spec.load !== undefined || nameOf(parsed.spec) !== 'help')
    return parsed;
  const words = parsed.flags.list('topic');
  const [first] = words;
  if (first !== undefined && isHelpTopic(first)) {
    return { kind: 'text', text: (await import('./help-texts.ts')).helpText(first) };
  }
  requireCommand(first);
  return parseCommandLine([...words, '--help'], program.version, columns);
}

/** @throws UsageError `no-topic` */
function requireCommand(word: string | undefined): void {
  const known = commands.map(nameOf);
  if (word === undefined || known.includes(word)) return;
  const meant = nearest(word, [...known, ...HELP_TOPICS]);
  throw new UsageError('no-topic', `there is no help on ${word}`, {
    hints: [meant === undefined ? `topics: ${HELP_TOPICS.join(', ')}` : `did you mean ${meant}?`],
  });
}

async function run(parsed: Exclude<Parsed, { readonly kind: 'text' }>, call: Call): Promise<ExitCode> {
  if (parsed.kind === 'nothing') return runWithoutCommand(call);
  const { load } = parsed.spec;
  if (load === undefined) throw new BugError('bug', 'this command has nothing to run');
  return (await load())(call);
}

async function runWithoutCommand(call: Call): Promise<ExitCode> {
  // `--plain` says that the chat is meant: a script or a pipe may hold it.
  if ((call.terminal.isInteractive || call.flags.flag('plain')) && !call.settings.json) {
    return (await import('../tui/line-mode.ts')).runLineMode(call);
  }
  throw new UsageError('usage', 'a command is missing; the interactive chat needs a terminal', {
    hints: [`commands: ${commands.map(nameOf).join(' ')}`, 'see: intechat --help'],
  });
}

function makeCall(flags: Flags, parts: CliParts): Call {
  const { stdin, stdout, stderr, env, program, interruption } = parts;
  const settings = readSettings(flags, env);
  const { json, quiet, verbose } = settings;
  const printer = new Printer({ stdout, stderr, json, quiet, verbose });
  const terminal = new Terminal({
    stdin,
    stdoutIsTerminal: stdout.isTTY === true,
    stderrIsTerminal: stderr.isTTY === true,
    columns: stdout.columns ?? DEFAULT_COLUMNS,
    printer,
    interruption,
  });
  return { flags, settings, printer, terminal, env, program, interruption };
}

/** A mistake in the words must be said in the form that was asked for, so this looks before they are understood. */
function wantsJson(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  return (
    env['INTECHAT_OUTPUT'] === 'json' ||
    words.includes('--json') ||
    words.some((word, at) => (word === '-o' || word === '--output') && words[at + 1] === 'json') ||
    words.includes('--output=json')
  );
}

async function reportFailure(thrown: unknown, printer: Printer): Promise<ExitCode> {
  const error = withoutData(thrown);
  if (isClosedOutput(error)) return EXIT.ok;
  const code = exitCodeOf(error);
  if (error instanceof InterruptedError) printer.failureObject(error, code);
  else printer.failure(error, code, dataOf(thrown));
  if (code === EXIT.bug) explainBug(error, printer);
  try {
    await printer.flushed();
  } catch {
    // The exit code says what is left to say.
  }
  return code;
}

/** `history bob | head` is no failure. */
function isClosedOutput(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'output-closed';
}

/** Where it happened; never what was in it. */
function explainBug(error: unknown, printer: Printer): void {
  for (let each = error; each instanceof Error; each = each.cause) {
    const frames = (each.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
    printer.note(say`${each instanceof ChatError ? each.code : each.name}`);
    for (const frame of frames) printer.note(safe(frame));
  }
}
