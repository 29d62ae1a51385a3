/**
 * What holds for every command. One table: the flag, its variable, its key in a configuration file. The order
 * is flags, environment, the file of `--config`, the user's file, the machine's file.
 */

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../crypto/errors.ts';
import type { TrustNewIdentities } from '../core/commands.ts';
import { type Flags, parseChoice, parseNumber } from './flags.ts';
import { nearest } from './nearest.ts';

export interface Settings {
  readonly account: string | undefined;
  readonly dataDirectory: string | undefined;
  readonly relay: string | undefined;
  readonly trustNewIdentities: TrustNewIdentities | undefined;
  readonly timeoutMs: number;
  /** Whether the time limit was asked for. */
  readonly timeoutGiven: boolean;
  readonly json: boolean;
  readonly utc: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly yes: boolean;
  readonly passphraseFile: string | undefined;
  readonly passphraseFd: number | undefined;
  /** The files that were looked for, in order of precedence. */
  readonly configFiles: readonly string[];
}

interface Source {
  readonly variable: string;
  readonly key: string;
  readonly what: string;
}

type Configurable = 'account' | 'data-dir' | 'output' | 'relay' | 'trust-new-identities' | 'timeout' | 'utc';

export const configurable: Readonly<Record<Configurable, Source>> = {
  account: { variable: 'INTECHAT_ACCOUNT', key: 'account', what: 'name of an account on this machine' },
  'data-dir': { variable: 'INTECHAT_DATA_DIR', key: 'dataDir', what: 'folder of the accounts' },
  output: { variable: 'INTECHAT_OUTPUT', key: 'output', what: 'plain or json' },
  relay: { variable: 'INTECHAT_RELAY', key: 'relay', what: 'ic:// address for register and login' },
  'trust-new-identities': {
    variable: 'INTECHAT_TRUST_NEW_IDENTITIES',
    key: 'trustNewIdentities',
    what: 'on-first-use, always or never',
  },
  timeout: { variable: 'INTECHAT_TIMEOUT', key: 'timeout', what: 'seconds to wait for the relay' },
  utc: { variable: 'INTECHAT_UTC', key: 'utc', what: 'true: times in UTC' },
};

const DEFAULT_TIMEOUT_SECONDS = 10;
/** A day; a longer wait is a daemon. */
const TIMEOUT_MAX_SECONDS = 86_400;
const FD_MAX = 1_023;
const CONFIG_MAX_BYTES = 65_536;
const TRUST_POLICIES = ['on-first-use', 'always', 'never'] as const;
const NAMES = Object.keys(configurable) as Configurable[];
const KEYS = NAMES.map((name) => configurable[name].key);

/**
 * @throws UsageError `usage` for a value that cannot be, `bad-config` for a file that cannot be read or holds
 * a key or value that means nothing.
 */
export function readSettings(flags: Flags, env: NodeJS.ProcessEnv): Settings {
  const configFiles = configPaths(flags, env);
  const files = configFiles.map((path, index) => readConfig(path, index === 0 && isNamed(flags, env)));
  const text = (name: Configurable): string | undefined => {
    const { variable, key } = configurable[name];
    const given = flags.text(name);
    if (given !== undefined) return given;
    const fromEnvironment = env[variable];
    if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
    return files.find((file) => file[key] !== undefined)?.[key];
  };
  const timeout = text('timeout');
  const trust = text('trust-new-identities');
  const output = parseChoice(text('output') ?? 'plain', '--output', ['plain', 'json']);
  return {
    account: text('account'),
    dataDirectory: text('data-dir'),
    relay: text('relay'),
    trustNewIdentities:
      trust === undefined ? undefined : parseChoice(trust, '--trust-new-identities', TRUST_POLICIES),
    timeoutMs: 1_000 * parseSeconds(timeout ?? String(DEFAULT_TIMEOUT_SECONDS)),
    timeoutGiven: timeout !== undefined,
    json: flags.flag('json') || output === 'json',
    utc: flags.flag('utc') || parseChoice(text('utc') ?? 'false', 'utc', ['true', 'false']) === 'true',
    quiet: flags.flag('quiet'),
    verbose: flags.flag('verbose'),
    yes: flags.flag('yes'),
    passphraseFile: flags.text('passphrase-file'),
    passphraseFd: flags.number('passphrase-fd', { min: 0, max: FD_MAX, integer: true }),
    configFiles,
  };
}

function parseSeconds(text: string): number {
  return parseNumber(text, '--timeout', { min: 0, max: TIMEOUT_MAX_SECONDS });
}

function isNamed(flags: Flags, env: NodeJS.ProcessEnv): boolean {
  return (flags.text('config') ?? env['INTECHAT_CONFIG'] ?? '') !== '';
}

function configPaths(flags: Flags, env: NodeJS.ProcessEnv): readonly string[] {
  const named = flags.text('config') ?? env['INTECHAT_CONFIG'];
  const xdg = env['XDG_CONFIG_HOME'];
  const home = xdg?.startsWith('/') ? xdg : join(env['HOME'] ?? homedir(), '.config');
  return [
    ...(named === undefined || named === '' ? [] : [named]),
    join(home, 'intechat', 'config.json'),
    '/etc/intechat/config.json',
  ];
}

function readConfig(path: string, mustExist: boolean): Readonly<Record<string, string>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!mustExist && (code === 'ENOENT' || code === 'ENOTDIR')) return {};
    throw badConfig(path, 'it cannot be read', cause);
  }
  if (Buffer.byteLength(text) > CONFIG_MAX_BYTES) throw badConfig(path, 'it is too large');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badConfig(path, 'it is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badConfig(path, 'it is not a JSON object');
  }
  const entries = Object.entries(value).map(([key, each]: [string, unknown]) => {
    if (!KEYS.includes(key)) throw unknownKey(path, key);
    if (!['string', 'number', 'boolean'].includes(typeof each)) throw badConfig(path, `${key} has no value`);
    return [key, String(each)];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function unknownKey(path: string, key: string): UsageError {
  const meant = nearest(key, KEYS);
  return new UsageError('bad-config', `${path} has a key that means nothing: ${key}`, {
    hints: [meant === undefined ? `known keys: ${KEYS.join(', ')}` : `did you mean ${meant}?`],
  });
}

function badConfig(path: string, why: string, cause?: unknown): UsageError {
  return new UsageError('bad-config', `the configuration ${path} cannot be used: ${why}`, { cause });
}
