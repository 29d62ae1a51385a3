/** One step outside an engine: while an account is being registered or signed in, nobody else uses it. */

import { step } from '../core/account.ts';
import type { Input } from '../core/input.ts';
import { Overlay } from '../store/overlay.ts';
import type { Store } from '../store/store.ts';
import type { Host } from './host.ts';

/** Commits what the step writes. Its effects are dropped: what must happen is derivable from rows. */
export async function takeStep(
  store: Store,
  { random, clock }: Pick<Host, 'random' | 'clock'>,
  input: Input,
): Promise<void> {
  const overlay = new Overlay(store);
  const { writes, spent } = step(overlay, input, { nowMs: clock.nowMs(), random });
  overlay.add(writes);
  await store.commit(overlay.writes());
  for (const secret of spent) secret.wipe();
}
