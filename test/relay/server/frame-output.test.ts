import { expect } from 'chai';
import fc from 'fast-check';
import type { OutgoingRecord } from '../../../relay/core/ports.ts';
import { Frame } from '../../../relay/protocol/frames.ts';
import { FRAME_MAX_BYTES, FRAME_MAX_RECORDS } from '../../../relay/protocol/limits.ts';
import { FlushQueue, FrameOutput } from '../../../relay/server/frame-output.ts';
import { refusalOf } from '../../support/refusal.ts';

const response = (id: number, size: number): OutgoingRecord => ({
  response: { id, status: 0xffff_ffff, body: new Uint8Array(size), retryAfterMs: 0xffff_ffff },
});
const event = (size: number): OutgoingRecord => ({
  event: { type: 0xffff_ffff, body: new Uint8Array(size) },
});

function framesOf(records: readonly OutgoingRecord[]): Uint8Array[] {
  const output = new FrameOutput();
  for (const record of records) output.push(record);
  return output.take();
}

describe('frame output', () => {
  it('packs what came in one turn into one frame', () => {
    const frames = framesOf([response(1, 10), event(5), response(2, 10)]);
    expect(frames).to.have.length(1);
    const frame = Frame.decode(frames[0] ?? new Uint8Array());
    expect(frame.responses.map(({ id }) => id)).to.deep.equal([1, 2]);
    expect(frame.events).to.have.length(1);
  });

  it('gives no frame when nothing came, and each record once', () => {
    const output = new FrameOutput();
    expect(output.take()).to.deep.equal([]);
    output.push(event(3));
    expect(output.take()).to.have.length(1);
    expect(output.take()).to.deep.equal([]);
    expect(output.pendingBytes).to.equal(0);
  });

  it('opens another frame when the records of one kind are too many', () => {
    const frames = framesOf(Array.from({ length: FRAME_MAX_RECORDS + 1 }, (_, id) => response(id, 0)));
    expect(frames.map((frame) => Frame.decode(frame).responses.length)).to.deep.equal([FRAME_MAX_RECORDS, 1]);
  });

  it('keeps every frame within the limits of the wire, in the order the records came', () => {
    const record = fc.oneof(
      fc.tuple(fc.constant('response' as const), fc.integer({ min: 0, max: FRAME_MAX_BYTES - 32 })),
      fc.tuple(fc.constant('event' as const), fc.integer({ min: 0, max: 98_304 })),
    );
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), (kinds) => {
        const records = kinds.map(([kind, size], id) =>
          kind === 'event' ? event(size) : response(id, size),
        );
        const frames = framesOf(records);
        for (const frame of frames) expect(frame.length).to.be.at.most(FRAME_MAX_BYTES);
        const decoded = frames.map((frame) => Frame.decode(frame));
        const ids = decoded.flatMap(({ responses }) => responses.map(({ id }) => id));
        const expected = kinds.flatMap(([kind], id) => (kind === 'response' ? [id] : []));
        expect(ids).to.deep.equal(expected);
        const sizes = decoded.flatMap(({ events }) => events.map(({ body }) => body.length));
        expect(sizes).to.deep.equal(kinds.flatMap(([kind, size]) => (kind === 'event' ? [size] : [])));
      }),
      { numRuns: 40 },
    );
  });

  it('refuses a record that fits no frame', () => {
    expect(refusalOf(() => new FrameOutput().push(response(1, FRAME_MAX_BYTES)))).to.equal('bug');
  });
});

describe('flush queue', () => {
  it('flushes each output once per turn, after everything of the turn', async () => {
    const queue = new FlushQueue();
    const flushed: string[] = [];
    const first = { flush: () => flushed.push('first') };
    const second = { flush: () => flushed.push('second') };
    queue.add(first);
    queue.add(second);
    queue.add(first);
    await Promise.resolve();
    expect(flushed).to.deep.equal([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(flushed).to.deep.equal(['first', 'second']);
    queue.add(first);
    await new Promise((resolve) => setImmediate(resolve));
    expect(flushed).to.deep.equal(['first', 'second', 'first']);
  });
});
