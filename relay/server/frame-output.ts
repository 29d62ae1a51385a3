/** Gathers the records for one connection and packs them into as few frames as fit. */

import { BugError } from '../../crypto/errors.ts';
import type { OutgoingRecord } from '../core/ports.ts';
import { type EventRecord, Frame, type ResponseRecord } from '../protocol/frames.ts';
import { FRAME_MAX_BYTES, FRAME_MAX_RECORDS } from '../protocol/limits.ts';

/** Tags, lengths and integers around the body of a response or an event, at most. */
const RECORD_OVERHEAD_BYTES = 32;

export class FrameOutput {
  #records: OutgoingRecord[] = [];
  #bytes = 0;

  /** Bytes gathered and not yet taken. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** @throws BugError `bug` for a record that fits no frame. */
  push(record: OutgoingRecord): void {
    const size = sizeOf(record);
    if (size > FRAME_MAX_BYTES) throw new BugError('bug', `a record of ${size} bytes fits no frame`);
    this.#records.push(record);
    this.#bytes += size;
  }

  /** Everything gathered, in the order it came, each frame within the limits of the wire. */
  take(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    let responses: ResponseRecord[] = [];
    let events: EventRecord[] = [];
    let bytes = 0;
    const finish = (): void => {
      if (responses.length + events.length > 0)
        frames.push(Frame.encode({ requests: [], responses, events }));
      responses = [];
      events = [];
      bytes = 0;
    };
    for (const record of this.#records) {
      const size = sizeOf(record);
      const full = responses.length === FRAME_MAX_RECORDS || events.length === FRAME_MAX_RECORDS;
      if (full || bytes + size > FRAME_MAX_BYTES) finish();
      if ('response' in record) responses.push(record.response);
      else events.push(record.event);
      bytes += size;
    }
    finish();
    this.#records = [];
    this.#bytes = 0;
    return frames;
  }
}

function sizeOf(record: OutgoingRecord): number {
  const { body } = 'response' in record ? record.response : record.event;
  return body.length + RECORD_OVERHEAD_BYTES;
}

/** Flushes every connection that got a record in this turn of the event loop, once, at its end. */
export class FlushQueue {
  readonly #waiting = new Set<{ flush(): void }>();
  #scheduled = false;

  add(output: { flush(): void }): void {
    this.#waiting.add(output);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const outputs = [...this.#waiting];
      this.#waiting.clear();
      for (const output of outputs) output.flush();
    });
  }
}
