/** The shape of a command's description: light enough that help loads nothing else. */

import type { CommandRun } from './call.ts';

export interface OptionSpec {
  /** A text takes exactly one word after it; a flag takes none. */
  readonly kind: 'text' | 'flag';
  readonly describe: string;
  readonly alias?: string;
  readonly choices?: readonly string[];
}

export interface PositionalSpec {
  readonly describe: string;
  readonly choices?: readonly string[];
  readonly many?: true;
}

export interface CommandSpec {
  /** As the parser wants it: `send <to..>`. */
  readonly usage: string;
  readonly describe: string;
  readonly positionals?: Readonly<Record<string, PositionalSpec>>;
  readonly options?: Readonly<Record<string, OptionSpec>>;
  /** Each one line that could be typed, without the program's name, and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** More to know, behind the options. */
  readonly notes?: readonly string[];
  /** Absent where only the sub-commands do something. */
  readonly load?: () => Promise<CommandRun>;
  readonly commands?: readonly CommandSpec[];
}

export function nameOf({ usage }: CommandSpec): string {
  return usage.split(' ', 1)[0] ?? usage;
}
