/** `status` and `inspect`: what a running relay says about itself over its admin socket. */

import { findAdminSocketPath } from './admin-path.ts';
import { type AdminRequest, askRelay } from './admin-socket.ts';
import { defaultDataDirectory, existingDataDirectory } from './data-directory.ts';
import { EXIT } from './exit-codes.ts';
import type { Voice } from './voice.ts';

export interface AdminParams {
  readonly request: AdminRequest;
  readonly dataDirectory: string | undefined;
  readonly json: boolean;
}

/** The longest label and two blanks. */
const LABEL_COLUMNS = 18;

export async function ask(params: AdminParams, voice: Voice, env: NodeJS.ProcessEnv): Promise<number> {
  const directory = await existingDataDirectory(params.dataDirectory ?? defaultDataDirectory(env));
  const result = await askRelay(await findAdminSocketPath(directory), params.request);
  if (params.json) voice.json({ ok: true, result });
  else for (const line of linesOf(result)) voice.result(line);
  return EXIT.ok;
}

/** `oneTimePreKeys: 3` becomes `one time pre keys  3`; lists become one indented line per entry. */
export function linesOf(result: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(result).flatMap(([name, value]) => {
    const label = labelOf(name);
    if (Array.isArray(value)) {
      return [label, ...value.map((entry) => `  ${inline(entry)}`)];
    }
    return [`${label.padEnd(LABEL_COLUMNS)}${inline(value)}`];
  });
}

function inline(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, part]) => `${labelOf(name)} ${inline(part)}`)
    .join(', ');
}

function labelOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
