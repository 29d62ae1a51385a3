/**
 * The interactive chat at work: what is typed and what the account says go through the model one after the
 * other, and what the model wants is done here.
 */

import type { ExitCode } from '../cli/exit-codes.ts';
import { say } from '../cli/safe-text.ts';
import { dayOf } from '../cli/times.ts';
import type { Printer } from '../cli/voice.ts';
import type { PositionedEvent } from '../core/events.ts';
import type { AccountSurface } from '../core/surface.ts';
import { type Ending, sayFarewell } from './farewell.ts';
import { Housekeeping } from './housekeeping.ts';
import { error, type Item, note } from './item.ts';
import { type Model, newModel, promptOf, type Task } from './model.ts';
import { comesBack } from './on-line.ts';
import type { Screen, ScreenHandlers } from './screen.ts';
import { perform, type TaskContext } from './tasks.ts';
import { type Effect, type Input, update } from './update.ts';
import { render, type ViewState } from './view.ts';

export interface SessionParams {
  readonly surface: AccountSurface;
  readonly screen: Screen;
  readonly printer: Printer;
  readonly utc: boolean;
  readonly nowMs: () => number;
  readonly newMessageId: () => string;
  /** How long a pipe waits for its mail at the beginning and for what is not sent at the end. */
  readonly waitMs: number;
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Said first. */
  readonly greeting?: readonly Item[];
  /** Opened at the beginning, without its last lines. */
  readonly openFirst?: string;
}

/** Lines that wait to be done; a pipe is not read on meanwhile. */
const QUEUE_HIGH = 256;
const QUEUE_LOW = 64;
/** A relay that takes longer to hand over the mail does not keep the lines waiting. */
const MAIL_WAIT_MAX_MS = 5_000;
/** Ids of messages of this chat, to know its own events by. */
const SENT_MAX = 1_000;

type Finished = { readonly why: Ending } | { readonly error: unknown };

export class Session {
  readonly #params: SessionParams;
  readonly #context: TaskContext;
  readonly #housekeeping: Housekeeping;
  readonly #queue: Input[] = [];
  readonly #sent: string[] = [];
  #model: Model;
  #view: ViewState;
  /** Somebody takes lines from the queue; at first the beginning has to be over. */
  #busy = true;
  #paused = false;
  /** The prompt is shown from here on. */
  #ready = false;
  /** Events that came while older messages were being read; undefined: they are shown at once. */
  #held: PositionedEvent[] | undefined = [];
  #position = 0;
  #quit: Ending | undefined;
  readonly #hurried: Promise<void>;
  #hurry: () => void = () => {};
  #finish: (result: Finished) => void = () => {};

  constructor(params: SessionParams, me: string) {
    this.#params = params;
    const { surface, utc, nowMs } = params;
    this.#hurried = new Promise((resolve) => {
      this.#hurry = resolve;
    });
    this.#model = newModel(me);
    this.#view = { utc, day: dayOf(nowMs(), utc) };
    this.#housekeeping = new Housekeeping(
      params,
      (people) => this.#dispatch({ kind: 'people', people }),
      (bug) => this.#finish({ error: bug }),
    );
    this.#context = { surface, me, utc, nowMs, newMessageId: () => this.#newMessageId() };
  }

  async run(): Promise<ExitCode> {
    const { surface, screen, signal, greeting = [], openFirst } = this.#params;
    const finished = new Promise<Finished>((resolve) => {
      this.#finish = resolve;
    });
    const onAbort = (): void => this.#end('terminated');
    signal.addEventListener('abort', onAbort, { once: true });
    const unsubscribe = surface.subscribe((event) => this.#hear(event));
    screen.start(this.#handlers());
    try {
      if (signal.aborted) onAbort();
      this.#show(greeting);
      void this.#guard(async () => {
        await this.#begin();
        if (openFirst !== undefined) await this.#openQuietly(openFirst);
        await this.#work();
      });
      const result = await finished;
      if ('error' in result) throw result.error;
      return await sayFarewell(result.why, {
        ...this.#params,
        show: (item) => this.#show([item]),
        hurry: this.#hurried,
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
      unsubscribe();
      screen.stop();
      await this.#housekeeping.stop();
    }
  }

  /** Ctrl-C, as a key or as a signal. */
  interrupt(lineWasEmpty = true): void {
    if (this.#quit !== undefined) {
      this.#hurry();
      return;
    }
    this.#queue.length = 0;
    this.#dispatch({ kind: 'interrupt', nowMs: this.#params.nowMs(), lineWasEmpty });
  }

  #handlers(): ScreenHandlers {
    return {
      line: (text) => this.#enqueue({ kind: 'line', text }),
      paste: (text) => this.#enqueue({ kind: 'paste', text }),
      interrupt: (lineWasEmpty) => this.interrupt(lineWasEmpty),
      end: () => this.#enqueue({ kind: 'end' }),
      refuse: (why) => this.#show([error(why)]),
      comesBack: (text) => !this.#busy && comesBack(this.#model, text),
      names: () => this.#model.people.map(({ name }) => name),
    };
  }

  /** Says something that did not come from the account. */
  tell(item: Item): void {
    if (this.#quit === undefined) this.#show([item]);
  }

  async #openQuietly(who: string): Promise<void> {
    const task: Task = { kind: 'open', who };
    const outcome = await perform(this.#context, task);
    this.#dispatch({ kind: 'outcome', task, outcome: { ...outcome, items: [] } });
  }

  async #begin(): Promise<void> {
    const { surface, screen } = this.#params;
    // A line of a pipe may be about something that waits in the mailbox.
    if (screen.kind === 'pipe') await surface.caughtUp(Math.min(this.#params.waitMs, MAIL_WAIT_MAX_MS));
    const { link, linkReason, requests, recoveryConfirmed } = await surface.query({ type: 'status' });
    this.#housekeeping.refresh();
    await this.#catchUp();
    if (requests > 0)
      this.#show([note(say`${requests} ${requests === 1 ? 'request' : 'requests'}: /requests`)]);
    if (!recoveryConfirmed) {
      this.#show([note(say`the recovery words are not confirmed yet: intechat recovery show`)]);
    }
    // An attempt that has not failed yet is nothing to talk about.
    if (link === 'signed-out' || (link === 'offline' && linkReason !== undefined)) {
      const reason = linkReason === undefined ? {} : { reason: linkReason };
      this.#hear({ type: 'link', state: link, position: this.#position, ...reason });
    }
    this.#ready = true;
    this.#prompt();
  }

  /** Shows what came while nobody looked, then what was said meanwhile. */
  async #catchUp(): Promise<void> {
    this.#held ??= [];
    const { messages, left, position } = await this.#housekeeping.readNews(this.#position);
    if (left > 0) this.#show([note(say`${left} older new messages are not shown here: /chats`)]);
    for (const message of messages) {
      this.#dispatch({ kind: 'event', event: { type: 'message', message, position: message.position } });
    }
    this.#position = Math.max(this.#position, position);
    this.#housekeeping.printed(this.#position);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.#hear(event);
  }

  #hear(event: PositionedEvent): void {
    if (this.#held !== undefined) {
      this.#held.push(event);
      return;
    }
    if (event.type === 'message') {
      const { position, direction, id } = event.message;
      if (position <= this.#position) return;
      this.#position = position;
      this.#housekeeping.printed(position);
      if (this.#params.screen.kind === 'plain-terminal' && direction === 'out' && this.#sent.includes(id))
        return;
    }
    this.#dispatch({ kind: 'event', event });
  }

  #enqueue(input: Input): void {
    if (this.#quit !== undefined) return;
    this.#queue.push(input);
    if (this.#queue.length >= QUEUE_HIGH && !this.#paused) {
      this.#paused = true;
      this.#params.screen.flow(false);
    }
    if (!this.#busy) void this.#guard(() => this.#work());
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      for (;;) {
        const input = this.#queue.shift();
        if (input === undefined || this.#quit !== undefined) return;
        if (this.#paused && this.#queue.length <= QUEUE_LOW) {
          this.#paused = false;
          this.#params.screen.flow(true);
        }
        for (const task of this.#dispatch(input)) await this.#perform(task);
      }
    } finally {
      this.#busy = false;
    }
  }

  async #perform(task: Task): Promise<void> {
    const outcome = await perform(this.#context, task);
    this.#dispatch({ kind: 'outcome', task, outcome });
  }

  /** @returns what the line asked for, to be done before the next line; everything else is under way. */
  #dispatch(input: Input): readonly Task[] {
    const { model, items, effects } = update(this.#model, input);
    this.#model = model;
    this.#show(items);
    this.#prompt();
    const tasks: Task[] = [];
    for (const effect of effects) {
      if (effect.kind === 'perform' && (input.kind === 'line' || input.kind === 'paste')) {
        tasks.push(effect.task);
      } else this.#follow(effect);
    }
    return tasks;
  }

  #follow(effect: Effect): void {
    switch (effect.kind) {
      case 'perform':
        void this.#guard(() => this.#perform(effect.task));
        return;
      case 'read':
        this.#housekeeping.read(effect.who);
        return;
      case 'refresh':
        this.#housekeeping.refresh();
        return;
      case 'catch-up':
        void this.#guard(() => this.#catchUp());
        return;
      case 'quit':
        this.#end(effect.why);
        return;
    }
  }

  #prompt(): void {
    if (!this.#ready || this.#quit !== undefined) return;
    const { screen } = this.#params;
    // It is only there to keep a fast typist from taking the old chat for the new one.
    if (this.#model.opening !== undefined && screen.kind !== 'drawn') return;
    screen.prompt(promptOf(this.#model));
  }

  #show(items: readonly Item[]): void {
    const rows = items.flatMap((item) => {
      const shown = render(this.#view, item);
      this.#view = shown.state;
      return shown.rows;
    });
    this.#params.screen.show(rows);
  }

  #newMessageId(): string {
    const id = this.#params.newMessageId();
    this.#sent.push(id);
    if (this.#sent.length > SENT_MAX) this.#sent.shift();
    return id;
  }

  #end(why: Ending): void {
    this.#quit ??= why;
    this.#finish({ why: this.#quit });
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.#finish({ error: cause });
    }
  }
}
