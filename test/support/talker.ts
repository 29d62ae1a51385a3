/** Somebody who talks without a pause through the local socket of a daemon, whatever happens to it meanwhile. */

import { setTimeout as pause } from 'node:timers/promises';
import { API_VERSION } from '../../client/api/limits.ts';
import { RemoteAccount } from '../../client/api/remote-account.ts';
import type { PositionedEvent } from '../../client/core/events.ts';
import { ChatError } from '../../crypto/errors.ts';
import type { Actor } from './actors.ts';
import type { ClientProcess } from './client-process.ts';
import { seededBytes } from './seeded-bytes.ts';

/** Texts that are handed over together; a kill leaves all of them in doubt. */
const WINDOW = 4;
/** Some forty texts a second at most: enough to have something under way at any moment. */
const PACE_MS = 25;
/** So many texts may wait for the relay before the talking pauses: a slow machine must catch up in the end. */
const BACKLOG_MAX = 32;
const VERSION = '0.0.0';

export interface Talker {
  readonly actor: Actor;
  /** Every text so far, in the order in which it was said. */
  readonly said: readonly string[];
  /** Texts that the sender was told are safe at the relay. */
  readonly acknowledged: ReadonlySet<string>;
  /** Kills the daemon and starts another one. */
  restart(signal: NodeJS.Signals): Promise<void>;
  /** Resolves when so many more texts have been acknowledged. */
  more(acknowledgements: number): Promise<void>;
  /** Resolves when the account has so many more texts, wherever they are. */
  moreSaid(texts: number): Promise<void>;
  /** Somebody looks whether the relay is back: pauses between two attempts end now. */
  nudge(): Promise<void>;
  /** Ends the talking; resolves when everything that was said is at the relay. */
  finish(timeoutMs: number): Promise<void>;
  /** Waits until everything that the relay has for this account is here. */
  caughtUp(timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** @param story Begins every text, so that one story is told apart from another of the same two. */
export async function startTalking(actor: Actor, to: string, story: string): Promise<Talker> {
  const talk = new DaemonTalker(actor, to, story);
  await talk.open();
  return talk;
}

class DaemonTalker implements Talker {
  readonly actor: Actor;
  readonly said: string[] = [];
  readonly acknowledged = new Set<string>();
  readonly #to: string;
  readonly #story: string;
  readonly #textOf = new Map<string, string>();
  #daemon: ClientProcess | undefined;
  #remote: Promise<RemoteAccount> | undefined;
  #watches: (() => void)[] = [];
  #stopped = false;
  /** So many texts are wanted, however many wait. */
  #wanted = 0;
  #talking: Promise<void> = Promise.resolve();

  constructor(actor: Actor, to: string, story: string) {
    this.actor = actor;
    this.#to = to;
    this.#story = story;
  }

  async open(): Promise<void> {
    this.#remote = this.#start();
    await this.#remote;
    this.#talking = this.#talk();
    // Whoever finishes the talking hears of a failure.
    this.#talking.catch(() => undefined);
  }

  async restart(signal: NodeJS.Signals): Promise<void> {
    const dead = this.#daemon;
    const ended = dead?.kill(signal);
    this.#remote = (async () => {
      await ended;
      return this.#start();
    })();
    await this.#remote;
  }

  async more(acknowledgements: number): Promise<void> {
    await this.#grown(() => this.acknowledged.size, acknowledgements);
  }

  async moreSaid(texts: number): Promise<void> {
    this.#wanted = this.said.length + texts;
    await this.#grown(() => this.said.length, texts);
  }

  async #grown(size: () => number, by: number): Promise<void> {
    const until = size() + by;
    while (size() < until) {
      await Promise.race([
        new Promise<void>((resolve) => this.#watches.push(resolve)),
        this.#talking.then(() => Promise.reject(new Error(`${this.actor.name} stopped talking`))),
      ]);
    }
  }

  async nudge(): Promise<void> {
    await (await this.#remote)?.drain(0);
  }

  async finish(timeoutMs: number): Promise<void> {
    this.#stopped = true;
    await this.#talking;
    const remote = await this.#remote;
    if ((await remote?.drain(timeoutMs)) === true) return;
    const { link, linkReason } = (await remote?.query({ type: 'status' })) ?? {};
    const outbox = (await remote?.query({ type: 'outbox' })) ?? [];
    const left = outbox.map(({ state, reason, text }) => `${text} (${state} ${reason ?? ''})`);
    throw new Error(`${this.actor.name} is ${link} ${linkReason ?? ''} and has left: ${left.join(', ')}`);
  }

  async caughtUp(timeoutMs: number): Promise<boolean> {
    return (await (await this.#remote)?.caughtUp(timeoutMs)) ?? false;
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await (await this.#remote)?.close();
    await this.#daemon?.kill('SIGTERM');
  }

  async #start(): Promise<RemoteAccount> {
    this.#daemon = await this.actor.daemon();
    const { path } = this.actor.home.socketOf(this.actor.name);
    const hello = { version: VERSION, api: API_VERSION, lifetime: 'long', link: true } as const;
    const remote = await RemoteAccount.connect(path, hello);
    if (remote === undefined) throw new Error(`the daemon of ${this.actor.name} does not answer`);
    remote.subscribe((event) => this.#hear(event));
    await this.#askAgain(remote);
    return remote;
  }

  #hear(event: PositionedEvent): void {
    if (event.type === 'message.state') this.#note(event.id, event.state);
  }

  #note(id: string, state: string): void {
    const text = this.#textOf.get(id);
    if (text === undefined || !['sent', 'delivered', 'read'].includes(state)) return;
    this.acknowledged.add(text);
    this.#notify();
  }

  #notify(): void {
    const watches = this.#watches;
    this.#watches = [];
    for (const wake of watches) wake();
  }

  /** Events of the time between two daemons are missing. */
  async #askAgain(remote: RemoteAccount): Promise<void> {
    for (const [id, text] of this.#textOf) {
      if (this.acknowledged.has(text)) continue;
      try {
        const { state } = await remote.query({ type: 'message', id });
        if (state !== undefined) this.#note(id, state);
      } catch (error) {
        // Killed before it was on the disk; it is said again.
        if (!(error instanceof ChatError) || error.code !== 'not-found') throw error;
      }
    }
  }

  async #talk(): Promise<void> {
    while (!this.#stopped) {
      await pause(PACE_MS * WINDOW);
      const first = this.said.length;
      if (first - this.acknowledged.size >= BACKLOG_MAX && first >= this.#wanted) continue;
      for (let at = first; at < first + WINDOW; at++)
        this.said.push(`${this.#story}: ${this.actor.name} ${at}`);
      await this.#sayAll(this.said.slice(first));
      this.#notify();
    }
  }

  /** Until the account has all of them, under ids of their own: what was said already is not said twice. */
  async #sayAll(texts: readonly string[]): Promise<void> {
    for (;;) {
      const remote = await this.#remote;
      try {
        await Promise.all(texts.map((text) => this.#say(remote, text)));
        return;
      } catch (error) {
        if (!(error instanceof ChatError) || error.code !== 'account-moved') throw error;
        // The next daemon is being started.
        if (this.#remote === undefined || (await this.#remote) === remote) await pause(PACE_MS);
      }
    }
  }

  async #say(remote: RemoteAccount | undefined, text: string): Promise<void> {
    if (remote === undefined) throw new Error('nobody listens');
    const id = Buffer.from(seededBytes(text, 16)).toString('hex');
    this.#textOf.set(id, text);
    const { state } = await remote.execute({ type: 'send', to: this.#to, text, id });
    this.#note(id, state);
  }
}
