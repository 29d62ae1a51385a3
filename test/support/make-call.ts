/** A command line call in this process, with streams that the test holds. */

import { PassThrough } from 'node:stream';
import type { Call } from '../../client/cli/call.ts';
import { Flags } from '../../client/cli/flags.ts';
import { Interruption } from '../../client/cli/interruption.ts';
import { readSettings } from '../../client/cli/settings.ts';
import { Terminal } from '../../client/cli/terminal.ts';
import { Printer } from '../../client/cli/voice.ts';

export interface TestCall {
  readonly call: Call;
  readonly stdin: PassThrough;
  stdout(): string;
  stderr(): string;
  /** Resolves when stdout holds what fits. */
  printed(what: string | RegExp): Promise<void>;
}

export interface CallParams {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env: NodeJS.ProcessEnv;
  readonly entryUrl?: string;
}

export function makeCall({ flags: values = {}, env, entryUrl = import.meta.url }: CallParams): TestCall {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const [read, readError] = [collect(stdout), collect(stderr)];
  const flags = new Flags(values);
  const settings = readSettings(flags, env);
  const printer = new Printer({ stdout, stderr, json: settings.json });
  const interruption = new Interruption();
  const terminal = new Terminal({
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    columns: 80,
    printer,
    interruption,
  });
  const program = { version: '0.0.0', entryUrl };
  return {
    call: { flags, settings, printer, terminal, env, program, interruption },
    stdin,
    stdout: read,
    stderr: readError,
    async printed(what) {
      const isSo = (): boolean => (typeof what === 'string' ? read().includes(what) : what.test(read()));
      while (!isSo()) await new Promise((resolve) => stdout.once('data', resolve));
    },
  };
}

function collect(stream: PassThrough): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return () => text;
}
