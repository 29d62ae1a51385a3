import { expect } from 'chai';
import fc from 'fast-check';
import { LineSplitter } from '../../../client/api/lines.ts';

describe('line splitter', () => {
  it('finds the same lines however the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 40 }), { minLength: 1 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
        const splitter = new LineSplitter(10_000);
        const found: string[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const end = Math.min(bytes.length, at + 1 + (cuts[turn % cuts.length] ?? 0));
          found.push(...(splitter.push(bytes.subarray(at, end)) ?? ['too long']));
          at = end;
        }
        expect(found).to.deep.equal(lines.map((each) => Buffer.from(each).toString()));
      }),
    );
  });

  it('takes a line of the allowed length and refuses one more byte', () => {
    expect(new LineSplitter(4).push(Buffer.from('abcd\n'))).to.deep.equal(['abcd']);
    expect(new LineSplitter(4).push(Buffer.from('abcde\n'))).to.equal(undefined);
    expect(new LineSplitter(4).push(Buffer.from('abcde'))).to.equal(undefined);
  });

  it('refuses a long line that comes in pieces, however many lines came before', () => {
    const splitter = new LineSplitter(4);
    expect(splitter.push(Buffer.from('abcd\nabcd\nab'))).to.deep.equal(['abcd', 'abcd']);
    expect(splitter.push(Buffer.from('cd'))).to.deep.equal([]);
    expect(splitter.push(Buffer.from('e'))).to.equal(undefined);
  });
});
