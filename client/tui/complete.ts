/** What Tab makes of the text before the cursor. Pure. */

import { type CommandName, commandNames, findCommand, slashCommands } from './commands.ts';

export interface Completion {
  /** The text before the cursor from now on. */
  readonly before: string;
  /** What it could become, when that is not clear. */
  readonly candidates: readonly string[];
}

export function complete(before: string, names: readonly string[]): Completion {
  const start = /^\s*/.exec(before)?.[0] ?? '';
  const text = before.slice(start.length);
  const at = /^@(?!@)(.*)$/s.exec(text);
  if (at !== null && isOpenName(at[1] ?? '')) return completeName(`${start}@`, at[1] ?? '', names, true);
  if (!text.startsWith('/') || text.startsWith('//')) return unchanged(before);
  const space = text.search(/\s/);
  if (space === -1) return completeWord(`${start}/`, text.slice(1), commandNames);
  return completeArgument(`${start}${text.slice(0, space)} `, text.slice(space).trimStart(), names);
}

function completeArgument(head: string, argument: string, names: readonly string[]): Completion {
  const command = findCommand(head.trim().slice(1));
  if (command === 'help') return completeWord(head, argument.replace(/^\//, ''), commandNames);
  if (command === undefined || !takesName(command)) return unchanged(head + argument);
  const isFirstWord = command === 'msg';
  if (isFirstWord && !isOpenName(argument)) return unchanged(head + argument);
  return completeName(head, argument.replace(/^@/, ''), names, isFirstWord);
}

function takesName(command: CommandName): boolean {
  return slashCommands[command].usage.includes('NAME');
}

/** The name is still being typed: what comes next belongs to it. */
function isOpenName(text: string): boolean {
  return text.startsWith('"') ? !text.slice(1).includes('"') : !/\s/.test(text);
}

/** A name before a text is put in quotes when it holds a space. */
function completeName(
  head: string,
  typed: string,
  names: readonly string[],
  beforeText: boolean,
): Completion {
  const wanted = typed.replace(/^"/, '').toLowerCase();
  const found = names.filter((name) => name.toLowerCase().startsWith(wanted));
  const [only] = found;
  if (only === undefined) return unchanged(head + typed);
  const quoted = (name: string): string => (/\s/.test(name) ? `"${name}` : name);
  if (found.length === 1) {
    if (!beforeText) return { before: head + only, candidates: [] };
    return { before: `${head}${quoted(only)}${/\s/.test(only) ? '"' : ''} `, candidates: [] };
  }
  const shared = commonPrefix(found);
  const next = shared.length > wanted.length ? (beforeText ? quoted(shared) : shared) : typed;
  return { before: head + next, candidates: [...found].sort() };
}

function completeWord(head: string, typed: string, words: readonly string[]): Completion {
  const found = words.filter((word) => word.startsWith(typed.toLowerCase()));
  const [only] = found;
  if (only === undefined) return unchanged(head + typed);
  if (found.length === 1) return { before: `${head}${only} `, candidates: [] };
  return { before: head + commonPrefix(found), candidates: found };
}

/** Without regard to case, in the spelling of the first. */
function commonPrefix(words: readonly string[]): string {
  const [first = '', ...others] = words;
  let length = first.length;
  for (const word of others) {
    let same = 0;
    while (same < length && word[same]?.toLowerCase() === first[same]?.toLowerCase()) same++;
    length = same;
  }
  return first.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

function unchanged(before: string): Completion {
  return { before, candidates: [] };
}
