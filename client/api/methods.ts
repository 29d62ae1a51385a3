/**
 * The methods of the local socket and what they take: every command and every query under its own type, and
 * a few of the connection itself. What arrives is checked; fields that mean nothing are dropped.
 */

import { UsageError } from '../../crypto/errors.ts';
import type { Command, CommandType } from '../core/commands.ts';
import type { Query, QueryType } from '../core/queries.ts';
import { WAIT_MAX_MS } from './limits.ts';

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, { readonly check: Check; readonly required: boolean }>>;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isNumber: Check = (value) => Number.isFinite(value);
const isTextOrNumber: Check = (value) => isText(value) || isNumber(value);
const isTrue: Check = (value) => value === true;
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.some((word) => word === value);

const required = (check: Check) => ({ check, required: true });
const optional = (check: Check) => ({ check, required: false });
const who: Fields = { who: required(isText) };
const none: Fields = {};

const commandFields: Readonly<Record<CommandType, Fields>> = {
  send: {
    to: required(isText),
    text: required(isText),
    id: optional(isText),
    promptReceipt: optional(isFlag),
    trustNewIdentities: optional(oneOf('on-first-use', 'always', 'never')),
  },
  'outbox.cancel': { id: required(isText) },
  'outbox.retry': { id: required(isText) },
  'requests.accept': who,
  'requests.reject': { ...who, block: optional(isFlag) },
  'contacts.add': { address: required(isText), name: optional(isText) },
  'contacts.rename': { ...who, name: required(isText) },
  'contacts.remove': who,
  block: who,
  unblock: who,
  mute: { ...who, muted: required(isFlag) },
  verify: { ...who, number: optional(isText), confirmed: optional(isTrue) },
  'verify.clear': who,
  trust: { ...who, key: optional(isText) },
  distrust: who,
  'address.rotate': none,
  'address.listed': { listed: required(isFlag) },
  settings: { acceptFrom: optional(oneOf('everyone', 'ask', 'nobody')) },
  read: who,
  'cursor.advance': { cursor: required(isText), position: required(isNumber) },
  'recovery.confirm': none,
  logout: none,
};

const queryFields: Readonly<Record<QueryType, Fields>> = {
  whoami: none,
  status: none,
  contacts: none,
  contact: who,
  requests: none,
  chats: { limit: optional(isNumber), unread: optional(isFlag) },
  history: {
    ...who,
    limit: optional(isNumber),
    before: optional(isTextOrNumber),
    since: optional(isNumber),
  },
  search: {
    text: required(isText),
    in: optional(isText),
    from: optional(isText),
    limit: optional(isNumber),
  },
  receive: { cursor: required(isText), limit: optional(isNumber) },
  message: { id: required(isText) },
  outbox: none,
  fingerprint: { who: optional(isText) },
  identities: { who: optional(isText) },
  address: none,
  'recovery.words': none,
};

/** Commands that may be repeated when nobody knows whether they were carried out. */
const repeatable: ReadonlySet<CommandType> = new Set([
  'block',
  'unblock',
  'mute',
  'verify',
  'verify.clear',
  'trust',
  'distrust',
  'address.listed',
  'settings',
  'read',
  'cursor.advance',
  'contacts.rename',
  'recovery.confirm',
]);

export type Call =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'wait'; readonly what: 'drain' | 'caughtUp'; readonly timeoutMs: number }
  | { readonly kind: 'subscribe' }
  | { readonly kind: 'stop' };

/**
 * @returns undefined for a method that nobody knows.
 * @throws UsageError `bad-params`
 */
export function parseCall(method: string, params: unknown): Call | undefined {
  if (Object.hasOwn(commandFields, method)) {
    const type = method as CommandType;
    return { kind: 'command', command: { type, ...pick(params, commandFields[type]) } as Command };
  }
  if (Object.hasOwn(queryFields, method)) {
    const type = method as QueryType;
    return { kind: 'query', query: { type, ...pick(params, queryFields[type]) } as Query };
  }
  switch (method) {
    case 'drain':
    case 'caughtUp': {
      const { timeoutMs } = pick(params, { timeoutMs: required(isNumber) });
      return { kind: 'wait', what: method, timeoutMs: Math.min(Math.max(Number(timeoutMs), 0), WAIT_MAX_MS) };
    }
    case 'events.subscribe':
      return { kind: 'subscribe' };
    case 'daemon.stop':
      return { kind: 'stop' };
    default:
      return undefined;
  }
}

export function isRepeatable(command: Command): boolean {
  return command.type === 'send' ? command.id !== undefined : repeatable.has(command.type);
}

function pick(params: unknown, fields: Fields): Record<string, unknown> {
  const given = typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {};
  const picked: Record<string, unknown> = {};
  for (const [name, { check, required: isRequired }] of Object.entries(fields)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && !isRequired) continue;
    if (!check(value)) throw new UsageError('bad-params', `the parameter ${name} is missing or wrong`);
    picked[name] = value;
  }
  return picked;
}
