/** The state of messages on their way, until it is what somebody waits for. */

import type { MessageState } from '../core/commands.ts';
import type { PositionedEvent } from '../core/events.ts';
import type { AccountSurface } from '../core/surface.ts';
import { HOPELESS } from './link-wait.ts';

export interface WatchedState {
  readonly state: MessageState;
  readonly reason: string | undefined;
}

type Look = () => void;

export class MessageWatch {
  readonly #account: AccountSurface;
  readonly #states = new Map<string, WatchedState>();
  readonly #unsubscribe: () => void;
  #looks = new Set<Look>();
  #hopeless: string | undefined;

  /** To be made before the messages are sent, so that no change is missed. */
  constructor(account: AccountSurface) {
    this.#account = account;
    this.#unsubscribe = account.subscribe((event) => this.#receive(event));
  }

  /** Why waiting is useless, if it is. */
  get hopeless(): string | undefined {
    return this.#hopeless;
  }

  /** @returns the state when `isDone` holds, when waiting has become useless, or after `timeoutMs`. */
  async until(
    id: string,
    first: WatchedState,
    isDone: (state: MessageState) => boolean,
    timeoutMs: number,
  ): Promise<WatchedState> {
    if (!this.#states.has(id)) this.#states.set(id, first);
    const current = (): WatchedState => this.#states.get(id) ?? first;
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        resolve(current());
      };
      const look = (): void => {
        if (isDone(current().state) || this.#hopeless !== undefined) finish();
      };
      const timer = setTimeout(finish, timeoutMs);
      this.#looks.add(look);
      look();
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  #receive(event: PositionedEvent): void {
    if (event.type === 'message.state') {
      this.#states.set(event.id, { state: event.state, reason: event.reason });
      this.#look();
    } else if (event.type === 'link') {
      if (event.state === 'signed-out') this.#hopeless = 'signed-out';
      else if (event.reason !== undefined && HOPELESS.has(event.reason)) this.#hopeless = event.reason;
      else void this.#ask();
      this.#look();
    }
  }

  #look(): void {
    for (const look of [...this.#looks]) look();
  }

  /** After a change of the link, or of the program that has the account open, events may be missing. */
  async #ask(): Promise<void> {
    for (const id of this.#states.keys()) {
      try {
        const { state, stateReason } = await this.#account.query({ type: 'message', id });
        if (state !== undefined) this.#states.set(id, { state, reason: stateReason });
      } catch {
        // A message that was taken back is no longer there; its last event said so.
      }
    }
    this.#look();
  }
}
