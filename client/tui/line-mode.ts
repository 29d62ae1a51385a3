/** `intechat` without a command: the interactive chat, line by line. */

import { randomBytes } from 'node:crypto';
import type { Call } from '../cli/call.ts';
import type { ExitCode } from '../cli/exit-codes.ts';
import { personName } from '../cli/message-words.ts';
import { openForCall, pathsOf } from '../cli/open-account.ts';
import { phrase, type SafeText, say } from '../cli/safe-text.ts';
import type { AccountSurface } from '../core/surface.ts';
import { listAccounts, type UnlockSource } from '../engine/accounts.ts';
import { DrawnScreen } from './drawn-screen.ts';
import { CHAT_CURSOR } from './housekeeping.ts';
import { type Item, note } from './item.ts';

export { CHAT_CURSOR };

import { PlainScreen } from './plain-screen.ts';
import type { Screen } from './screen.ts';
import { Session } from './session.ts';

const MESSAGE_ID_BYTES = 16;

export async function runLineMode(call: Call): Promise<ExitCode> {
  if (!call.terminal.isInteractive || hasAccount(call)) return chatWithOpened(call);
  const { withNewAccount } = await import('../cli/register.ts');
  return withNewAccount(call, (name, unlock) =>
    chatWithOpened({ ...call, settings: { ...call.settings, account: name } }, unlock),
  );
}

async function chatWithOpened(call: Call, unlock?: UnlockSource): Promise<ExitCode> {
  const account = await openForCall(call, {
    role: 'chat',
    lifetime: 'long',
    link: true,
    ...(unlock === undefined ? {} : { unlock }),
  });
  // Who opened the account needs no passphrase any more, however long the chat lasts.
  if (account.isOwner && unlock !== undefined && 'passphrase' in unlock) unlock.passphrase.wipe();
  // What was asked for is answered: the keys are for the chat now.
  call.terminal.release();
  try {
    return await chat(call, account, {});
  } finally {
    await account.leave();
  }
}

export interface ChatOptions {
  /** Said first, instead of who one is. */
  readonly greeting?: readonly Item[];
  /** Opened at the beginning, without its last lines. */
  readonly openFirst?: string;
  /** Gets a way to say something in the chat. */
  readonly onStart?: (tell: (text: SafeText) => void) => void;
}

/** The chat with an account that is open already; the caller closes it. */
export async function chat(call: Call, surface: AccountSurface, options: ChatOptions): Promise<ExitCode> {
  const { settings, interruption } = call;
  const { name, relay } = await surface.query({ type: 'status' });
  const greeting = options.greeting ?? [
    note(phrase`${personName(name)} at ${say`${relay}`}; /help lists the commands, /quit ends`),
  ];
  const session = new Session(
    {
      surface,
      screen: screenFor(call),
      printer: call.printer,
      utc: settings.utc,
      nowMs: Date.now,
      newMessageId: () => randomBytes(MESSAGE_ID_BYTES).toString('hex'),
      waitMs: settings.timeoutMs,
      signal: interruption.signal,
      greeting,
      ...(options.openFirst === undefined ? {} : { openFirst: options.openFirst }),
    },
    name,
  );
  options.onStart?.((text) => session.tell(note(text)));
  const endDiverting = interruption.divert(() => session.interrupt());
  try {
    return await session.run();
  } finally {
    endDiverting();
  }
}

/** The first run begins with a registration. */
function hasAccount(call: Call): boolean {
  return call.settings.account !== undefined || listAccounts(pathsOf(call)).length > 0;
}

/** Drawing needs a terminal at both ends, and a user who can see it. */
function screenFor({ flags, terminal, printer, env }: Call): Screen {
  const { stdin } = terminal;
  const isDumb = env['TERM'] === undefined || env['TERM'] === 'dumb';
  if (!terminal.isInteractive || isDumb || flags.flag('plain')) return new PlainScreen({ printer, stdin });
  return new DrawnScreen({
    stdin,
    printer,
    color: (env['NO_COLOR'] ?? '') === '' && !flags.flag('no-color'),
  });
}
