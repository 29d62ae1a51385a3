/** What two programs tell each other before anything else. */

import { StoreError } from '../../crypto/errors.ts';
import { API_VERSION } from './limits.ts';

/** `command` ends by itself soon; the others stay, so nobody waits for them. */
export type Lifetime = 'command' | 'long';
export type OwnerRole = 'command' | 'chat' | 'daemon';

export interface ClientHello {
  readonly version: string;
  readonly api: number;
  readonly lifetime: Lifetime;
  /** Whether the client needs the relay. */
  readonly link: boolean;
}

export interface OwnerHello {
  readonly version: string;
  readonly api: number;
  readonly account: string;
  readonly role: OwnerRole;
  readonly pid: number;
}

export function parseClientHello(params: unknown): ClientHello {
  const { version, api, lifetime, link } = asRecord(params);
  return {
    version: typeof version === 'string' ? version : '',
    api: typeof api === 'number' ? api : 0,
    lifetime: lifetime === 'long' ? 'long' : 'command',
    link: link === true,
  };
}

/** @throws StoreError `api-mismatch` */
export function parseOwnerHello(value: unknown): OwnerHello {
  const { version, api, account, role, pid } = asRecord(value);
  if (typeof version !== 'string' || typeof api !== 'number' || typeof account !== 'string') {
    throw new StoreError('api-mismatch', 'what answers at the local socket is not this program');
  }
  return {
    version,
    api,
    account,
    role: role === 'daemon' || role === 'chat' ? role : 'command',
    pid: typeof pid === 'number' ? pid : 0,
  };
}

/**
 * A newer program never guesses what an older one would make of its requests.
 * @throws StoreError `daemon-too-old`, `program-too-old`
 */
export function checkVersions(own: string, owner: OwnerHello): void {
  if (isNewer(own, owner.version) || API_VERSION > owner.api) {
    const remedy =
      owner.role === 'daemon'
        ? 'end it with its own `intechat daemon stop` or a signal, then start the new one'
        : 'end it and start the new one';
    throw new StoreError(
      'daemon-too-old',
      `the account is open in version ${owner.version} (process ${owner.pid}), this is version ${own}`,
      { hints: [remedy] },
    );
  }
  if (owner.api > API_VERSION) {
    throw new StoreError(
      'program-too-old',
      `the account is open in version ${owner.version}, which this version ${own} does not understand`,
      { hints: ['use the newer program'] },
    );
  }
}

function isNewer(a: string, b: string): boolean {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let at = 0; at < 3; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function numbersOf(version: string): readonly number[] {
  return version
    .split(/[.+-]/)
    .slice(0, 3)
    .map(Number)
    .map((each) => (Number.isFinite(each) ? each : 0));
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
