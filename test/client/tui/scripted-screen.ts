/** A screen without a terminal: what is shown is kept, what is typed is said. */

import type { SafeText } from '../../../client/cli/safe-text.ts';
import type { Screen, ScreenHandlers, ScreenKind } from '../../../client/tui/screen.ts';
import type { Row } from '../../../client/tui/view.ts';

/** Far more than anything takes; each turn lets what is under way go on. */
const TURNS_MAX = 2_000;

export class ScriptedScreen implements Screen {
  readonly kind: ScreenKind;
  readonly rows: string[] = [];
  readonly flows: boolean[] = [];
  promptText = '';
  stopped = false;
  #handlers: ScreenHandlers | undefined;

  constructor(kind: ScreenKind = 'drawn') {
    this.kind = kind;
  }

  get handlers(): ScreenHandlers {
    if (this.#handlers === undefined) throw new Error('the screen was not started');
    return this.#handlers;
  }

  start(handlers: ScreenHandlers): void {
    this.#handlers = handlers;
  }

  show(rows: readonly Row[]): void {
    this.rows.push(...rows.map(({ text }) => text));
  }

  prompt(text: SafeText): void {
    this.promptText = text;
  }

  flow(open: boolean): void {
    this.flows.push(open);
  }

  stop(): void {
    this.stopped = true;
  }

  text(): string {
    return this.rows.join('\n');
  }

  async until(what: string | (() => boolean)): Promise<void> {
    const isSo = (): boolean => (typeof what === 'string' ? this.text().includes(what) : what());
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      if (isSo()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`not seen: ${what}\n${this.text()}\n${this.promptText}`);
  }

  /** Types a line and waits for what it leads to. */
  async type(line: string, leadsTo: string | (() => boolean)): Promise<void> {
    this.handlers.line(line);
    await this.until(leadsTo);
  }
}
