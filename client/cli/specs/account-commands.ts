import type { CommandSpec } from '../command-spec.ts';
import { acceptFrom } from './global-options.ts';

const name = { describe: 'user name of the account' };
const keyFile = {
  kind: 'flag',
  describe: 'no passphrase: a key file beside the store opens it, and whoever reads that file',
} as const;
const recoveryFile = {
  kind: 'text',
  describe: 'write the recovery words into this new file (0600); counts as confirming them',
} as const;

export const accountCommands: readonly CommandSpec[] = [
  {
    usage: 'register [name]',
    describe: 'Make a new account on a relay',
    positionals: { name },
    options: {
      invite: { kind: 'text', describe: 'invitation code, if the relay wants one' },
      'recovery-file': recoveryFile,
      'key-file': keyFile,
      'accept-from': acceptFrom,
    },
    examples: [
      [
        'register alice -r ic://FINGERPRINT@127.0.0.1:7443',
        'asks for a passphrase, shows the recovery words',
      ],
      ['register bot --key-file --recovery-file ./bot.words', 'for scripts: asks nothing'],
    ],
    notes: ['The relay of the first account is remembered: later ones need no -r.'],
    load: async () => (await import('../register.ts')).register,
  },
  {
    usage: 'login <name>',
    describe: 'Sign an account of this machine in again',
    positionals: { name },
    examples: [['login alice', 'after a logout']],
    load: async () => (await import('../login.ts')).login,
  },
  {
    usage: 'logout',
    describe: 'Sign this account out at the relay; its messages stay on this machine',
    examples: [
      ['logout', ''],
      ['logout -a alice', 'the account alice'],
    ],
    load: async () => (await import('../logout.ts')).logout,
  },
  {
    usage: 'whoami',
    describe: 'Show the account in use',
    examples: [
      ['whoami', ''],
      ['whoami --json', 'for scripts'],
    ],
    load: async () => (await import('../whoami.ts')).whoami,
  },
  {
    usage: 'account',
    describe: 'Accounts of this machine',
    examples: [['account list', 'the one in use is marked *']],
    commands: [
      {
        usage: 'list',
        describe: 'List the accounts of this machine',
        examples: [['account list', 'the one in use is marked *']],
        load: async () => (await import('../account.ts')).listAll,
      },
      {
        usage: 'use <name>',
        describe: 'Choose the account that commands use',
        positionals: { name },
        examples: [['account use alice', '']],
        load: async () => (await import('../account.ts')).use,
      },
      {
        usage: 'show [name]',
        describe: 'Show one account',
        positionals: { name },
        examples: [['account show alice', '']],
        load: async () => (await import('../account.ts')).show,
      },
    ],
  },
  {
    usage: 'recovery',
    describe: 'The 24 recovery words of this account',
    examples: [['recovery show', 'on a terminal']],
    commands: [
      {
        usage: 'show',
        describe: 'Show the words, until they are confirmed',
        options: { 'recovery-file': recoveryFile },
        examples: [
          ['recovery show', 'on a terminal only'],
          ['recovery show --recovery-file ./alice.words', 'into a file; confirms them'],
        ],
        load: async () => (await import('../recovery.ts')).showWords,
      },
      {
        usage: 'confirm',
        describe: 'Confirm that the words are on paper; this machine then forgets them',
        examples: [
          ['recovery confirm', 'asks for three of the words'],
          ['recovery confirm --yes', 'asks nothing'],
        ],
        load: async () => (await import('../recovery.ts')).confirmWords,
      },
    ],
  },
];
