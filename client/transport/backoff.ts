/** Pauses between attempts: doubling, and spread, so that a relay that comes back is not stormed. */

export interface BackoffLimits {
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
}

/**
 * @param attempt Failures so far, from 0.
 * @param fraction A random number in [0, 1): the pause is spread over half to the whole of its base.
 */
export function backoffMs(attempt: number, fraction: number, limits: BackoffLimits): number {
  // 2^30 times any minimum is above any maximum, and the shift stays an integer.
  const doubled = limits.reconnectMinMs * 2 ** Math.min(attempt, 30);
  const base = Math.min(doubled, limits.reconnectMaxMs);
  return Math.round(base * (0.5 + fraction / 2));
}
