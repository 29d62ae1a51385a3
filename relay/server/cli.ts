/** The command line: flags to parameters, help, and every failure to words and an exit status. */

import yargs, { type Argv, type CommandModule } from 'yargs';
import { ChatError, UsageError } from '../../crypto/errors.ts';
import { EXIT, exitStatusOf } from './exit-codes.ts';
import { nearest } from './nearest.ts';
import type { Program } from './program.ts';
import { environmentName, type SettingName, type SettingTexts, settings } from './settings.ts';
import type { Voice } from './voice.ts';

export interface CliParts {
  readonly voice: Voice;
  readonly env: NodeJS.ProcessEnv;
  readonly program: Program;
  /** Somebody reads stderr. */
  readonly terminal: boolean;
  readonly columns: number;
}

type Run = (command: () => Promise<number>) => Promise<void>;

const HELP_MAX_COLUMNS = 100;
const SETTING_NAMES = Object.keys(settings) as SettingName[];
const COMMANDS = ['up', 'status', 'inspect', 'version', 'help'];
const COMMON_FLAGS = ['data', 'json', 'help', 'version'];
const UP_FLAGS = [...SETTING_NAMES, 'open', 'limit'];

/** @returns The exit status. */
export async function runCli(argv: readonly string[], parts: CliParts): Promise<number> {
  let status: number = EXIT.ok;
  const run: Run = async (command) => {
    status = await command();
  };
  try {
    if (argv[0] === 'help' && argv[1] === 'limits') return await printLimits(parts.voice);
    const words = helpWords(argv);
    let output = '';
    await buildParser(words, parts, run).parseAsync(words, {}, (_error, _argv, text) => {
      output = text;
    });
    if (output !== '') for (const line of output.split('\n')) parts.voice.result(line);
    return status;
  } catch (error) {
    return reportFailure(error, argv.includes('--json'), parts.voice);
  }
}

async function printLimits(voice: Voice): Promise<number> {
  const { describeLimits } = await import('./limit-settings.ts');
  voice.result('limits and their defaults; change one with: intechat-relay up --limit NAME=NUMBER');
  for (const line of describeLimits()) voice.result(`  ${line}`);
  return EXIT.ok;
}

/** `help up` is `up --help`. */
function helpWords(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1, 2), '--help'] : [...argv];
}

function buildParser(argv: string[], parts: CliParts, run: Run): Argv {
  const parser = yargs(argv)
    .scriptName('intechat-relay')
    .locale('en')
    .usage('intechat-relay COMMAND\n\nHosts an InteChat relay: it stores and passes on what it cannot read.')
    .wrap(Math.min(HELP_MAX_COLUMNS, parts.columns))
    .parserConfiguration({ 'boolean-negation': false })
    .exitProcess(false)
    .help('help')
    .alias('h', 'help')
    .version(parts.program.version)
    .alias('V', 'version')
    // A failed handler comes without a message; the library's own errors come with one.
    .fail((message: string | null, error?: Error) => {
      throw message === null && error !== undefined ? error : usageError(message ?? 'not understood');
    })
    .command(upCommand(parts, run))
    .command(adminCommand('status', parts, run))
    .command(adminCommand('inspect', parts, run))
    .command({
      command: 'version',
      describe: 'Print the version',
      builder: (command: Argv) => command.example('$0 version', ''),
      handler: () => parts.voice.result(parts.program.version),
    })
    .command({ command: 'help [command]', describe: 'Explain a command', handler: () => {} })
    .demandCommand(1, 'a command is missing')
    .example('$0 up', 'start a relay on this machine')
    .example('$0 inspect', 'show what the relay knows')
    .strict();
  return parser as Argv;
}

function upCommand(parts: CliParts, run: Run): CommandModule {
  return {
    command: 'up',
    describe: 'Start the relay and stay until a signal ends it',
    builder: (command: Argv) => {
      let flags = withCommonFlags(command).option('open', {
        type: 'boolean',
        describe: 'let anybody register; so it is until there are invitations',
      });
      for (const name of SETTING_NAMES) {
        const { describe, shown } = describeSetting(name);
        flags = flags.option(name, {
          ...TEXT,
          describe,
          ...(shown === undefined ? {} : { defaultDescription: shown }),
        });
      }
      return flags
        .option('limit', {
          type: 'string',
          array: true,
          nargs: 1,
          describe: 'change a limit: NAME=NUMBER; the list: help limits',
        })
        .example('$0 up', 'on 127.0.0.1:7443, data in ~/.local/share/intechat-relay')
        .example('$0 up --port 0 --data ./relay --json', 'on a free port, for scripts')
        .example('$0 up --limit mailbox-messages=500', 'keep fewer undelivered messages')
        .epilogue(
          `Every setting is also an environment variable, for example ${environmentName('port')}; a flag wins.`,
        );
    },
    handler: async (flags: Readonly<Record<string, unknown>>) => {
      await run(async () => {
        // The relay itself is loaded only here: help and mistakes must be quick.
        const { parseUpParams, up } = await import('./up-command.ts');
        return up(
          parseUpParams(
            {
              ...common(flags),
              settings: settingTexts(flags),
              open: isSet(flags['open']),
              limits: texts(flags['limit']),
            },
            parts.env,
          ),
          parts,
        );
      });
    },
  };
}

function adminCommand(name: 'status' | 'inspect', parts: CliParts, run: Run): CommandModule {
  const inspects = name === 'inspect';
  return {
    command: inspects ? 'inspect [name]' : 'status',
    describe: inspects
      ? 'Show what the relay knows, of all or of one account'
      : 'Show how the running relay does',
    builder: (command: Argv) => {
      const flags = withCommonFlags(command);
      if (!inspects) return flags.example('$0 status', '').example('$0 status --json', 'for scripts');
      return flags
        .positional('name', { type: 'string', describe: 'user name of one account' })
        .example('$0 inspect', 'counts, and one stored envelope in hex')
        .example('$0 inspect alice', 'devices, waiting messages, sessions of one account');
    },
    handler: async (flags: Readonly<Record<string, unknown>>) => {
      await run(async () => {
        const { ask } = await import('./admin-commands.ts');
        const account = flags['name'];
        const request = typeof account === 'string' ? { command: name, name: account } : { command: name };
        return ask({ ...common(flags), request }, parts.voice, parts.env);
      });
    },
  };
}

const TEXT = { type: 'string', nargs: 1, requiresArg: true } as const;

function withCommonFlags(command: Argv): Argv {
  return command
    .option('data', {
      ...TEXT,
      describe: "the relay's folder",
      defaultDescription: '~/.local/share/intechat-relay',
    })
    .option('json', { type: 'boolean', describe: 'one JSON object on stdout' }) as Argv;
}

function common(flags: Readonly<Record<string, unknown>>): {
  readonly dataDirectory: string | undefined;
  readonly json: boolean;
} {
  return { dataDirectory: oneText(flags['data']), json: isSet(flags['json']) };
}

function settingTexts(flags: Readonly<Record<string, unknown>>): SettingTexts {
  return Object.fromEntries(SETTING_NAMES.map((name) => [name, oneText(flags[name])]));
}

function describeSetting(name: SettingName): { readonly describe: string; readonly shown?: string } {
  return settings[name];
}

/** Of a flag that is given again the last one counts. */
function oneText(value: unknown): string | undefined {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === 'string' ? last : undefined;
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.at(-1) === true : value === true;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** The library's sentence, in our voice, with the word that was probably meant. */
function usageError(message: string): UsageError {
  const valueless = /^Not enough arguments following: (.*)$/.exec(message)?.[1];
  if (valueless !== undefined) return new UsageError('usage', `--${valueless} needs a value`);
  const unknown = /^Unknown (?:argument|command)s?: (.*)$/.exec(message)?.[1]?.split(', ')[0];
  if (unknown === undefined) return new UsageError('usage', lowerFirst(message), { hints: [SEE_HELP] });
  const dashed = nearest(unknown, [...COMMON_FLAGS, ...UP_FLAGS]);
  const word = nearest(unknown, COMMANDS);
  const meant = word ?? (dashed === undefined ? undefined : `--${dashed}`);
  return new UsageError('usage', `there is no command or flag ${unknown}`, {
    hints: [meant === undefined ? SEE_HELP : `did you mean ${meant}?`],
  });
}

const SEE_HELP = 'see: intechat-relay --help';

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1).replace(/\.$/, '');
}

function reportFailure(error: unknown, json: boolean, voice: Voice): number {
  const known = error instanceof ChatError;
  const status = known ? exitStatusOf(error.code) : EXIT.bug;
  const name = known ? error.code : 'bug';
  const message = known ? error.message : 'internal error; please report it with what you did';
  const hints = known ? error.hints : [];
  voice.error(message, hints);
  if (!known && error instanceof Error && error.stack !== undefined) {
    for (const line of error.stack.split('\n').filter((frame) => frame.startsWith('    at ')))
      voice.note(line);
  }
  if (json) voice.json({ ok: false, error: { code: status, name, message, hint: hints[0] } });
  return status;
}
