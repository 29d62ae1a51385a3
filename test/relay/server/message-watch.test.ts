import { expect } from 'chai';
import fc from 'fast-check';
import { MessageWatch } from '../../../relay/server/message-watch.ts';

interface FrameParts {
  readonly fin: boolean;
  readonly opcode: number;
  readonly length: number;
  readonly masked?: boolean;
}

const BINARY = 2;
const CONTINUATION = 0;
const PING = 9;

function frame({ fin, opcode, length, masked = true }: FrameParts): Uint8Array {
  const extended = length > 0xffff ? 8 : length > 125 ? 2 : 0;
  const header = new Uint8Array(2 + extended + (masked ? 4 : 0));
  const view = new DataView(header.buffer);
  header[0] = (fin ? 0x80 : 0) | opcode;
  header[1] = (masked ? 0x80 : 0) | (extended === 8 ? 127 : extended === 2 ? 126 : length);
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setBigUint64(2, BigInt(length));
  // Payload bytes that look like headers must not be taken for any.
  const payload = new Uint8Array(length).fill(0x82);
  return Buffer.concat([header, payload]);
}

function watchOf(...chunks: readonly Uint8Array[]): MessageWatch {
  const watch = new MessageWatch();
  for (const chunk of chunks) watch.push(chunk);
  return watch;
}

describe('message watch', () => {
  it('has nothing pending before the first byte and after a whole message', () => {
    expect(watchOf().pending).to.equal(false);
    const watch = watchOf(frame({ fin: true, opcode: BINARY, length: 300 }));
    expect(watch.pending).to.equal(false);
    expect(watch.completed).to.equal(1);
  });

  it('has one pending after each proper prefix of a message', () => {
    for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
      const bytes = frame({ fin: true, opcode: BINARY, length });
      for (const cut of [1, 2, 3, 6, 7, 8, 13, 14, bytes.length - 1]) {
        if (cut >= bytes.length) continue;
        expect(watchOf(bytes.subarray(0, cut)).pending, `${length} cut at ${cut}`).to.equal(true);
        expect(watchOf(bytes.subarray(0, cut), bytes.subarray(cut)).pending).to.equal(false);
      }
    }
  });

  it('keeps a fragmented message pending through whole fragments and pings', () => {
    const watch = watchOf(frame({ fin: false, opcode: BINARY, length: 3 }));
    expect(watch.pending).to.equal(true);
    watch.push(frame({ fin: true, opcode: PING, length: 2 }));
    watch.push(frame({ fin: false, opcode: CONTINUATION, length: 0 }));
    expect(watch.pending).to.equal(true);
    expect(watch.completed).to.equal(0);
    watch.push(frame({ fin: true, opcode: CONTINUATION, length: 3 }));
    expect(watch.pending).to.equal(false);
    expect(watch.completed).to.equal(1);
  });

  it('tells a second pending message from the first', () => {
    const message = frame({ fin: true, opcode: BINARY, length: 200 });
    const watch = watchOf(message.subarray(0, 10));
    expect(watch.completed).to.equal(0);
    watch.push(Buffer.concat([message.subarray(10), message.subarray(0, 10)]));
    expect(watch.pending).to.equal(true);
    expect(watch.completed).to.equal(1);
  });

  it('agrees with the frames that were sent, however the stream is cut', () => {
    const frames = fc.array(
      fc.record({
        fin: fc.boolean(),
        opcode: fc.constantFrom(CONTINUATION, BINARY),
        length: fc.oneof(fc.integer({ min: 0, max: 130 }), fc.integer({ min: 0, max: 70_000 })),
        masked: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 5_000 })), (parts, cuts) => {
        const stream = Buffer.concat(parts.map(frame));
        const watch = new MessageWatch();
        let at = 0;
        for (const cut of cuts) {
          watch.push(stream.subarray(at, at + cut));
          at += cut;
        }
        watch.push(stream.subarray(at));
        expect(watch.completed).to.equal(parts.filter(({ fin }) => fin).length);
        expect(watch.pending).to.equal(parts.at(-1)?.fin === false);
      }),
      { numRuns: 60 },
    );
  });
});
