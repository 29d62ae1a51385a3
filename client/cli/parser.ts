/** The command line as yargs sees it: which command, with which values, or a text of help. */

import yargs, { type Argv, type Options, type PositionalOptions } from 'yargs';
import { UsageError } from '../../crypto/errors.ts';
import { maskWords } from './argument-words.ts';
import { type CommandSpec, nameOf, type OptionSpec } from './command-spec.ts';
import { Flags } from './flags.ts';
import { nearest } from './nearest.ts';
import { globalOptions } from './specs/global-options.ts';
import { commands } from './specs/index.ts';

export type Parsed =
  | { readonly kind: 'command'; readonly spec: CommandSpec; readonly flags: Flags }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'nothing'; readonly flags: Flags };

const HELP_MAX_COLUMNS = 100;
const INTRODUCTION =
  'intechat [global flags] [command]\n\nPrivate chat, encrypted end to end. Without a command, on a terminal: interactive chat.';

/** @throws UsageError `usage`. */
export async function parseCommandLine(
  argv: readonly string[],
  version: string,
  columns: number,
): Promise<Parsed> {
  const { words, restore } = maskWords(argv);
  const track: Track = { selected: undefined, entered: undefined };
  let text = '';
  let values: Record<string, unknown>;
  try {
    const parser = buildParser(words, { version, columns, track });
    values = await parser.parseAsync([...words], {}, (_error, _argv, output) => {
      text = output;
    });
  } catch (error) {
    if (error instanceof ParserComplaint) throw usageError(restore(error.message), words, track.entered);
    throw error;
  }
  if (text !== '') return { kind: 'text', text };
  const flags = new Flags(restoreValues(values, restore));
  if (track.selected !== undefined) return { kind: 'command', spec: track.selected, flags };
  return { kind: 'nothing', flags };
}

class ParserComplaint extends Error {}

/** Where the parser is: it calls back while it reads. */
interface Track {
  selected: CommandSpec | undefined;
  entered: Place | undefined;
}

interface Place {
  /** With the commands it stands under: `contacts rename`. */
  readonly path: string;
  readonly spec: CommandSpec;
}

interface ParserParts {
  readonly version: string;
  readonly columns: number;
  readonly track: Track;
}

function buildParser(words: readonly string[], { version, columns, track }: ParserParts): Argv {
  const parser = yargs([...words])
    .scriptName('intechat')
    .locale('en')
    .usage(INTRODUCTION)
    .wrap(Math.min(HELP_MAX_COLUMNS, columns))
    .parserConfiguration({ 'boolean-negation': false, 'parse-numbers': false, 'dot-notation': false })
    .exitProcess(false)
    .showHidden(false)
    .help('help')
    .alias('h', 'help')
    .version(version)
    .alias('V', 'version')
    .options(optionsOf(globalOptions))
    .fail((message: string | null, error?: Error) => {
      if (message === null && error !== undefined) throw error;
      throw new ParserComplaint(message ?? 'not understood');
    })
    .example('$0 register alice -r ic://…', 'make an account')
    .example('$0 send bob -m "hello bob"', 'send a message')
    .example('$0', 'chat')
    .epilogue('More: intechat help TOPIC, and intechat help COMMAND')
    .strict() as Argv;
  for (const spec of commands) addCommand(parser, { path: nameOf(spec), spec }, track);
  return parser;
}

function addCommand(parser: Argv, place: Place, track: Track): void {
  const { spec } = place;
  parser.command({
    command: spec.usage,
    describe: spec.describe,
    builder: (command: Argv) => {
      track.entered = place;
      return buildCommand(command, place, track);
    },
    handler: () => {
      track.selected = spec;
    },
  });
}

function buildCommand(command: Argv, { path, spec }: Place, track: Track): Argv {
  for (const name of Object.keys(globalOptions)) command.hide(name);
  for (const [name, { describe, many, choices }] of Object.entries(spec.positionals ?? {})) {
    command.positional(name, {
      type: 'string',
      describe,
      ...(many === true ? { array: true } : {}),
      ...(choices === undefined ? {} : { choices }),
    } as PositionalOptions);
  }
  command.options(optionsOf(spec.options ?? {}));
  for (const [line, what] of spec.examples) command.example(`$0 ${line}`, what);
  for (const each of spec.commands ?? []) {
    addCommand(command, { path: `${path} ${nameOf(each)}`, spec: each }, track);
  }
  if (spec.load === undefined && spec.commands !== undefined) {
    command.demandCommand(1, `${path} needs one of: ${spec.commands.map(nameOf).join(', ')}`);
  }
  return command.epilogue(
    [...(spec.notes ?? []), 'Global flags such as -a, -d, --json, --timeout: intechat --help'].join('\n'),
  );
}

function optionsOf(specs: Readonly<Record<string, OptionSpec>>): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { kind, describe, alias, choices }]) => [
      name,
      {
        describe,
        ...(kind === 'flag' ? { type: 'boolean' } : { type: 'string', nargs: 1, requiresArg: true }),
        ...(alias === undefined ? {} : { alias }),
        ...(choices === undefined ? {} : { choices }),
      } as Options,
    ]),
  );
}

function restoreValues(
  values: Readonly<Record<string, unknown>>,
  restore: (text: string) => string,
): Record<string, unknown> {
  const one = (value: unknown): unknown => (typeof value === 'string' ? restore(value) : value);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.map(one) : one(value)]),
  );
}

/** The library's sentence, in our voice, with the word that was probably meant. */
function usageError(message: string, words: readonly string[], place: Place | undefined): UsageError {
  const seeHelp = `see: intechat ${place === undefined ? '' : `${place.path} `}--help`;
  const valueless = /^Not enough arguments following: (.*)$/.exec(message)?.[1];
  if (valueless !== undefined) return new UsageError('usage', `${dashed(valueless)} needs a value`);
  const choice = /Argument: (\S+), Given: (?:.*), Choices: (.*)$/s.exec(message);
  if (choice !== null) {
    const name = choice[1] ?? '';
    const shown = place?.spec.positionals?.[name] === undefined ? dashed(name) : name.toUpperCase();
    return new UsageError('usage', `${shown} is one of ${choice[2]?.replaceAll('"', '')}`);
  }
  if (/^Not enough non-option arguments/.test(message) && place !== undefined) {
    return new UsageError('usage', `words are missing: intechat ${usageOf(place)}`, { hints: [seeHelp] });
  }
  const unknown = /^Unknown (?:argument|command)s?: (.*)$/s.exec(message)?.[1]?.split(', ')[0];
  if (unknown === undefined) return new UsageError('usage', plainSentence(message), { hints: [seeHelp] });
  return unknownWord(unknown, words, place, seeHelp);
}

function unknownWord(
  unknown: string,
  words: readonly string[],
  place: Place | undefined,
  seeHelp: string,
): UsageError {
  const isFlag = words.some(
    (word) => word.startsWith('-') && word.replace(/^-+/, '').split('=')[0] === unknown,
  );
  const flags = [...Object.keys(globalOptions), ...Object.keys(place?.spec.options ?? {}), 'help', 'version'];
  const names = place === undefined ? commands.map(nameOf) : (place.spec.commands ?? []).map(nameOf);
  const meant = isFlag ? nearest(unknown, flags) : nearest(unknown, names);
  const what = isFlag ? `there is no flag ${dashed(unknown)}` : `there is no command ${unknown}`;
  const surplus = !isFlag && place !== undefined && names.length === 0;
  return new UsageError('usage', surplus ? `one word too many: ${unknown}` : what, {
    hints: [meant === undefined ? seeHelp : `did you mean ${isFlag ? dashed(meant) : meant}?`],
  });
}

/** `contacts rename <name> <new-name>` as people write it: NAME NEW-NAME. */
function usageOf({ path, spec }: Place): string {
  const positionals = spec.usage.split(' ').slice(1);
  const shown = positionals.map((word) => word.replace(/[<>]/g, '').replace('..', '...').toUpperCase());
  return [path, ...shown].join(' ');
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function plainSentence(text: string): string {
  const line = text
    .split('\n')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .join('; ');
  return line.slice(0, 1).toLowerCase() + line.slice(1).replace(/\.$/, '');
}
