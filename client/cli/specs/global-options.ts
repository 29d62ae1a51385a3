import type { OptionSpec } from '../command-spec.ts';

export const globalOptions: Readonly<Record<string, OptionSpec>> = {
  account: { kind: 'text', alias: 'a', describe: 'the account to use, by name' },
  'data-dir': { kind: 'text', alias: 'd', describe: 'folder of the accounts' },
  config: { kind: 'text', alias: 'C', describe: 'read settings from this JSON file' },
  output: { kind: 'text', alias: 'o', describe: 'plain or json', choices: ['plain', 'json'] },
  json: { kind: 'flag', describe: 'the same as --output json' },
  relay: { kind: 'text', alias: 'r', describe: 'ic:// address of a relay, for register and login' },
  'passphrase-file': { kind: 'text', describe: 'read the passphrase from this file' },
  'passphrase-fd': { kind: 'text', describe: 'read the passphrase from this open file descriptor' },
  'trust-new-identities': {
    kind: 'text',
    describe: 'whom to trust unseen when sending',
    choices: ['on-first-use', 'always', 'never'],
  },
  timeout: { kind: 'text', describe: 'seconds to wait for the relay; 10 unless said otherwise' },
  utc: { kind: 'flag', describe: 'show times in UTC' },
  plain: { kind: 'flag', describe: 'interactive chat without redrawing, one line per event' },
  'no-color': { kind: 'flag', describe: 'no colours in the interactive chat; so does $NO_COLOR' },
  quiet: { kind: 'flag', alias: 'q', describe: 'no notes and no hints on stderr' },
  verbose: { kind: 'flag', alias: 'v', describe: 'say more on stderr, show ids' },
  yes: { kind: 'flag', alias: 'y', describe: 'answer yes to questions' },
};

/** Stored with the account; several commands take it. */
export const acceptFrom: OptionSpec = {
  kind: 'text',
  describe: 'who may write to this account first; stored, ask at the beginning',
  choices: ['everyone', 'ask', 'nobody'],
};
