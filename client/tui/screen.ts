/** Where the chat is seen and typed: a terminal that is drawn on, or plain lines. */

import type { SafeText } from '../cli/safe-text.ts';
import type { Row } from './view.ts';

export interface ScreenHandlers {
  line(text: string): void;
  /** A text of more lines, pasted into the line that was being typed. */
  paste(text: string): void;
  interrupt(lineWasEmpty: boolean): void;
  /** Ctrl-D on an empty line, or nothing more to read. */
  end(): void;
  /** Something that only the screen knows went wrong with what was typed. */
  refuse(why: SafeText): void;
  /** Whether the line disappears when it is entered, because it comes back as a message. */
  comesBack(text: string): boolean;
  /** Names that Tab completes. */
  names(): readonly string[];
}

export type ScreenKind =
  | 'drawn'
  /** What is typed stays visible by itself: own messages need not be shown again. */
  | 'plain-terminal'
  /** Nobody is there: lines are done as they come, and at their end everything has to go out. */
  | 'pipe';

export interface Screen {
  readonly kind: ScreenKind;
  start(handlers: ScreenHandlers): void;
  show(rows: readonly Row[]): void;
  /** Where the next line goes. */
  prompt(text: SafeText): void;
  /** Stops reading while too much waits to be done. */
  flow(open: boolean): void;
  /** Gives the terminal back as it was; nothing is read any more. */
  stop(): void;
}
