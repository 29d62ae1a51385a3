import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex, utf8 } from '../../../crypto/bytes.ts';
import { CodecError } from '../../../crypto/errors.ts';
import {
  fieldBytes,
  fieldInteger,
  fieldText,
  type ProtobufField,
  ProtobufReader,
  ProtobufWriter,
} from '../../../crypto/wire/protobuf.ts';
import { refusalOf } from '../../support/refusal.ts';

function readAll(hex: string): ProtobufField[] {
  const reader = new ProtobufReader(fromHex(hex.replaceAll(' ', '')));
  const fields: ProtobufField[] = [];
  for (let field = reader.next(); field !== undefined; field = reader.next()) fields.push(field);
  return fields;
}

function only(hex: string): ProtobufField {
  const [field] = readAll(hex);
  if (field === undefined) throw new Error('no field');
  return field;
}

describe('the protobuf writer', () => {
  it('writes what the reader reads, in the order of the calls', () => {
    const field = fc.integer({ min: 1, max: 536_870_911 });
    fc.assert(
      fc.property(field, fc.maxSafeNat(), fc.uint8Array({ maxLength: 400 }), (number, integer, bytes) => {
        const encoded = new ProtobufWriter(1).varint(number, integer).bytes(number, bytes).finish();
        const [first, second] = readAll(toHex(encoded)) as [ProtobufField, ProtobufField];
        expect([first.field, second.field]).to.deep.equal([number, number]);
        expect(fieldInteger(first, 'first')).to.equal(integer);
        expect(toHex(fieldBytes(second, 'second'))).to.equal(toHex(bytes));
        expect(first.offset).to.equal(0);
      }),
    );
  });

  it('writes zeros like any other value', () => {
    expect(
      toHex(new ProtobufWriter().varint(1, 0).bytes(2, new Uint8Array(0)).string(3, '').finish()),
    ).to.equal('080012001a00');
  });

  it('refuses numbers that it could not write truly', () => {
    for (const value of [-1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(
        refusalOf(() => new ProtobufWriter().varint(1, value)),
        String(value),
      ).to.equal('bad-integer');
    }
  });
});

describe('the protobuf reader', () => {
  it('gives fixed-width fields as their bytes', () => {
    expect(toHex(fieldBytes(only('09 0102030405060708'), 'wide'))).to.equal('0102030405060708');
    expect(toHex(fieldBytes(only('0d 01020304'), 'narrow'))).to.equal('01020304');
  });

  it('takes padded numbers of up to ten bytes, and up to 2^53-1', () => {
    expect(fieldInteger(only('08 85808080808080808000'), 'padded')).to.equal(5);
    expect(fieldInteger(only('08 ffffffffffffff0f'), 'greatest')).to.equal(Number.MAX_SAFE_INTEGER);
  });

  const malformed: readonly (readonly [string, string, string])[] = [
    ['a number of eleven bytes', '08 8580808080808080808000', 'bad-varint'],
    ['a number of 2^53', '08 8080808080808010', 'bad-integer'],
    ['a number of 64 bits', '08 ffffffffffffffffff01', 'bad-integer'],
    ['a number that is cut off', '08 80', 'truncated'],
    ['a tag that is cut off', '80', 'truncated'],
    ['bytes that are cut off', '0a 05 01020304', 'truncated'],
    ['a length that nothing could have', '0a ffffffffffffff0f', 'truncated'],
    ['a fixed64 that is cut off', '09 01020304050607', 'truncated'],
    ['a fixed32 that is cut off', '0d 010203', 'truncated'],
    ['field 0', '00 00', 'bad-field-number'],
    ['a field number above 2^29-1', '8080808010 00', 'bad-field-number'],
    ['the begin of a group', '0b', 'bad-wire-type'],
    ['the end of a group', '0c', 'bad-wire-type'],
    ['wire type 6', '0e', 'bad-wire-type'],
    ['wire type 7', '0f', 'bad-wire-type'],
  ];
  for (const [what, hex, code] of malformed) {
    it(`refuses ${what}`, () => {
      expect(refusalOf(() => readAll(hex))).to.equal(code);
    });
  }

  it('says where in the input the fault is', () => {
    try {
      readAll('0801 0b');
      expect.fail('accepted');
    } catch (error) {
      expect(error).to.be.instanceOf(CodecError);
      expect((error as CodecError).offset).to.equal(3);
    }
  });

  it('does not take one kind of value for another', () => {
    expect(refusalOf(() => fieldBytes(only('0801'), 'bytes'))).to.equal('bad-wire-type');
    expect(refusalOf(() => fieldInteger(only('0a0101'), 'integer'))).to.equal('bad-wire-type');
    expect(refusalOf(() => fieldText(only('0801'), 'text'))).to.equal('bad-wire-type');
    expect(refusalOf(() => fieldText(only('0a01ff'), 'text'))).to.equal('bad-utf8');
    expect(fieldText({ field: 1, offset: 0, value: utf8('ä') }, 'text')).to.equal('ä');
  });

  it('fails only with its own error on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(['none', ...new Set(malformed.map(([, , code]) => code))]).to.include(
          refusalOf(() => readAll(toHex(bytes))),
        );
      }),
    );
  });
});
