/** The values of one command line, read by type and with the mistakes said in our voice. */

import { UsageError } from '../../crypto/errors.ts';

export interface NumberBounds {
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}

export class Flags {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    if (Array.isArray(value)) throw new UsageError('usage', `${shown(name)} is given twice`);
    if (value === undefined || value === null || typeof value === 'boolean') return undefined;
    return String(value);
  }

  /** For what the parser has made sure of: positional words of a command. */
  word(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new UsageError('usage', `${name.toUpperCase()} is missing`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#values[name];
    return Array.isArray(value) ? value.includes(true) : value === true;
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];
  }

  /** @throws UsageError `usage` for what is no number within the bounds. */
  number(name: string, bounds: NumberBounds): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : parseNumber(text, shown(name), bounds);
  }

  choice<Word extends string>(name: string, choices: readonly Word[]): Word | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return parseChoice(text, shown(name), choices);
  }
}

export function parseNumber(text: string, what: string, { min, max, integer }: NumberBounds): number {
  const value = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value) || value < min || value > max || (integer === true && !Number.isInteger(value))) {
    const kind = integer === true ? 'a whole number' : 'a number';
    throw new UsageError('usage', `${what} is ${kind} from ${min} to ${max}`);
  }
  return value;
}

export function parseChoice<Word extends string>(text: string, what: string, choices: readonly Word[]): Word {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new UsageError('usage', `${what} is one of ${choices.join(', ')}`);
  return found;
}

function shown(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
