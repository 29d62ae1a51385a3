import type { CommandSpec } from '../command-spec.ts';

const who = { describe: 'a contact, by name' };

export const trustCommands: readonly CommandSpec[] = [
  {
    usage: 'fingerprint [name]',
    describe: 'Show a safety number, or the fingerprint of your own key',
    positionals: { name: who },
    examples: [
      ['fingerprint', 'your own'],
      ['fingerprint bob', 'the number between bob and you'],
    ],
    load: async () => (await import('../fingerprint.ts')).fingerprint,
  },
  {
    usage: 'verify <name>',
    describe: 'Compare the safety number with a contact and remember the outcome',
    positionals: { name: who },
    options: {
      number: { kind: 'text', describe: 'the 60 digits that the other side reads; spaces do not matter' },
      clear: { kind: 'flag', describe: 'forget that this contact was verified' },
    },
    examples: [
      ['verify bob', 'shows the number and asks'],
      [`verify bob --number "${'12345 '.repeat(12).trim()}"`, 'compares for you'],
      ['verify bob --clear', ''],
    ],
    load: async () => (await import('../verify.ts')).verify,
  },
  {
    usage: 'identities [name]',
    describe: 'Show the keys that contacts have and had',
    positionals: { name: who },
    examples: [
      ['identities', ''],
      ['identities bob', ''],
    ],
    load: async () => (await import('../identities.ts')).identities,
  },
  {
    usage: 'trust <name>',
    describe: 'Send to the present key of a contact after it changed',
    positionals: { name: who },
    options: {
      key: {
        kind: 'text',
        describe: 'fingerprint of the key you mean, 64 hex digits, from: identities NAME',
      },
    },
    examples: [['trust bob', '']],
    load: async () => (await import('../trust.ts')).trust,
  },
  {
    usage: 'distrust <name>',
    describe: 'Send nothing more to the present key of a contact',
    positionals: { name: who },
    examples: [['distrust bob', '']],
    load: async () => (await import('../trust.ts')).distrust,
  },
];
