/** One table of settings: it makes the flags, the help, the environment variables and the checked configuration. */

import { UsageError } from '../../crypto/errors.ts';
import { nearest } from './nearest.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

interface Setting<T> {
  readonly describe: string;
  /** What the help shows as the default; the value itself is made by `read`. */
  readonly shown?: string;
  readonly flagOnly?: boolean;
  read(text: string | undefined, name: string): T;
}

export const ENV_PREFIX = 'INTECHAT_RELAY_';

export const settings = {
  host: {
    describe: 'address to listen on; only this machine (loopback) until TLS exists',
    shown: '127.0.0.1',
    read: (text) => text ?? '127.0.0.1',
  } satisfies Setting<string>,
  port: {
    describe: 'port to listen on; 0 takes a free one',
    shown: '7443',
    read: (text, name) => integer(text, name, { min: 0, max: 65_535, fallback: 7_443 }),
  } satisfies Setting<number>,
  'log-level': {
    describe: `${LOG_LEVELS.join(', ')}; on a terminal warn, else info`,
    read: (text, name) => (text === undefined ? undefined : oneOf(text, name, LOG_LEVELS)),
  } satisfies Setting<LogLevel | undefined>,
  'max-connections': {
    describe: 'open connections, all together',
    shown: '10000',
    read: (text, name) => integer(text, name, { min: 1, max: 1_000_000, fallback: 10_000 }),
  } satisfies Setting<number>,
  'max-connections-per-address': {
    describe: 'open connections of one address (IPv6: of one /64)',
    shown: '256',
    read: (text, name) => integer(text, name, { min: 1, max: 1_000_000, fallback: 256 }),
  } satisfies Setting<number>,
  'allowed-origins': {
    describe: 'web origins that may connect, separated by commas; none by default',
    read: (text, name) => origins(text, name),
  } satisfies Setting<readonly string[]>,
} as const;

export type SettingName = keyof typeof settings;
export type SettingTexts = { readonly [Name in SettingName]?: string | undefined };
export type SettingValues = { readonly [Name in SettingName]: ReturnType<(typeof settings)[Name]['read']> };

export function environmentName(setting: string): string {
  return ENV_PREFIX + setting.toUpperCase().replaceAll('-', '_');
}

/**
 * Flags over environment over defaults.
 * @throws UsageError `usage` naming the flag or variable whose value cannot be used.
 */
export function readSettings(flags: SettingTexts, env: NodeJS.ProcessEnv): SettingValues {
  const value = (name: SettingName): unknown => {
    const flag = flags[name];
    const variable = environmentName(name);
    return flag === undefined
      ? settings[name].read(env[variable], variable)
      : settings[name].read(flag, `--${name}`);
  };
  const names = Object.keys(settings) as SettingName[];
  return Object.fromEntries(names.map((name) => [name, value(name)])) as unknown as SettingValues;
}

/** Variables with our prefix that mean nothing: a misspelt limit must not pass for a set one. */
export function unknownVariables(env: NodeJS.ProcessEnv, alsoKnown: readonly string[] = []): string[] {
  const known = [...Object.keys(settings).map(environmentName), ...alsoKnown];
  return Object.keys(env)
    .filter((name) => name.startsWith(ENV_PREFIX) && !known.includes(name))
    .map((name) => {
      const near = nearest(name, known);
      return near === undefined ? name : `${name} (did you mean ${near}?)`;
    });
}

function integer(
  text: string | undefined,
  name: string,
  range: { readonly min: number; readonly max: number; readonly fallback: number },
): number {
  if (text === undefined) return range.fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.min && value <= range.max)) {
    throw new UsageError('usage', `${name} must be a number from ${range.min} to ${range.max}, not ${text}`);
  }
  return value;
}

function oneOf<T extends string>(text: string, name: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (found === undefined) {
    throw new UsageError('usage', `${name} must be one of ${values.join(', ')}, not ${text}`);
  }
  return found;
}

function origins(text: string | undefined, name: string): readonly string[] {
  if (text === undefined || text === '') return [];
  return text.split(',').map((part) => {
    const origin = part.trim();
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new UsageError('usage', `${name} must be origins like https://chat.example, not ${origin}`);
    }
    return origin;
  });
}
