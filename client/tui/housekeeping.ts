/**
 * What the chat does beside talking: it knows who is there, marks what was read, and remembers how far it
 * printed. Each of these is done again when it was asked for meanwhile, and never twice at once.
 */

import { ChatError } from '../../crypto/errors.ts';
import type { Printer } from '../cli/voice.ts';
import type { MessageView } from '../core/queries.ts';
import type { AccountSurface } from '../core/surface.ts';
import type { Person } from './model.ts';

export interface News {
  readonly messages: readonly MessageView[];
  /** Older ones that are not among them. */
  readonly left: number;
  readonly position: number;
}

/** The chat has a cursor of its own: what it showed, `receive` has not printed. */
export const CHAT_CURSOR = 'interactive-chat';
/** News of a long absence are shown from the end. */
const NEWS_MAX = 50;
const PAGE = 500;
/** Between a line that was printed and the note of it; a crash in between shows it again. */
const ADVANCE_AFTER_MS = 200;

export class Housekeeping {
  readonly #surface: AccountSurface;
  readonly #printer: Printer;
  readonly #refresh: Repeated;
  readonly #advance: Repeated;
  readonly #read: Repeated;
  readonly #unread = new Set<string>();
  #printed = 0;
  #advanced = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    { surface, printer }: { readonly surface: AccountSurface; readonly printer: Printer },
    onPeople: (people: readonly Person[]) => void,
    onBug: (error: unknown) => void,
  ) {
    this.#surface = surface;
    this.#printer = printer;
    this.#refresh = new Repeated(async () => onPeople(await this.#people()), onBug);
    this.#advance = new Repeated(() => this.#moveCursor(), onBug);
    this.#read = new Repeated(() => this.#markRead(), onBug);
  }

  /** Everything after the cursor, from `shown` on. */
  async readNews(shown: number): Promise<News> {
    const messages: MessageView[] = [];
    let left = 0;
    for (;;) {
      const page = await this.#surface.query({ type: 'receive', cursor: CHAT_CURSOR, limit: PAGE });
      const fresh = page.messages.filter(({ position }) => position > shown);
      messages.push(...fresh);
      left += Math.max(0, messages.length - NEWS_MAX);
      messages.splice(0, Math.max(0, messages.length - NEWS_MAX));
      if (page.messages.length < PAGE) return { messages, left, position: page.position };
      await this.#surface.execute({ type: 'cursor.advance', cursor: CHAT_CURSOR, position: page.position });
    }
  }

  refresh(): void {
    this.#refresh.again();
  }

  read(who: string): void {
    this.#unread.add(who);
    this.#read.again();
  }

  printed(position: number): void {
    if (position <= this.#printed) return;
    this.#printed = position;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#advance.again();
    }, ADVANCE_AFTER_MS);
  }

  /** Whatever was printed is noted, and nothing is under way any more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#advance.again();
    await Promise.all([this.#advance.idle(), this.#refresh.idle(), this.#read.idle()]);
  }

  async #people(): Promise<readonly Person[]> {
    const contacts = await this.#surface.query({ type: 'contacts' });
    const requests = await this.#surface.query({ type: 'requests' });
    return [
      ...contacts.map(({ name, account, state, trust, muted }) => ({ name, account, state, trust, muted })),
      ...requests.map(({ name, account }): Person => {
        return { name, account, state: 'incoming', trust: 'unverified', muted: false };
      }),
    ];
  }

  async #markRead(): Promise<void> {
    const all = [...this.#unread];
    this.#unread.clear();
    for (const who of all) await this.#surface.execute({ type: 'read', who });
  }

  async #moveCursor(): Promise<void> {
    const position = this.#printed;
    if (position <= this.#advanced) return;
    await this.#printer.flushed();
    await this.#surface.execute({ type: 'cursor.advance', cursor: CHAT_CURSOR, position });
    this.#advanced = position;
  }
}

/** Something that is done once more when it was asked for while it was being done. */
class Repeated {
  readonly #work: () => Promise<void>;
  readonly #onBug: (error: unknown) => void;
  #running: Promise<void> | undefined;
  #wanted = false;

  constructor(work: () => Promise<void>, onBug: (error: unknown) => void) {
    this.#work = work;
    this.#onBug = onBug;
  }

  again(): void {
    this.#wanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#wanted) {
        this.#wanted = false;
        await this.#work();
      }
    } catch (error) {
      // Nothing the user asked for depends on it, and the next time does it.
      if (!(error instanceof ChatError)) this.#onBug(error);
    }
  }
}
