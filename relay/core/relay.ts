/** The relay: everything between a binary message that came in and the records that go out. */

import { BugError } from '../../crypto/errors.ts';
import type { Relay, RelayOptions } from './ports.ts';

export function createRelay(_options: RelayOptions): Relay {
  throw new BugError('bug', 'the relay core is not built yet');
}
