/** The commands that a document shows in its `console` fences, and what it shows below each. */

import type { Document } from './documents.ts';

export interface ConsoleStep {
  readonly command: string;
  readonly shown: readonly string[];
  /** From `# exit N` behind the command. */
  readonly exit: number;
  /** Whether the document has a relay at this point: `<!-- relay: up -->`. */
  readonly relay: boolean;
  readonly background: boolean;
}

const EXIT = / +# exit (\d+)$/;
const BACKGROUND = / &$/;

export function consoleStepsOf({ text }: Document): readonly ConsoleStep[] {
  const steps: { command: string; shown: string[]; exit: number; relay: boolean; background: boolean }[] = [];
  let relay = false;
  for (const [, state, fence] of text.matchAll(/<!-- relay: (up|down) -->|```console\n(.*?)```/gs)) {
    if (state !== undefined) relay = state === 'up';
    for (const line of (fence ?? '').split('\n').filter((each) => each !== '')) {
      if (!line.startsWith('$ ')) {
        steps.at(-1)?.shown.push(line);
        continue;
      }
      const exit = Number(EXIT.exec(line)?.[1] ?? 0);
      const command = line.slice(2).replace(EXIT, '').replace(BACKGROUND, '');
      steps.push({ command, shown: [], exit, relay, background: BACKGROUND.test(line) });
    }
  }
  return steps;
}

/** Which command of the program a line runs: the longest path whose words stand in it in order. */
export function commandPathOf(command: string, paths: readonly string[]): string | undefined {
  const words =
    command
      .split(/\bintechat\b/)
      .at(1)
      ?.trim()
      .split(/\s+/) ?? [];
  const first = words.findIndex((word, at) => !word.startsWith('-') && !takesValue(words[at - 1]));
  const rest = words.slice(Math.max(0, first)).join(' ');
  return [...paths].sort((a, b) => b.length - a.length).find((path) => `${rest} `.startsWith(`${path} `));
}

function takesValue(word: string | undefined): boolean {
  return (
    word !== undefined &&
    /^(-[adCor]|--(account|data-dir|config|output|relay|passphrase-(file|fd)))$/.test(word)
  );
}
