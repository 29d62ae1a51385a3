/** Results as JSON shows them: every time in milliseconds is joined by its ISO form. */

import { isoTime } from './times.ts';

/** Points in time; other fields in ms are spans. */
const TIMES: Readonly<Record<string, string>> = {
  sentMs: 'sentAt',
  receivedMs: 'receivedAt',
  queuedMs: 'queuedAt',
  addedMs: 'addedAt',
  sinceMs: 'sinceAt',
};

export function jsonView(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonView);
  if (typeof value !== 'object' || value === null) return value;
  const out: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value)) {
    out[name] = jsonView(each);
    const iso = TIMES[name];
    if (iso !== undefined && typeof each === 'number') out[iso] = isoTime(each);
  }
  return out;
}

export function jsonRecord(value: object): Readonly<Record<string, unknown>> {
  return jsonView(value) as Readonly<Record<string, unknown>>;
}
