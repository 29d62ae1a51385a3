/**
 * The relay's log: what the operator must know, never who talks to whom. There is no line per message, per
 * request or per connection; counts are asked for with `intechat-relay status`.
 */

import { type DestinationStream, pino } from 'pino';
import { ChatError } from '../../crypto/errors.ts';
import type { LogLevel } from './settings.ts';
import type { Voice } from './voice.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** A bug of ours or a broken machine. */
  error(event: string, error: unknown): void;
}

const FRAMES_MAX = 8;

/** JSON lines for a log collector. */
export function createJsonLog(level: LogLevel, destination: DestinationStream): Log {
  const logger = pino(
    { level, base: { program: 'intechat-relay' }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  return {
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, error) => logger.error(describeError(error), event),
  };
}

/** Words for a person at a terminal. */
export function createTerminalLog(level: LogLevel, voice: Voice): Log {
  const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
  const shows = (at: LogLevel): boolean => order.indexOf(at) >= order.indexOf(level);
  const line = (event: string, fields: LogFields = {}): string =>
    [event, ...Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`)].join(' ');
  return {
    info: (event, fields) => {
      if (shows('info')) voice.note(line(event, fields));
    },
    warn: (event, fields) => {
      if (shows('warn')) voice.warning(line(event, fields));
    },
    error: (event, error) => {
      if (shows('error')) voice.error(line(event, describeError(error)));
    },
  };
}

/** Writes at once: the last lines before a crash are the ones that matter. */
export function stderrDestination(): DestinationStream {
  return pino.destination({ dest: 2, sync: true });
}

/**
 * What may be logged of an error. The texts of our own errors hold nothing from outside; those of any other
 * error may quote the bytes that caused it, so only its name, code and place are kept.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, FRAMES_MAX)
    .map((line) => line.trim());
  const cause = error.cause instanceof Error ? error.cause.name : undefined;
  const code = (error as NodeJS.ErrnoException).code;
  return {
    error: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error instanceof ChatError ? { text: error.message } : {}),
    ...(cause === undefined ? {} : { cause }),
    frames,
  };
}
