/** How what stands behind a command's name is read. */

import { say } from '../cli/safe-text.ts';
import { type Action, type ListAction, mistake, type PersonAction } from './action.ts';

/** Reads the rest of the line; `usage` is said when it cannot be read. */
export type ArgumentParser = (argument: string, usage: string) => Action;

export const TAIL_DEFAULT = 20;
export const TAIL_MAX = 1_000;

export function alone(kind: ListAction | 'quit'): ArgumentParser {
  return (argument, usage) =>
    argument.trim() === '' ? { kind } : mistake(say`nothing may follow this command`, say`${usage}`);
}

export function person(kind: PersonAction): ArgumentParser {
  return (argument) => ({ kind, who: argument.trim() === '' ? undefined : nameIn(argument) });
}

/** Like `person`, but nobody is meant when nobody is named. */
export function namedPerson(kind: PersonAction | 'open'): ArgumentParser {
  return (argument, usage) =>
    argument.trim() === '' ? mistake(say`a name is missing`, say`${usage}`) : { kind, who: nameIn(argument) };
}

export function text(kind: 'search' | 'act'): ArgumentParser {
  return (argument, usage) =>
    argument.trim() === '' ? mistake(say`a text is missing`, say`${usage}`) : { kind, text: argument.trim() };
}

export function messageId(kind: 'retry' | 'cancel'): ArgumentParser {
  return (argument, usage) => {
    const id = argument.trim();
    return /^[0-9a-f-]{4,36}$/i.test(id)
      ? { kind, id: id.toLowerCase().replaceAll('-', '') }
      : mistake(say`the id of a message is missing; /outbox shows them`, say`${usage}`);
  };
}

export const count: ArgumentParser = (argument, usage) => {
  const digits = argument.trim();
  if (digits === '') return { kind: 'tail', count: TAIL_DEFAULT };
  const number = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (number >= 1 && number <= TAIL_MAX) return { kind: 'tail', count: number };
  return mistake(say`this takes a number from 1 to ${TAIL_MAX}`, say`${usage}`);
};

/** A name, in quotes if it holds a space, then the text. */
export const addressed: ArgumentParser = (argument, usage) => {
  const found = /^(?:"([^"]+)"|(\S+))(?:\s+(.*))?$/s.exec(withoutSign(argument.trim()));
  const to = found?.[1] ?? found?.[2];
  if (to === undefined) return mistake(say`a name is missing`, say`${usage}`);
  const words = found?.[3] ?? '';
  if (words.trim() === '') return mistake(say`there is nothing to send to ${to}`, say`${usage}`);
  return { kind: 'message', to, text: words };
};

function nameIn(argument: string): string {
  const name = withoutSign(argument.trim());
  return /^"[^"]+"$/.test(name) ? name.slice(1, -1) : name;
}

/** `@bob` is bob wherever a name is expected. */
function withoutSign(name: string): string {
  return name.replace(/^@(?=\S)/, '');
}
