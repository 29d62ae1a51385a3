/**
 * The other side of the demo, in a program of its own: registers bob, accepts alice, says something, and
 * later answers by himself until somebody takes his seat. It does what it is told on stdin and says on stdout
 * what happens. When the demo disappears without a word, it tidies up.
 */

import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { SharedAccount } from '../../api/shared-account.ts';
import type { PositionedEvent } from '../../core/events.ts';
import { registerAccount } from '../../engine/accounts.ts';
import type { Call } from '../call.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { openForCall, pathsOf } from '../open-account.ts';
import type { Said } from './child.ts';
import { isDemoPlace } from './place.ts';

/** Set by the demo for this program: the process of the relay. */
export const SEAT_VARIABLE = 'INTECHAT_DEMO_SEAT';
export const BOB_SAYS = 'hi alice! it works: I am another program';

const NAME = 'bob';
const ANSWER_AFTER_MS = 400;
const SEAT_POLL_MS = 250;
const DRAIN_MS = 3_000;
const WELCOME_BACK = 'back again. your message waited for me at the relay, which could not read it';
const ANSWERS = [
  'I am only a program, but what we say is encrypted for real: try /verify',
  'try /info and /help too, or take my seat in a second terminal',
] as const;

export async function runBob(call: Call): Promise<ExitCode> {
  const bob = new Bob(call);
  const lines = createInterface({ input: call.terminal.stdin });
  try {
    for await (const line of lines) {
      const told = JSON.parse(line) as Said;
      if (told.type === 'stop') return EXIT.ok;
      await call.interruption.race(bob.take(told));
    }
    // The demo is gone and could not end anything.
    await bob.leave({ drain: false });
    removeEverything(call);
    return EXIT.ok;
  } finally {
    lines.close();
    await bob.leave();
  }
}

class Bob {
  readonly #call: Call;
  #account: SharedAccount | undefined;
  #seatTimer: NodeJS.Timeout | undefined;
  #isTaken = false;
  #answersByHimself = false;
  #answered = 0;

  constructor(call: Call) {
    this.#call = call;
  }

  async take(told: Said): Promise<void> {
    switch (told.type) {
      case 'register':
        await this.#register(String(told['relay']));
        return;
      case 'leave':
        await this.leave();
        this.#say({ type: 'left' });
        return;
      case 'return':
        this.#answersByHimself = true;
        await this.#open();
        this.#say({ type: 'returned' });
        return;
    }
  }

  async leave({ drain } = { drain: true }): Promise<void> {
    clearInterval(this.#seatTimer);
    const account = this.#account;
    this.#account = undefined;
    if (account === undefined) return;
    if (drain && !this.#call.interruption.happened) await account.drain(DRAIN_MS).catch(() => false);
    await account.leave();
  }

  async #register(relayUri: string): Promise<void> {
    await registerAccount({ paths: pathsOf(this.#call), name: NAME, relayUri, unlock: { keyFile: true } });
    const account = await this.#open();
    await account.execute({ type: 'recovery.confirm' });
    this.#say({ type: 'registered' });
  }

  async #open(): Promise<SharedAccount> {
    const account = await openForCall(this.#call, {
      role: 'chat',
      lifetime: 'long',
      link: true,
      mustOwn: true,
    });
    this.#account = account;
    account.subscribe((event) => {
      this.#hear(account, event).catch((error: unknown) => this.#fail(account, error));
    });
    this.#seatTimer = setInterval(() => this.#lookAtSeat(account), SEAT_POLL_MS);
    return account;
  }

  /** What goes wrong while the account is being closed is of no interest. */
  #fail(account: SharedAccount, error: unknown): void {
    if (this.#account === account) this.#call.printer.failure(error, EXIT.bug);
  }

  async #hear(account: SharedAccount, event: PositionedEvent): Promise<void> {
    switch (event.type) {
      case 'request':
        await this.#accept(account, event.request.account);
        return;
      case 'message.state':
        this.#say({ type: 'state', id: event.id, state: event.state });
        return;
      case 'message':
        if (event.message.direction === 'in' && event.message.kind === 'text' && this.#answersByHimself) {
          await this.#answer(account, event.message.with);
        }
        return;
    }
  }

  async #accept(account: SharedAccount, who: string): Promise<void> {
    const { name } = await account.execute({ type: 'requests.accept', who });
    const { number } = await account.query({ type: 'fingerprint', who });
    this.#say({ type: 'accepted', name, number });
    const { id } = await account.execute({ type: 'send', to: who, text: BOB_SAYS, promptReceipt: true });
    this.#say({ type: 'said', id });
  }

  async #answer(account: SharedAccount, who: string): Promise<void> {
    await pause(ANSWER_AFTER_MS);
    if (this.#account !== account || account.connections > 0) return;
    const text =
      this.#answered === 0 ? WELCOME_BACK : (ANSWERS[(this.#answered - 1) % ANSWERS.length] ?? WELCOME_BACK);
    this.#answered++;
    await account.execute({ type: 'send', to: who, text, promptReceipt: true });
  }

  #lookAtSeat(account: SharedAccount): void {
    const isTaken = account.connections > 0;
    if (isTaken === this.#isTaken) return;
    this.#isTaken = isTaken;
    this.#say({ type: 'seat', taken: isTaken });
  }

  #say(said: Said): void {
    this.#call.printer.stream(said);
  }
}

function removeEverything({ env, settings }: Call): void {
  const relay = Number(env[SEAT_VARIABLE]);
  const place = dirname(settings.dataDirectory ?? '');
  // Whatever the variable was set for by hand: only what a demo makes is removed.
  if (!isDemoPlace(place)) return;
  try {
    if (relay > 1) process.kill(relay, 'SIGKILL');
  } catch {
    // It has ended already.
  }
  rmSync(place, { recursive: true, force: true, maxRetries: 3 });
}
