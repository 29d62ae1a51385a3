import { createJsonLog, type Log } from '../../../relay/server/logging.ts';

/** The real log, its lines kept in memory. */
export function collectLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: createJsonLog('debug', { write: (line: string) => void lines.push(line) }), lines };
}
