/**
 * `demo`: a private conversation between real programs, in a throw-away directory. Whatever happens, nothing
 * of it is left: no process, no file.
 */

import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { SharedAccount } from '../api/shared-account.ts';
import { registerAccount } from '../engine/accounts.ts';
import type { Call } from './call.ts';
import { runBob, SEAT_VARIABLE } from './demo/bob.ts';
import { DemoChild } from './demo/child.ts';
import { DemoPlace } from './demo/place.ts';
import { Steps } from './demo/steps.ts';
import { type Inspection, tellStory } from './demo/story.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { openForCall, pathsOf } from './open-account.ts';
import { safe, say } from './safe-text.ts';

/** A relay that does not answer a question about itself. */
const INSPECT_MAX_MS = 5_000;

export async function runDemo(call: Call): Promise<ExitCode> {
  if (call.env[SEAT_VARIABLE] !== undefined) return runBob(call);
  const demo = new Demo(call);
  try {
    return await demo.run();
  } finally {
    await demo.end();
  }
}

class Demo {
  readonly #call: Call;
  readonly #place = new DemoPlace();
  readonly #env: NodeJS.ProcessEnv;
  readonly #steps: Steps;
  readonly #children: DemoChild[] = [];
  /** Also when somebody is impatient: this runs at the very end of the process. */
  readonly #abandon = (): void => {
    for (const child of this.#children) child.kill();
    this.#place.remove();
  };
  #alice: SharedAccount | undefined;

  constructor(call: Call) {
    this.#call = call;
    this.#env = this.#place.environment(call.env);
    this.#steps = new Steps(call);
    process.once('exit', this.#abandon);
  }

  async run(): Promise<ExitCode> {
    const { printer, settings, terminal } = this.#call;
    const { utc } = settings;
    printer.line(say`What follows is real: three programs, in a directory that is removed at the end.`);
    printer.line(say``);
    const relay = this.#startRelay();
    const bob = this.#startBob(relay);
    const { uri, port } = await this.#steps.wait(say`the relay to listen`, relay.until('listening'));
    printer.line(say`relay is up at 127.0.0.1:${String(port)}`);
    bob.tell({ type: 'register', relay: uri });
    const alice = await this.#registerAlice(String(uri));
    await this.#steps.wait(say`bob to register`, bob.until('registered'));
    printer.line(say`alice is registered by this program, bob by another one (process ${String(bob.pid)})`);
    printer.line(say``);
    const inspect = (): Promise<Inspection> => this.#inspect();
    const told = await tellStory({ alice, bob, inspect, steps: this.#steps, printer, utc });
    printer.result({ uri, ...told });
    if (!terminal.isInteractive || settings.json) return EXIT.ok;
    return this.#goOn(alice, bob);
  }

  /** Stops everything, removes the directory and says how to go on for real. */
  async end(): Promise<void> {
    const { printer } = this.#call;
    // Whoever sits on bob's seat must not find the directory and open the account again.
    this.#place.hide();
    await Promise.allSettled([this.#alice?.leave(), ...this.#children.map((child) => child.stop())]);
    this.#place.remove();
    process.off('exit', this.#abandon);
    if (this.#call.interruption.happened) return;
    printer.line(say``);
    printer.line(say`Nothing of the demo is left. For real:`);
    printer.line(say`  ${this.#command('intechat-relay')} up`);
    printer.line(say`  ${this.#command('intechat')} register alice`);
    printer.line(say`  ${this.#command('intechat')} send bob -m hello`);
  }

  async #goOn(alice: SharedAccount, bob: DemoChild): Promise<ExitCode> {
    const { printer, program } = this.#call;
    const { chat, CHAT_CURSOR } = await import('../tui/line-mode.ts');
    this.#place.writeSeatScript(program);
    printer.line(say``);
    printer.line(say`Now you are alice, and bob answers by himself. His seat, in a second terminal:`);
    printer.line(say`  sh ${this.#place.seatScript}`);
    printer.line(say`/help lists the commands; /quit ends the demo.`);
    await alice.execute({ type: 'cursor.advance', cursor: CHAT_CURSOR, position: Number.MAX_SAFE_INTEGER });
    bob.tell({ type: 'return' });
    return chat(this.#call, alice, {
      greeting: [],
      openFirst: 'bob',
      onStart: (tell) => {
        bob.on('seat', ({ taken }) => {
          tell(taken === true ? say`somebody sits on bob's seat now` : say`bob answers by himself again`);
        });
      },
    });
  }

  #startRelay(): DemoChild {
    return this.#start({
      name: 'the relay',
      program: 'intechat-relay.js',
      args: ['up', '--port', '0', '--data', this.#place.relayDirectory, '--json'],
    });
  }

  #startBob(relay: DemoChild): DemoChild {
    return this.#start({
      name: 'the program of bob',
      program: 'intechat.js',
      args: ['demo', '--json', '-a', 'bob', '-d', this.#place.dataDirectory('bob')],
      env: { [SEAT_VARIABLE]: String(relay.pid) },
    });
  }

  #start(params: {
    readonly name: string;
    readonly program: string;
    readonly args: readonly string[];
    readonly env?: NodeJS.ProcessEnv;
  }): DemoChild {
    const { name, program, args, env } = params;
    const child = new DemoChild({
      name,
      programUrl: new URL(program, this.#call.program.entryUrl),
      args,
      env: { ...this.#env, ...env },
    });
    this.#children.push(child);
    return child;
  }

  async #registerAlice(relayUri: string): Promise<SharedAccount> {
    const { settings } = this.#call;
    const dataDirectory = this.#place.dataDirectory('alice');
    const own: Call = {
      ...this.#call,
      env: this.#env,
      settings: { ...settings, account: 'alice', dataDirectory },
    };
    const registering = registerAccount({
      paths: pathsOf(own),
      name: 'alice',
      relayUri,
      unlock: { keyFile: true },
    });
    await this.#steps.wait(say`alice to register`, registering);
    const opening = openForCall(own, { role: 'chat', lifetime: 'long', link: true });
    this.#alice = await this.#steps.wait(say`the account of alice to open`, opening);
    await this.#alice.execute({ type: 'recovery.confirm' });
    return this.#alice;
  }

  async #inspect(): Promise<Inspection> {
    const program = fileURLToPath(new URL('intechat-relay.js', this.#call.program.entryUrl));
    const args = [program, 'inspect', '--json', '--data', this.#place.relayDirectory];
    const options = { env: this.#env, timeout: INSPECT_MAX_MS };
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    return (JSON.parse(stdout) as { readonly result: Inspection }).result;
  }

  /** How this program is started by hand: by its name when the shell finds it. */
  #command(name: string): string {
    const { env, program } = this.#call;
    const isInPath = (env['PATH'] ?? '').split(delimiter).some((folder) => isProgram(join(folder, name)));
    if (isInPath) return name;
    const path = fileURLToPath(new URL(`${name}.js`, program.entryUrl));
    const near = relative(process.cwd(), path);
    return `node ${safe(near.startsWith('..') ? path : near)}`;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
