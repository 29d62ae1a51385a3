import type { CommandSpec } from '../command-spec.ts';
import { acceptFrom } from './global-options.ts';

const who = { describe: 'a contact, by name' };

export const peopleCommands: readonly CommandSpec[] = [
  {
    usage: 'contacts',
    describe: 'The people this account knows',
    examples: [
      ['contacts', 'the same as: contacts list'],
      ['contacts add bob', ''],
    ],
    load: async () => (await import('../contacts.ts')).listContacts,
    commands: [
      {
        usage: 'list',
        describe: 'List contacts',
        examples: [
          ['contacts list', ''],
          ['contacts list --json', 'for scripts'],
        ],
        load: async () => (await import('../contacts.ts')).listContacts,
      },
      {
        usage: 'add <address>',
        describe: 'Add somebody by name on the relay or by ic:// address',
        positionals: { address: { describe: 'a name on your relay, or ic://…/u/NAME#…' } },
        options: { name: { kind: 'text', describe: 'what to call this contact here' } },
        examples: [
          ['contacts add bob', ''],
          ['contacts add bob --name bobby', 'under a name of your own'],
        ],
        load: async () => (await import('../contacts.ts')).addContact,
      },
      {
        usage: 'rename <name> <new-name>',
        describe: 'Give a contact another name on this machine',
        positionals: { name: who, 'new-name': { describe: 'what to call this contact here' } },
        examples: [['contacts rename bob bobby', '']],
        load: async () => (await import('../contacts.ts')).renameContact,
      },
      {
        usage: 'remove <name>',
        describe: 'Remove a contact; the history stays',
        positionals: { name: who },
        examples: [['contacts remove bob', '']],
        load: async () => (await import('../contacts.ts')).removeContact,
      },
    ],
  },
  {
    usage: 'requests',
    describe: 'Strangers who wrote and wait for an answer',
    options: { 'accept-from': acceptFrom },
    examples: [
      ['requests', 'the same as: requests list'],
      ['requests accept bob', ''],
      ['requests --accept-from nobody', 'take none from now on'],
    ],
    load: async () => (await import('../requests.ts')).listRequests,
    commands: [
      {
        usage: 'list',
        describe: 'List requests',
        examples: [['requests list', '']],
        load: async () => (await import('../requests.ts')).listRequests,
      },
      {
        usage: 'accept <name>',
        describe: 'Accept a request',
        positionals: { name: { describe: 'name of the request' } },
        examples: [['requests accept bob', '']],
        load: async () => (await import('../requests.ts')).acceptRequest,
      },
      {
        usage: 'reject <name>',
        describe: 'Reject a request; the other side is told nothing',
        positionals: { name: { describe: 'name of the request' } },
        options: { block: { kind: 'flag', describe: 'and drop whatever comes later' } },
        examples: [['requests reject mallory --block', '']],
        load: async () => (await import('../requests.ts')).rejectRequest,
      },
    ],
  },
  {
    usage: 'address',
    describe: 'The ic:// address by which strangers reach this account',
    examples: [['address', 'the same as: address show']],
    load: async () => (await import('../address.ts')).showAddress,
    commands: [
      {
        usage: 'show',
        describe: 'Show the address',
        examples: [['address show', '']],
        load: async () => (await import('../address.ts')).showAddress,
      },
      {
        usage: 'rotate',
        describe: 'Make a new address; the old one stops working',
        examples: [['address rotate', '']],
        load: async () => (await import('../address.ts')).rotateAddress,
      },
      {
        usage: 'listed <answer>',
        describe: 'Whether the relay tells your keys to those who know your name',
        positionals: { answer: { describe: 'yes or no', choices: ['yes', 'no'] } },
        examples: [['address listed no', 'only those with the address can write']],
        load: async () => (await import('../address.ts')).setListed,
      },
    ],
  },
  {
    usage: 'block <name>',
    describe: 'Drop whatever comes from a contact; they see no difference',
    positionals: { name: who },
    examples: [['block mallory', '']],
    load: async () => (await import('../simple-commands.ts')).block,
  },
  {
    usage: 'unblock <name>',
    describe: 'Let a blocked contact reach you again; what came meanwhile is gone',
    positionals: { name: who },
    examples: [['unblock mallory', '']],
    load: async () => (await import('../simple-commands.ts')).unblock,
  },
  {
    usage: 'mute <name>',
    describe: 'Take messages of a contact without being told',
    positionals: { name: who },
    examples: [['mute bob', '']],
    load: async () => (await import('../simple-commands.ts')).mute,
  },
  {
    usage: 'unmute <name>',
    describe: 'Be told about messages of a contact again',
    positionals: { name: who },
    examples: [['unmute bob', '']],
    load: async () => (await import('../simple-commands.ts')).unmute,
  },
];
