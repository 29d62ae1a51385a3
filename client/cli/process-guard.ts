/** What must hold of the process itself before anything secret is in its memory. */

import { url as inspectorUrl } from 'node:inspector';
import { UsageError } from '../../crypto/errors.ts';

/**
 * No debugger, no diagnostic report: both show memory.
 * @throws UsageError `debugger-refused`
 */
export function guardProcess(): void {
  if (process.report !== undefined) {
    process.report.reportOnFatalError = false;
    process.report.reportOnSignal = false;
    process.report.reportOnUncaughtException = false;
  }
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  // The address also tells of a debugger that came by another way than these two.
  if (options.some((option) => /^-{1,2}(inspect|debug)\b/.test(option)) || inspectorUrl() !== undefined) {
    throw new UsageError('debugger-refused', 'a debugger could read the keys of this program', {
      hints: ['start it without --inspect, also in NODE_OPTIONS'],
    });
  }
}
