import type { CommandSpec } from '../command-spec.ts';
import { HELP_TOPICS } from '../help-topics.ts';

export const localCommands: readonly CommandSpec[] = [
  {
    usage: 'status',
    describe: 'Show how this account does, and where its files are',
    examples: [
      ['status', ''],
      ['status --json', 'for scripts'],
    ],
    load: async () => (await import('../status.ts')).status,
  },
  {
    usage: 'daemon',
    describe: 'Keep the account open and connected; other commands go through it',
    examples: [
      ['daemon', 'in the foreground, until interrupted'],
      ['daemon status', ''],
      ['daemon stop', ''],
    ],
    load: async () => (await import('../daemon.ts')).daemon,
    commands: [
      {
        usage: 'status',
        describe: 'Show the running daemon',
        examples: [['daemon status', '']],
        load: async () => (await import('../daemon.ts')).daemonStatus,
      },
      {
        usage: 'stop',
        describe: 'End the running daemon',
        examples: [['daemon stop', '']],
        load: async () => (await import('../daemon.ts')).stopDaemon,
      },
    ],
  },
  {
    usage: 'demo',
    describe: 'See a private conversation happen, in a throw-away directory',
    examples: [['demo', '']],
    load: async () => (await import('../demo.ts')).runDemo,
  },
  {
    usage: 'completion <shell>',
    describe: 'Print a completion script',
    positionals: { shell: { describe: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'] } },
    examples: [['completion bash > ~/.local/share/bash-completion/completions/intechat', '']],
    load: async () => (await import('../completion.ts')).completion,
  },
  {
    usage: 'help [topic..]',
    describe: 'Explain a command or a topic',
    positionals: { topic: { describe: `a command, or one of: ${HELP_TOPICS.join(', ')}`, many: true } },
    examples: [
      ['help send', ''],
      ['help exit-codes', ''],
    ],
  },
];
