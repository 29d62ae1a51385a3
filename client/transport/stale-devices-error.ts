import { RelayError } from '../../crypto/errors.ts';
import { relayErrors } from '../../relay/protocol/errors.ts';

/** The recipient's device list has changed; the answer brought the records that the sender lacks. */
export class StaleDevicesError extends RelayError {
  readonly records: readonly Uint8Array[];

  constructor(records: readonly Uint8Array[]) {
    const { text, retry } = relayErrors['stale-devices'];
    super('stale-devices', text, { retry });
    this.records = records;
  }
}
