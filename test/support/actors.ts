/** Whom the tests of the built programs follow: a home, an account in it, and what its commands answer. */

import { join } from 'node:path';
import { expect } from 'chai';
import type { MessageView } from '../../client/core/queries.ts';
import { type ClientHome, type ClientProcess, jsonOf, type RunOptions } from './client-process.ts';

export interface Actor {
  readonly name: string;
  readonly home: ClientHome;
  /** The result of a command that must succeed. */
  ok(args: readonly string[], options?: RunOptions): Promise<unknown>;
  /** The error of a command that must fail, whose code is the exit status. */
  fails(args: readonly string[], options?: RunOptions): Promise<CommandError>;
  send(to: string, text: string, ...flags: readonly string[]): Promise<Sent>;
  /** Everything said with somebody, oldest first. */
  history(who: string): Promise<readonly MessageView[]>;
  texts(who: string): Promise<readonly string[]>;
  /** Messages that no `receive` printed before. */
  receive(...flags: readonly string[]): Promise<readonly MessageView[]>;
  daemon(): Promise<ClientProcess>;
}

export interface CommandError {
  readonly status: number;
  readonly name: string;
  readonly message: string;
  readonly data: unknown;
  readonly stderr: string;
}

export interface Sent {
  readonly id: string;
  readonly state: string;
  readonly awaitingAcceptance: boolean;
}

export interface ActorOptions {
  /** File that holds the passphrase; without one a key file opens the account. */
  readonly passphraseFile?: string;
  /** Given with every command. */
  readonly flags?: readonly string[];
}

/** More than any test of these says. */
const EVERYTHING = '10000';

/** An account of this home, registered or not. */
export function actorOf(home: ClientHome, name: string, options: ActorOptions = {}): Actor {
  const { passphraseFile, flags = [] } = options;
  const unlock = passphraseFile === undefined ? [] : ['--passphrase-file', passphraseFile];
  const always = ['-a', name, '--json', ...unlock, ...flags];
  const ok: Actor['ok'] = async (args, runOptions) => {
    const result = await home.run([...args, ...always], runOptions);
    if (result.status !== 0) {
      throw new Error(
        `${args.join(' ')}: exit ${result.status ?? result.signal}\n${result.stdout}${result.stderr}`,
      );
    }
    const answer = jsonOf(result);
    expect(answer.ok).to.equal(true);
    return answer.result;
  };
  const history: Actor['history'] = async (who) =>
    (await ok(['history', who, '-n', EVERYTHING])) as readonly MessageView[];
  return {
    name,
    home,
    ok,
    async fails(args, runOptions) {
      const result = await home.run([...args, ...always], runOptions);
      const { ok: isOk, error } = jsonOf(result);
      if (isOk || error === undefined) throw new Error(`${args.join(' ')} succeeded: ${result.stdout}`);
      expect(error.code).to.equal(result.status);
      return {
        status: error.code,
        name: error.name,
        message: error.message,
        data: error.data,
        stderr: result.stderr,
      };
    },
    send: async (to, text, ...more) => (await ok(['send', to, '-m', text, ...more])) as Sent,
    history,
    async texts(who) {
      return (await history(who))
        .filter(({ kind }) => kind === 'text')
        .map(({ from, text }) => `${from}: ${text}`);
    },
    async receive(...more) {
      const { status, stdout, stderr } = await home.run(['receive', ...more, ...always]);
      if (status !== 0) throw new Error(`receive: exit ${status}\n${stdout}${stderr}`);
      return linesOf(stdout) as readonly MessageView[];
    },
    async daemon() {
      const daemon = await home.start(['daemon', ...always]);
      await daemon.printed((stdout) => stdout.includes('"ready"'));
      return daemon;
    },
  };
}

/** Asks nothing, and keeps the recovery words in the home. */
export async function registerActor(
  home: ClientHome,
  name: string,
  relayUri: string,
  options: ActorOptions = {},
): Promise<Actor> {
  const actor = actorOf(home, name, options);
  const { passphraseFile, flags = [] } = options;
  const unlock = passphraseFile === undefined ? ['--key-file'] : ['--passphrase-file', passphraseFile];
  const words = join(home.directory, `${name}.words`);
  const args = ['register', name, '-r', relayUri, '--recovery-file', words, '--json', ...unlock, ...flags];
  const result = await home.run(args);
  expect(result.status, result.stderr).to.equal(0);
  return actor;
}

/** `from` writes first, `to` accepts, and both know of it. */
export async function befriendActors(from: Actor, to: Actor): Promise<void> {
  await from.send(to.name, `hello ${to.name}`);
  await to.ok(['requests', 'accept', from.name]);
  await from.receive('-t', '0');
}

/** NDJSON. */
export function linesOf(stdout: string): readonly unknown[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
