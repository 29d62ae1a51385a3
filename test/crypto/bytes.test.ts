import { expect } from 'chai';
import fc from 'fast-check';
import {
  compareBytes,
  concatBytes,
  equalBytes,
  fromHex,
  fromUtf8,
  isZero,
  readUint32,
  toHex,
  uint32,
  uint64,
  utf8,
} from '../../crypto/bytes.ts';
import { refusalOf } from '../support/refusal.ts';

const anyBytes = fc.uint8Array({ maxLength: 40 });

describe('byte strings', () => {
  it('compare like Buffers, whatever their lengths', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).to.equal(Buffer.compare(a, b));
        expect(equalBytes(a, b)).to.equal(Buffer.compare(a, b) === 0);
      }),
    );
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).to.be.lessThan(0);
    expect(compareBytes(Uint8Array.of(0x80), Uint8Array.of(0x7f, 0xff))).to.be.greaterThan(0);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).to.equal(true);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).to.equal(false);
  });

  it('are joined into a copy', () => {
    const part = Uint8Array.of(1, 2);
    const joined = concatBytes(part, new Uint8Array(0), part);
    part.fill(9);
    expect(toHex(joined)).to.equal('01020102');
    expect(concatBytes()).to.have.lengthOf(0);
  });

  it('become hex and come back, also from capitals', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(toHex(bytes)).to.equal(Buffer.from(bytes).toString('hex'));
        expect(equalBytes(fromHex(toHex(bytes)), bytes)).to.equal(true);
        expect(equalBytes(fromHex(toHex(bytes).toUpperCase()), bytes)).to.equal(true);
      }),
    );
  });

  it('are not made from what is no hex', () => {
    for (const text of ['0', '012', '0g', ' 01', '01\n', '0x01', '٠١']) {
      expect(
        refusalOf(() => fromHex(text)),
        JSON.stringify(text),
      ).to.equal('bad-hex');
    }
  });

  it('become text only when they are well-formed UTF-8, and nothing is left out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const isWellFormed = !/\p{Surrogate}/u.test(text);
        if (isWellFormed) expect(fromUtf8(utf8(text))).to.equal(text);
      }),
    );
    expect(fromUtf8(utf8('\ufeffmark'))).to.equal('\ufeffmark');
    for (const bytes of ['ff', 'c080', 'eda080', 'f4908080', 'e282', '80']) {
      expect(
        refusalOf(() => fromUtf8(fromHex(bytes))),
        bytes,
      ).to.equal('bad-utf8');
    }
  });

  it('hold big-endian numbers', () => {
    expect(toHex(uint32(0x01020304))).to.equal('01020304');
    expect(toHex(uint64(0x01020304))).to.equal('0000000001020304');
    expect(toHex(uint64(2n ** 64n - 1n))).to.equal('ff'.repeat(8));
    expect(readUint32(fromHex('00ffffffff00').subarray(1), 0)).to.equal(0xffff_ffff);
  });

  it('are zero when every byte is', () => {
    expect(isZero(new Uint8Array(32))).to.equal(true);
    for (let i = 0; i < 32; i++) {
      const bytes = new Uint8Array(32);
      bytes[i] = 0x80;
      expect(isZero(bytes)).to.equal(false);
    }
  });
});
