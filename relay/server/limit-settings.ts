/** The core's limits as settings: `--limit mailbox-messages=500` or INTECHAT_RELAY_LIMIT_MAILBOX_MESSAGES=500. */

import { UsageError } from '../../crypto/errors.ts';
import { defaultLimits, type RelayLimits } from '../core/limits.ts';
import { nearest } from './nearest.ts';
import { ENV_PREFIX } from './settings.ts';

type LimitName = keyof RelayLimits;

const limitNames = Object.keys(defaultLimits) as LimitName[];
const keyByShownName = new Map(limitNames.map((name) => [shownName(name), name]));

/** `mailboxMessages` is shown and typed as `mailbox-messages`. */
export function shownName(limit: LimitName): string {
  return limit.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function limitVariables(): string[] {
  return limitNames.map(variableName);
}

export function describeLimits(): string[] {
  return limitNames.map((name) => `${shownName(name)}=${defaultLimits[name]}`);
}

/**
 * Flags over environment.
 * @throws UsageError `usage` for an unknown limit or a value that is no whole number.
 */
export function readLimits(flags: readonly string[], env: NodeJS.ProcessEnv): Partial<RelayLimits> {
  const limits: { -readonly [Name in LimitName]?: number } = {};
  for (const name of limitNames) {
    const text = env[variableName(name)];
    if (text !== undefined) limits[name] = wholeNumber(text, variableName(name));
  }
  for (const flag of flags) {
    const at = flag.indexOf('=');
    const shown = at < 0 ? flag : flag.slice(0, at);
    const name = keyByShownName.get(shown);
    if (name === undefined) {
      const near = nearest(shown, [...keyByShownName.keys()]);
      throw new UsageError('usage', `there is no limit called ${shown}`, {
        hints: [near === undefined ? 'see the list: intechat-relay help limits' : `did you mean ${near}?`],
      });
    }
    limits[name] = wholeNumber(at < 0 ? '' : flag.slice(at + 1), `--limit ${shown}`);
  }
  return limits;
}

function variableName(limit: LimitName): string {
  return `${ENV_PREFIX}LIMIT_${shownName(limit).toUpperCase().replaceAll('-', '_')}`;
}

function wholeNumber(text: string, name: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1)) {
    throw new UsageError('usage', `${name} must be a whole number of at least 1, not ${text || 'nothing'}`);
  }
  return value;
}
