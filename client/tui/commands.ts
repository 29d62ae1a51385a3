/** The slash commands of the interactive chat: names, arguments, and what `/help` says about them. */

import {
  type ArgumentParser,
  addressed,
  alone,
  count,
  messageId,
  namedPerson,
  person,
  text,
} from './arguments.ts';

export interface SlashCommand {
  readonly alias?: string;
  readonly usage: string;
  readonly parse: ArgumentParser;
  /** What `/help COMMAND` says. */
  readonly help: readonly string[];
}

const commands = {
  open: {
    alias: 'o',
    usage: '/open NAME',
    parse: namedPerson('open'),
    help: [
      'What you type goes to NAME from then on; the prompt shows it.',
      'NAME is a contact, a name on your relay, or an ic:// address.',
      'If NAME cannot be opened no chat is open, so that nothing goes to the wrong person.',
    ],
  },
  msg: {
    alias: 'm',
    usage: '/msg NAME TEXT',
    parse: addressed,
    help: [
      'Sends TEXT to NAME; the open chat stays open. Shorter: @NAME TEXT',
      'A name with a space stands in quotes: @"bob smith" hello',
    ],
  },
  chats: { alias: 'c', usage: '/chats', parse: alone('chats'), help: ['Your chats, the newest first.'] },
  tail: {
    alias: 't',
    usage: '/tail [N]',
    parse: count,
    help: [
      'The last N lines of the open chat, 20 if not said otherwise.',
      'States: waiting (not at the relay yet), sent (safe at the relay), delivered, read,',
      'held (their key changed: /verify or /trust), failed, expired (/retry sends again).',
    ],
  },
  search: {
    alias: 's',
    usage: '/search TEXT',
    parse: text('search'),
    help: ['Finds TEXT in all your chats. Nothing leaves this machine.'],
  },
  info: {
    alias: 'i',
    usage: '/info [NAME]',
    parse: person('info'),
    help: ['What is known about NAME: keys, verification, since when.'],
  },
  verify: {
    alias: 'v',
    usage: '/verify [NAME]',
    parse: person('verify'),
    help: [
      'Shows the safety number you share with NAME and asks whether both screens show the same.',
      'Compare it over the phone or side by side, not through this chat.',
    ],
  },
  trust: {
    usage: '/trust [NAME]',
    parse: person('trust'),
    help: [
      'Sends what is held after a key change without comparing the number.',
      'For somebody you had verified only /verify does that.',
    ],
  },
  requests: { usage: '/requests', parse: alone('requests'), help: ['Who wants to write to you.'] },
  accept: {
    usage: '/accept NAME',
    parse: namedPerson('accept'),
    help: ['Takes what NAME wrote and lets them reach you. Writing to NAME does the same.'],
  },
  reject: {
    usage: '/reject NAME',
    parse: namedPerson('reject'),
    help: ['Drops what NAME wrote. They see no difference from waiting.'],
  },
  contacts: { usage: '/contacts', parse: alone('contacts'), help: ['Everybody you know here.'] },
  block: {
    usage: '/block [NAME]',
    parse: person('block'),
    help: ['Takes nothing from NAME any more; they do not notice. What comes meanwhile is gone.'],
  },
  unblock: { usage: '/unblock [NAME]', parse: person('unblock'), help: ['Ends /block.'] },
  mute: {
    usage: '/mute [NAME]',
    parse: person('mute'),
    help: ['Shows nothing of NAME unless their chat is open. Everything is kept.'],
  },
  unmute: { usage: '/unmute [NAME]', parse: person('unmute'), help: ['Ends /mute.'] },
  outbox: { usage: '/outbox', parse: alone('outbox'), help: ['What is not sent yet, and why.'] },
  retry: {
    usage: '/retry ID',
    parse: messageId('retry'),
    help: ['Sends a failed or expired message again. The first digits of the ID are enough.'],
  },
  cancel: {
    usage: '/cancel ID',
    parse: messageId('cancel'),
    help: ['Takes back a message that waits. The first digits of the ID are enough.'],
  },
  me: {
    usage: '/me TEXT',
    parse: text('act'),
    help: ['Says what you do: "/me waves" sends "* alice waves".'],
  },
  address: {
    usage: '/address',
    parse: alone('address'),
    help: ['Your address. Whoever has it can write to you.'],
  },
  status: { usage: '/status', parse: alone('status'), help: ['The account, the relay and what waits.'] },
  help: {
    alias: 'h',
    usage: '/help [COMMAND]',
    parse: (argument) => ({ kind: 'help', topic: argument.trim() }),
    help: ['All commands, or more about one.'],
  },
  quit: {
    alias: 'q',
    usage: '/quit',
    parse: alone('quit'),
    help: ['Ends the chat; what is queued goes out first. Also: Ctrl-D, or Ctrl-C twice.'],
  },
} as const satisfies Readonly<Record<string, SlashCommand>>;

export type CommandName = keyof typeof commands;

export const commandNames = Object.keys(commands) as readonly CommandName[];

export const slashCommands: Readonly<Record<CommandName, SlashCommand>> = commands;

/** The lines of `/help`: what stands together, and what it is for. */
export const overview: readonly (readonly [readonly CommandName[], string])[] = [
  [['open'], 'talk to NAME; the prompt shows who it is'],
  [['msg'], 'send from anywhere; the same as @NAME TEXT'],
  [['chats'], 'your chats, the newest first'],
  [['tail'], 'the last N lines of this chat'],
  [['search'], 'find TEXT in all your chats'],
  [['verify'], 'compare safety numbers with NAME'],
  [['trust'], 'send to a changed key without comparing'],
  [['info'], 'what is known about NAME'],
  [['requests', 'contacts'], 'who asks to write to you; whom you know'],
  [['accept', 'reject'], 'answer a request'],
  [['block', 'unblock'], 'take nothing from NAME any more'],
  [['mute', 'unmute'], 'show NAME only while their chat is open'],
  [['outbox'], 'what is not sent yet, and why'],
  [['retry', 'cancel'], 'for a message of /outbox'],
  [['me'], 'say what you do'],
  [['address', 'status'], 'how others reach you; the connection'],
  [['help'], 'more about one command'],
  [['quit'], 'end; also Ctrl-D, or Ctrl-C twice'],
];

/** Words of commands that will exist: they are never sent as text, and the answer says why. */
export const laterCommands: ReadonlySet<string> = new Set([
  ...['reply', 'react', 'r', 'edit', 'e', 'delete', 'd', 'file', 'f', 'save', 'group', 'g', 'add', 'invite'],
  ...['members', 'ms', 'leave', 'l', 'code', 'disappear', 'export'],
]);

export function findCommand(word: string): CommandName | undefined {
  const name = word.toLowerCase();
  return commandNames.find((known) => known === name || slashCommands[known].alias === name);
}
