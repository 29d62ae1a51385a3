/** `register`: a new account. Every answer can be given by flag; on a terminal the missing ones are asked. */

import { ChatError, UsageError } from '../../crypto/errors.ts';
import type { Secret } from '../../crypto/secret.ts';
import {
  type Progress,
  type RegisteredAccount,
  registerAccount,
  rememberedRelay,
  type UnlockSource,
} from '../engine/accounts.ts';
import { parseUri } from '../wire/uri.ts';
import type { Call } from './call.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { pathsOf, withAccount } from './open-account.ts';
import { passphraseSource, readPassphrase } from './passphrase.ts';
import { printWords, WordsFile } from './recovery-words.ts';
import { say } from './safe-text.ts';

/** Where `intechat-relay up` listens unless it is told otherwise. */
const LOCAL_RELAY = 'ic://127.0.0.1:7443';
/** Slips of the finger at a question; after that the error stands. */
const TRIES = 3;
/** What another name would mend. */
const ABOUT_NAME = /^(?:username-|bad-name$|name-taken$|account-exists$)/;

const PROGRESS: Readonly<Record<Progress, string>> = {
  connecting: 'connecting to the relay',
  securing: 'making keys',
  registering: 'registering',
  'signing-in': 'signing in',
};

export async function register(call: Call): Promise<ExitCode> {
  await withNewAccount(call, async () => undefined);
  return EXIT.ok;
}

/** Registers, and hands the way into the account on before it is forgotten: nobody is asked twice. */
export async function withNewAccount<T>(
  call: Call,
  next: (name: string, unlock: UnlockSource) => Promise<T>,
): Promise<T> {
  const path = call.flags.text('recovery-file');
  const relay = await askRelay(call);
  const name = await askName(call);
  const file = path === undefined ? undefined : new WordsFile(path);
  try {
    const unlock = await askUnlock(call);
    using _passphrase = 'passphrase' in unlock ? unlock.passphrase : undefined;
    const registered = await registerOrAskAgain(call, { relay, name, unlock });
    await finish(call, registered, { file, unlock });
    return await next(registered.summary.name, unlock);
  } finally {
    file?.close();
  }
}

interface Answers {
  readonly relay: string | undefined;
  readonly name: string;
  readonly unlock: UnlockSource;
}

/** A name that cannot be had is asked again where it was asked for. */
async function registerOrAskAgain(call: Call, { relay, name, unlock }: Answers): Promise<RegisteredAccount> {
  const { flags, printer, interruption } = call;
  const wasAsked = flags.text('name') === undefined;
  let wanted = name;
  for (let tries = 1; ; tries++) {
    try {
      return await interruption.race(
        registerAccount({
          paths: pathsOf(call),
          name: wanted,
          relayUri: relay,
          invite: flags.text('invite'),
          unlock,
          onProgress: (progress) => printer.detail(say`${PROGRESS[progress]}`),
        }),
      );
    } catch (error) {
      const mayAsk = wasAsked && tries < TRIES && error instanceof ChatError && ABOUT_NAME.test(error.code);
      if (!mayAsk) throw error;
      printer.note(say`${error.message}; choose another one`);
      wanted = await askName(call);
    }
  }
}

async function askRelay(call: Call): Promise<string | undefined> {
  const { settings, terminal, printer } = call;
  if (settings.relay !== undefined) return settings.relay;
  const known = rememberedRelay(pathsOf(call));
  if (known !== undefined) return known;
  if (!terminal.canAsk) throw missing('the relay', '-r ic://FINGERPRINT@HOST:PORT');
  for (let tries = 1; ; tries++) {
    const answer = (await terminal.ask(say`relay, or invitation [${LOCAL_RELAY}]: `))?.trim() ?? '';
    if (answer === '') return LOCAL_RELAY;
    try {
      parseUri(answer);
      return answer;
    } catch (error) {
      if (!(error instanceof ChatError) || tries >= TRIES) throw error;
      printer.note(say`${error.message}; Enter alone takes the relay on this machine`);
    }
  }
}

async function askName({ flags, terminal }: Call): Promise<string> {
  const given = flags.text('name');
  if (given !== undefined) return given;
  if (!terminal.canAsk) throw missing('the name', 'intechat register NAME');
  const answer = (await terminal.ask(say`name: `))?.trim() ?? '';
  if (answer === '') throw missing('the name', 'intechat register NAME');
  return answer;
}

async function askUnlock(call: Call): Promise<UnlockSource> {
  const { flags, settings, env, terminal } = call;
  const source = passphraseSource(settings, env);
  if (flags.flag('key-file')) {
    if (source !== undefined) throw new UsageError('usage', 'a passphrase and --key-file exclude each other');
    return { keyFile: true };
  }
  if (source !== undefined) return { passphrase: readPassphrase(source) };
  if (!terminal.canAsk) throw missing('the passphrase', '--passphrase-file FILE, or --key-file for none');
  return askPassphrase(call);
}

/** Twice, because a slip would lock the account for ever; an empty answer chooses the key file. */
async function askPassphrase({ terminal, printer }: Call): Promise<UnlockSource> {
  printer.note(say`Enter alone: no passphrase; whoever can read your files can then open this account`);
  for (let tries = 1; ; tries++) {
    const passphrase = await terminal.askSecret(say`passphrase: `);
    if (passphrase.length === 0) return { keyFile: true };
    using again = await terminal.askSecret(say`the same again: `);
    if (isSame(passphrase, again)) return { passphrase };
    passphrase.wipe();
    if (tries >= TRIES) throw new UsageError('passphrase-differs', 'the two passphrases differ');
    printer.note(say`the two differ; try again`);
  }
}

function isSame(a: Secret<'Passphrase'>, b: Secret<'Passphrase'>): boolean {
  return Buffer.compare(a.expose(), b.expose()) === 0;
}

interface Given {
  readonly file: WordsFile | undefined;
  readonly unlock: UnlockSource;
}

async function finish(call: Call, registered: RegisteredAccount, { file, unlock }: Given): Promise<void> {
  const { flags, printer, settings, terminal } = call;
  const { summary, recoveryWords, relay, trustedOnFirstUse, resumed } = registered;
  const { name } = summary;
  const acceptFrom = flags.choice('accept-from', ['everyone', 'ask', 'nobody'] as const);
  file?.write(recoveryWords);
  if (file !== undefined || acceptFrom !== undefined) {
    const own: Call = { ...call, settings: { ...settings, account: name } };
    await withAccount(own, { link: false, unlock }, async (account) => {
      if (acceptFrom !== undefined) await account.execute({ type: 'settings', acceptFrom });
      if (file !== undefined) await account.execute({ type: 'recovery.confirm' });
    });
  }
  if (trustedOnFirstUse) printer.note(say`this relay was not known; from now on it is pinned as ${relay}`);
  printer.line(say`registered ${name} on ${relay}`);
  printer.result({ name, relay, trustedOnFirstUse, resumed, recoveryConfirmed: file !== undefined });
  if (file !== undefined) printer.line(say`the recovery words are in ${file.path}`);
  else if (terminal.stdoutIsTerminal && !settings.json) showWords(call, recoveryWords);
  else printer.hint(say`see the recovery words on a terminal: intechat -a ${name} recovery show`);
}

function showWords({ printer }: Call, words: readonly string[]): void {
  printWords(printer, words);
  printer.line(say`1. write the words down on paper, in this order`);
  printer.line(say`2. keep them apart from this machine; with them the account can be taken over`);
  printer.line(say`3. without them a lost machine is a lost account`);
  printer.line(say`4. then: intechat recovery confirm, and this machine forgets them`);
  printer.line(say`5. write to somebody: intechat send NAME -m hello`);
}

function missing(what: string, how: string): UsageError {
  return new UsageError('answer-missing', `${what} is missing, and there is no terminal to ask at`, {
    hints: [`give it with: ${how}`],
  });
}
