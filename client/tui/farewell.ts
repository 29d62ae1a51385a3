/** How the chat ends. */

import { ChatError, StoreError } from '../../crypto/errors.ts';
import { EXIT, type ExitCode } from '../cli/exit-codes.ts';
import { phrase, say } from '../cli/safe-text.ts';
import type { AccountSurface } from '../core/surface.ts';
import { type Item, note } from './item.ts';
import type { Screen } from './screen.ts';
import type { Effect } from './update.ts';

export type Ending = Extract<Effect, { kind: 'quit' }>['why'] | 'terminated';

export interface FarewellParams {
  readonly surface: AccountSurface;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  /** How long the end of a pipe waits for what is not sent yet. */
  readonly waitMs: number;
  readonly show: (item: Item) => void;
  /** Resolves when the user does not want to wait. */
  readonly hurry: Promise<void>;
}

/** At a terminal nobody wants to wait long at the end. */
const QUIT_DRAIN_MS = 3_000;

/** @throws StoreError `account-lost` */
export async function sayFarewell(why: Ending, params: FarewellParams): Promise<ExitCode> {
  const { screen, signal, show } = params;
  switch (why) {
    case 'interrupted':
      return EXIT.interrupted;
    case 'terminated': {
      const { reason } = signal;
      return reason instanceof ChatError && reason.code === 'interrupted'
        ? EXIT.interrupted
        : EXIT.terminated;
    }
    case 'account-lost':
      throw new StoreError('account-lost', 'the program that had this account open ended');
    default: {
      const waiting = await drain(params);
      if (waiting === 0) return EXIT.ok;
      const what =
        waiting === 1
          ? say`1 message waits here and goes out`
          : say`${waiting} messages wait here and go out`;
      show(note(phrase`${what} the next time, or with: intechat daemon`));
      return screen.kind === 'pipe' ? EXIT.queued : EXIT.ok;
    }
  }
}

/** Lets out what waits. @returns how many messages still do. */
async function drain({ surface, screen, waitMs, show, hurry }: FarewellParams): Promise<number> {
  const countWaiting = async (): Promise<number> =>
    (await surface.query({ type: 'outbox' })).filter(({ state }) => state === 'waiting').length;
  if ((await countWaiting()) === 0) return 0;
  const isPipe = screen.kind === 'pipe';
  if (!isPipe) show(note(say`sending what waits`));
  const timeoutMs = isPipe ? waitMs : Math.min(waitMs, QUIT_DRAIN_MS);
  await Promise.race([surface.drain(timeoutMs), hurry]);
  return countWaiting();
}
