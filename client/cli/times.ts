/** Times as people and scripts read them. */

import { UsageError } from '../../crypto/errors.ts';

export interface TimeStyle {
  readonly utc: boolean;
  /** Short, for eyes; otherwise ISO-8601 with the zone, for scripts. */
  readonly short: boolean;
}

const MINUTE_MS = 60_000;
/** Beyond it a time cannot be shown; a peer may claim any. */
const TIME_MAX_MS = 8_640_000_000_000_000;

export function formatTime(timeMs: number, style: TimeStyle): string {
  return style.short ? `${partsOf(timeMs, style.utc).time.slice(0, 5)}` : isoWithZone(timeMs, style.utc);
}

/** With the day, unless it is today. */
export function formatMoment(timeMs: number, nowMs: number, style: TimeStyle): string {
  if (!style.short) return isoWithZone(timeMs, style.utc);
  const { day, time } = partsOf(timeMs, style.utc);
  const clock = time.slice(0, 5);
  return day === partsOf(nowMs, style.utc).day ? clock : `${day} ${clock}`;
}

export function dayOf(timeMs: number, utc: boolean): string {
  return partsOf(timeMs, utc).day;
}

/** For JSON: always UTC. */
export function isoTime(timeMs: number): string {
  return new Date(bounded(timeMs)).toISOString();
}

/**
 * `2026-11-22`, `2026-11-22T18:30`, `2026-11-22 18:30:15`, with `Z` or `+01:00` at the end if wanted.
 * @returns milliseconds since 1970, or undefined for what is no time.
 */
export function parseTime(text: string, utc: boolean): number | undefined {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?(Z|[+-]\d{2}:\d{2})?$/i.exec(
      text.trim(),
    );
  const [, day, time = '00:00', zone = utc ? 'Z' : ''] = match ?? [];
  if (day === undefined) return undefined;
  const timeMs = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** @throws UsageError `usage` */
export function requireTime(text: string, what: string, utc: boolean): number {
  const timeMs = parseTime(text, utc);
  if (timeMs !== undefined) return timeMs;
  throw new UsageError('usage', `${what} is a time such as 2026-11-22 or 2026-11-22T18:30`);
}

function partsOf(timeMs: number, utc: boolean): { readonly day: string; readonly time: string } {
  const iso = new Date(bounded(timeMs) + (utc ? 0 : offsetMs(timeMs))).toISOString();
  const [day = '', time = ''] = iso.split('T');
  return { day, time: time.slice(0, 8) };
}

function isoWithZone(timeMs: number, utc: boolean): string {
  const { day, time } = partsOf(timeMs, utc);
  return `${day}T${time}${utc ? 'Z' : zoneOf(offsetMs(timeMs))}`;
}

function zoneOf(offset: number): string {
  const minutes = Math.abs(Math.round(offset / MINUTE_MS));
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function offsetMs(timeMs: number): number {
  return -new Date(bounded(timeMs)).getTimezoneOffset() * MINUTE_MS;
}

function bounded(timeMs: number): number {
  const limit = TIME_MAX_MS - 86_400_000;
  return Number.isFinite(timeMs) ? Math.min(Math.max(timeMs, -limit), limit) : 0;
}
