/** What `/help` says. */

import { type SafeText, say } from '../cli/safe-text.ts';
import { findCommand, overview, slashCommands } from './commands.ts';
import { error, type Item, lines } from './item.ts';

const USAGE_COLUMNS = 30;

/** Fits a screen of 24 rows and 80 columns together with the prompt. */
export function helpLines(): readonly SafeText[] {
  return [
    say`What you type goes to the chat that the prompt names. Commands:`,
    ...overview.map(([names, what]) => {
      const usages = names.map((name) => {
        const { usage, alias } = slashCommands[name];
        return alias === undefined ? usage : `${usage} (/${alias})`;
      });
      return say`  ${usages.join('  ').padEnd(USAGE_COLUMNS)} ${what}`;
    }),
    say`Text that begins with / or @: type the sign twice. Tab completes names.`,
  ];
}

export function helpAbout(topic: string): Item {
  const name = findCommand(topic.replace(/^\//, ''));
  if (name === undefined) return error(say`there is no help about ${topic}`, say`/help lists the commands`);
  const { usage, alias, help } = slashCommands[name];
  const also = alias === undefined ? '' : `   (also /${alias})`;
  return lines(say`${usage}${also}`, ...help.map((line) => say`  ${line}`));
}
