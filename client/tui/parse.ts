/** A typed line as what the user wants. What looks like a command and is none is a mistake, never a message. */

import { nearest } from '../cli/nearest.ts';
import { say } from '../cli/safe-text.ts';
import { type Action, mistake } from './action.ts';
import { addressed } from './arguments.ts';
import { commandNames, findCommand, laterCommands, slashCommands } from './commands.ts';

export function parseLine(line: string): Action {
  const text = line.trimEnd();
  const start = text.trimStart();
  if (start === '') return { kind: 'nothing' };
  // Twice the sign is the sign itself.
  if (/^(?:\/\/|@@|##)/.test(start)) return { kind: 'say', text: start.slice(1) };
  if (start.startsWith('/')) return parseCommand(start.slice(1));
  if (/^@\S/.test(start)) return addressed(start, '@NAME TEXT');
  if (/^#\S/.test(start)) return groupsAreMissing(start);
  return { kind: 'say', text };
}

/** A message comes back as a line of its own; everything else stays on the screen as it was typed. */
export function isMessage(line: string): boolean {
  const { kind } = parseLine(line);
  return kind === 'say' || kind === 'act' || kind === 'message';
}

function parseCommand(rest: string): Action {
  const word = /^\S*/.exec(rest)?.[0] ?? '';
  const name = findCommand(word);
  if (name === undefined) return unknownCommand(word);
  const { parse, usage } = slashCommands[name];
  return parse(rest.slice(word.length), usage);
}

function unknownCommand(word: string): Action {
  if (laterCommands.has(word.toLowerCase())) {
    return mistake(say`/${word} does not work yet; nothing was sent`, say`/help lists what works`);
  }
  const aliases = commandNames.flatMap((name) => slashCommands[name].alias ?? []);
  const meant = word === '' ? undefined : nearest(word.toLowerCase(), [...commandNames, ...aliases]);
  const literal = 'a text that begins with / is typed with two of them';
  return mistake(
    say`there is no command /${word}; nothing was sent`,
    meant === undefined ? say`/help lists the commands; ${literal}` : say`did you mean /${meant}? ${literal}`,
  );
}

function groupsAreMissing(text: string): Action {
  const [name = ''] = text.split(/\s/, 1);
  return mistake(
    say`${name} looks like a group, and groups do not work yet; nothing was sent`,
    say`a text that begins with # is typed with two of them`,
  );
}
