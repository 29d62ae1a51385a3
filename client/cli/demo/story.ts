/** What the demo tells: two people meet at a relay that can read nothing. */

import { setTimeout as pause } from 'node:timers/promises';
import { ChatError } from '../../../crypto/errors.ts';
import type { MessageState } from '../../core/commands.ts';
import type { PositionedEvent } from '../../core/events.ts';
import type { AccountSurface } from '../../core/surface.ts';
import { numberRows } from '../message-words.ts';
import { layout, phrase, type SafeText, say } from '../safe-text.ts';
import { formatTime } from '../times.ts';
import type { Printer } from '../voice.ts';
import { BOB_SAYS } from './bob.ts';
import type { DemoChild, Said } from './child.ts';
import { Happenings, type Steps } from './steps.ts';

export interface StoryParams {
  readonly alice: AccountSurface;
  readonly bob: DemoChild;
  /** What the relay says about itself, asked by another program. */
  readonly inspect: () => Promise<Inspection>;
  readonly steps: Steps;
  readonly printer: Printer;
  readonly utc: boolean;
}

export interface Inspection {
  readonly accounts: number;
  readonly bundles: number;
  readonly messages: number;
  readonly readableBytes: number;
  readonly sample?: { readonly sizeBytes: number; readonly envelope: string };
}

export interface Told {
  readonly safetyNumber: string;
  readonly relay: Inspection;
}

const MESSAGE_COLUMNS = 58;
const HEX_ROWS = 2;
const HEX_PER_ROW = 56;
/** The relay forgets what was fetched a moment later. */
const INSPECT_TRIES = 10;
const INSPECT_PAUSE_MS = 100;

export async function tellStory(params: StoryParams): Promise<Told> {
  const { alice, bob, steps, printer } = params;
  const happenings = new Happenings(alice);
  const story = new Story(params, happenings);
  try {
    await story.aliceSays('hi bob, shall we try this?', 'sent', 'as a request');
    const accepted = await steps.wait(say`bob to accept the request of alice`, bob.until('accepted'));
    printer.line(say`               bob sees her request and accepts it`);
    await story.bobSays();
    await story.aliceSays('nobody in between can read this', 'delivered');
    bob.tell({ type: 'leave' });
    await steps.wait(say`bob to go offline`, bob.until('left'));
    printer.line(say`               bob goes offline`);
    const waiting = 'this one waits for you at the relay';
    await story.aliceSays(waiting, 'sent');
    const safetyNumber = await story.compareNumbers(String(accepted['number']));
    const relay = await story.showRelay(waiting);
    return { safetyNumber, relay };
  } finally {
    happenings.end();
  }
}

class Story {
  readonly #params: StoryParams;
  readonly #happenings: Happenings;

  constructor(params: StoryParams, happenings: Happenings) {
    this.#params = params;
    this.#happenings = happenings;
  }

  async aliceSays(text: string, state: MessageState, about?: string): Promise<void> {
    const { alice, steps } = this.#params;
    const what = say`the message of alice to be ${state}`;
    const sent = alice.execute({ type: 'send', to: 'bob', text, promptReceipt: true });
    const { id, state: first } = await steps.wait(what, sent);
    if (first !== state) {
      const reached = (event: PositionedEvent): event is PositionedEvent =>
        event.type === 'message.state' && event.id === id && event.state === state;
      await steps.wait(what, this.#happenings.until(reached));
    }
    const { sentMs } = await alice.query({ type: 'message', id });
    this.#line(sentMs, 'alice', text, about === undefined ? state : `${state} ${about}`);
  }

  async bobSays(): Promise<void> {
    const { bob, steps } = this.#params;
    const isIt = (event: PositionedEvent): event is Extract<PositionedEvent, { type: 'message' }> =>
      event.type === 'message' && event.message.direction === 'in' && event.message.text === BOB_SAYS;
    const { message } = await steps.wait(say`the message of bob`, this.#happenings.until(isIt));
    const { id } = await steps.wait(say`bob to have sent it`, bob.until('said'));
    const isDelivered = (said: Said): boolean => said['id'] === id && said['state'] === 'delivered';
    await steps.wait(say`the receipt for the message of bob`, bob.until('state', isDelivered));
    this.#line(message.sentMs, message.from, message.text, 'delivered');
  }

  /** @throws ChatError `demo-failed` when they differ. */
  async compareNumbers(numberOfBob: string): Promise<string> {
    const { alice, printer } = this.#params;
    const { number = '' } = await alice.query({ type: 'fingerprint', who: 'bob' });
    if (number === '' || number !== numberOfBob) {
      throw new ChatError('demo-failed', 'the safety numbers of alice and bob differ');
    }
    const [first = say``, ...others] = numberRows(number);
    printer.line(say``);
    printer.line(phrase`safety numbers match: ${first}`);
    for (const row of others) printer.line(phrase`                      ${row}`);
    return number;
  }

  async showRelay(plaintext: string): Promise<Inspection> {
    const { inspect, steps, printer } = this.#params;
    const relay = await steps.wait(say`the relay to say what it has`, inspectWith(inspect, 1));
    const { accounts, bundles, readableBytes, sample } = relay;
    if (sample === undefined) throw new ChatError('demo-failed', 'the relay holds no envelope');
    printer.line(
      say`what the relay has: ${accounts} accounts, ${bundles} key bundles, ${readableBytes} readable bytes`,
    );
    printer.line(say`  alice wrote:     ${plaintext}`);
    const rows = hexRows(sample.envelope);
    printer.line(say`  the relay holds: ${rows[0] ?? ''}`);
    for (const row of rows.slice(1)) printer.line(say`                   ${row}…`);
    return relay;
  }

  #line(sentMs: number, from: string, text: string, state: string): void {
    const { printer, utc } = this.#params;
    const head: SafeText = say`${formatTime(sentMs, { utc, short: true })} ${from}> ${text}`;
    printer.line(phrase`${layout(head, (line) => line.padEnd(MESSAGE_COLUMNS))} ${say`${state}`}`);
  }
}

/** Asks until the relay holds exactly so many messages, because others were fetched just now. */
async function inspectWith(inspect: () => Promise<Inspection>, messages: number): Promise<Inspection> {
  for (let tries = 1; ; tries++) {
    const inspection = await inspect();
    if (inspection.messages === messages || tries >= INSPECT_TRIES) return inspection;
    await pause(INSPECT_PAUSE_MS);
  }
}

function hexRows(hex: string): readonly string[] {
  return Array.from({ length: HEX_ROWS }, (_, row) => hex.slice(row * HEX_PER_ROW, (row + 1) * HEX_PER_ROW));
}
