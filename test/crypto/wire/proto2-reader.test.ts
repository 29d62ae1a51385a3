import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import { Proto2Reader } from '../../../crypto/wire/proto2-reader.ts';
import { ProtobufWriter } from '../../../crypto/wire/protobuf.ts';
import { refusalOf } from '../../support/refusal.ts';

function reader(hex: string): Proto2Reader {
  return new Proto2Reader(fromHex(hex.replaceAll(' ', '')));
}

/** Reads the only field as a 32-bit number. */
function uint32(hex: string): number {
  const input = reader(hex);
  input.nextField();
  return input.uint32();
}

function skipAll(hex: string): number {
  const input = reader(hex);
  let fields = 0;
  for (let field = input.nextField(); field !== 0; field = input.nextField()) {
    input.skip(field);
    fields++;
  }
  return fields;
}

describe('the lenient protobuf reader', () => {
  it('reads what the writer writes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 536_870_911 }),
        fc.maxSafeNat(),
        fc.uint8Array({ maxLength: 300 }),
        (field, number, bytes) => {
          const encoded = new ProtobufWriter().varint(field, number).bytes(field, bytes).finish();
          const input = new Proto2Reader(encoded);
          expect(input.nextField()).to.equal(field);
          expect(input.uint53()).to.equal(number);
          expect(input.nextField()).to.equal(field);
          expect(toHex(input.bytes())).to.equal(toHex(bytes));
          expect(input.nextField()).to.equal(0);
        },
      ),
      { seed: 20_261 },
    );
  });

  it('keeps the low 32 bits of a longer number', () => {
    expect(uint32('08 ffffffff0f')).to.equal(0xffff_ffff);
    expect(uint32('08 8080808010')).to.equal(0);
    expect(uint32('08 8180808010')).to.equal(1);
    expect(uint32('08 ffffffffffffffffff01')).to.equal(0xffff_ffff);
    expect(uint32('08 8280808080808080 8001')).to.equal(2);
  });

  it('takes padded numbers of up to ten bytes, and not an eleventh', () => {
    expect(uint32('08 85808080808080808000')).to.equal(5);
    expect(refusalOf(() => uint32('08 8580808080808080808000'))).to.equal('invalid-message');
    expect(refusalOf(() => uint32('08 ffffffffffffffffff02'))).to.equal('invalid-message');
  });

  it('tells numbers above 2^53-1 from those that fit', () => {
    const read = (hex: string): number => {
      const input = reader(hex);
      input.nextField();
      return input.uint53();
    };
    expect(read('08 ffffffffffffff0f')).to.equal(Number.MAX_SAFE_INTEGER);
    expect(refusalOf(() => read('08 8080808080808010'))).to.equal('invalid-message');
  });

  it('skips every kind of field, groups included', () => {
    expect(skipAll('08 96ffff01')).to.equal(1);
    expect(skipAll('09 0102030405060708')).to.equal(1);
    expect(skipAll('0a 03 010203')).to.equal(1);
    expect(skipAll('0d 01020304')).to.equal(1);
    expect(skipAll('0b 1001 1a0101 0c')).to.equal(1);
    expect(skipAll('0b 13 2b 2c 14 0c 0801')).to.equal(2);
  });

  it('gives up on groups that are nested too deeply', () => {
    expect(skipAll('0b'.repeat(100) + '0c'.repeat(100))).to.equal(1);
    expect(refusalOf(() => skipAll('0b'.repeat(101) + '0c'.repeat(101)))).to.equal('invalid-message');
    expect(refusalOf(() => skipAll('0b'.repeat(100_000)))).to.equal('invalid-message');
  });

  const malformed: readonly (readonly [string, string])[] = [
    ['field number 0', '0001'],
    ['a field number beyond 29 bits', '8080808010 01'],
    ['wire type 6', '0e00'],
    ['wire type 7', '0f00'],
    ['a group end without its beginning', '0c'],
    ['a group that never ends', '0b0801'],
    ['a group that ends as another one', '0b14'],
    ['a number that is cut off', '0880'],
    ['a tag that is cut off', '80'],
    ['bytes that are cut off', '0a050102'],
    ['a length beyond 2^32', '0a 808080808001'],
    ['a fixed32 that is cut off', '0d010203'],
    ['a fixed64 that is cut off', '0901020304050607'],
  ];
  for (const [what, hex] of malformed) {
    it(`refuses ${what}`, () => {
      expect(refusalOf(() => skipAll(hex))).to.equal('invalid-message');
    });
  }

  it('refuses a field of another wire type than asked for', () => {
    for (const hex of ['0a0101', '0d01020304', '090102030405060708', '0b0c']) {
      expect(refusalOf(() => uint32(hex))).to.equal('invalid-message');
    }
    const input = reader('0801');
    input.nextField();
    expect(refusalOf(() => input.bytes())).to.equal('invalid-message');
  });

  it('reads within its bounds only', () => {
    const input = new Proto2Reader(fromHex('ff0801ff'), 1, 3);
    expect(input.nextField()).to.equal(1);
    expect(input.uint32()).to.equal(1);
    expect(input.nextField()).to.equal(0);
    const cut = new Proto2Reader(fromHex('0a020101'), 0, 3);
    cut.nextField();
    expect(refusalOf(() => cut.bytes())).to.equal('invalid-message');
  });
});
