import type { CommandSpec } from '../command-spec.ts';

const who = { describe: 'a contact, by name' };
const count = (what: string, otherwise: number) =>
  ({
    kind: 'text',
    alias: 'n',
    describe: `at most so many ${what}; ${otherwise} unless said otherwise`,
  }) as const;

export const chatCommands: readonly CommandSpec[] = [
  {
    usage: 'chats',
    describe: 'List conversations, the latest first',
    options: {
      count: count('conversations', 20),
      unread: { kind: 'flag', describe: 'only those with news' },
    },
    examples: [
      ['chats', ''],
      ['chats --unread', ''],
    ],
    load: async () => (await import('../chats.ts')).chats,
  },
  {
    usage: 'send <to..>',
    describe: 'Send a message',
    positionals: { to: { describe: 'names or ic:// addresses', many: true } },
    options: {
      message: {
        kind: 'text',
        alias: 'm',
        describe: 'the text, whatever it begins with; - reads it from stdin',
      },
      wait: {
        kind: 'text',
        describe: 'until it is queued, sent (the default) or delivered',
        choices: ['queued', 'sent', 'delivered'],
      },
      id: { kind: 'text', describe: 'UUID of the message: the same again is the same message' },
      'no-queue': { kind: 'flag', describe: 'take it back when it is not sent in time' },
    },
    examples: [
      ['send bob -m "hello bob"', ''],
      ['send bob carol -m hello', 'to both'],
      ['send bob < letter.txt', 'the text is read from stdin'],
      ['send bob -m "-5 degrees" --wait delivered --timeout 30', ''],
    ],
    notes: ['Not sent in time: exit 75, the message stays queued and goes out later. Do not send it again.'],
    load: async () => (await import('../send.ts')).send,
  },
  {
    usage: 'outbox',
    describe: 'Messages that wait to be sent',
    examples: [['outbox', 'the same as: outbox list']],
    load: async () => (await import('../outbox.ts')).listOutbox,
    commands: [
      {
        usage: 'list',
        describe: 'List what waits',
        examples: [['outbox list', '']],
        load: async () => (await import('../outbox.ts')).listOutbox,
      },
      {
        usage: 'cancel <id>',
        describe: 'Take a message back that was not sent yet',
        positionals: { id: { describe: 'id of the message, from: outbox list' } },
        examples: [['outbox cancel 0f8fad5b-d9cb-469f-a165-70867728950e', '']],
        load: async () => (await import('../outbox.ts')).cancelMessage,
      },
    ],
  },
  {
    usage: 'receive',
    describe: 'Print what came since the last receive',
    options: {
      wait: { kind: 'text', alias: 't', describe: 'seconds to wait for more; 5 unless said otherwise' },
      max: { kind: 'text', alias: 'n', describe: 'stop after so many messages' },
      follow: { kind: 'flag', alias: 'f', describe: 'go on until interrupted' },
      cursor: { kind: 'text', describe: 'name of a reading position of its own' },
    },
    examples: [
      ['receive', ''],
      ['receive -t 0 --json', 'what is here now, one JSON object per line'],
      ['receive --follow --cursor bot', 'for a program that reads for ever'],
    ],
    notes: ['At least once: a line may come again after a crash. Nothing is marked as read.'],
    load: async () => (await import('../receive.ts')).receive,
  },
  {
    usage: 'history <name>',
    describe: 'Show a conversation, oldest first',
    positionals: { name: who },
    options: {
      count: count('messages', 20),
      before: { kind: 'text', describe: 'only what stands before this message id or time' },
      since: {
        kind: 'text',
        describe: 'only what came since this time, such as 2026-11-22 or 2026-11-22T18:30',
      },
      follow: { kind: 'flag', alias: 'f', describe: 'go on until interrupted' },
    },
    examples: [
      ['history bob', ''],
      ['history bob -n 100 --since 2026-11-22', ''],
      ['history bob --follow', ''],
    ],
    load: async () => (await import('../history.ts')).history,
  },
  {
    usage: 'search <text>',
    describe: 'Find messages',
    positionals: { text: { describe: 'what to look for; upper and lower case are the same' } },
    options: {
      in: { kind: 'text', describe: 'only in the conversation with this contact' },
      from: { kind: 'text', describe: 'only messages from this contact, or yourself' },
      count: count('messages', 50),
    },
    examples: [
      ['search invoice', ''],
      ['search "last week" --in bob', ''],
    ],
    load: async () => (await import('../search.ts')).search,
  },
  {
    usage: 'read <name>',
    describe: 'Mark a conversation as read',
    positionals: { name: who },
    examples: [['read bob', '']],
    load: async () => (await import('../simple-commands.ts')).read,
  },
];
