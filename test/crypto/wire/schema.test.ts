import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import { CodecError } from '../../../crypto/errors.ts';
import {
  bytes,
  flag,
  type MessageOf,
  message,
  nested,
  optional,
  repeated,
  required,
  text,
  uint,
  uint8,
  uint32,
  uint53,
} from '../../../crypto/wire/schema.ts';
import { refusalOf } from '../../support/refusal.ts';

const Inner = message('Inner', { value: required(1, uint8) });
const Sample = message('Sample', {
  // Out of order on purpose: the wire follows the numbers.
  label: optional(4, text({ max: 6 })),
  id: required(1, bytes({ length: 2 })),
  blob: optional(2, bytes({ max: 3 })),
  count: required(3, uint32),
  inner: repeated(5, nested(Inner), { max: 2 }),
  done: optional(6, flag),
  timeMs: optional(7, uint53),
  small: optional(8, uint({ max: 9 })),
});
type Sample = MessageOf<typeof Sample>;

const id = Uint8Array.of(1, 2);
const minimal: Sample = { id, count: 0, inner: [] };

/** Encodes a value that the types do not allow. */
function encode(changes: Readonly<Record<string, unknown>>): string {
  return refusalOf(() => Sample.encode({ ...minimal, ...changes } as Sample));
}

function decode(hex: string): string {
  return refusalOf(() => Sample.decode(fromHex(hex.replaceAll(' ', ''))));
}

describe('a declared message', () => {
  it('comes back as it was', () => {
    const any: fc.Arbitrary<Sample> = fc.record(
      {
        id: fc.uint8Array({ minLength: 2, maxLength: 2 }),
        count: fc.nat({ max: 0xffff_ffff }),
        inner: fc.array(fc.record({ value: fc.nat({ max: 255 }) }), { maxLength: 2 }),
        blob: fc.uint8Array({ maxLength: 3 }),
        label: fc.constantFrom('', 'ab', 'äöü'),
        done: fc.boolean(),
        timeMs: fc.maxSafeNat(),
        small: fc.nat({ max: 9 }),
      },
      { requiredKeys: ['id', 'count', 'inner'] },
    );
    fc.assert(
      fc.property(any, (sample) => {
        expect(Sample.decode(Sample.encode(sample))).to.deep.equal(sample);
      }),
    );
  });

  it('is written in the order of its numbers, zeros included, absent fields left out', () => {
    const sample = { ...minimal, label: 'x', done: false };
    expect(toHex(Sample.encode(sample))).to.equal('0a020102 1800 220178 3000'.replaceAll(' ', ''));
  });

  it('skips unknown fields, and of a repeated scalar takes the last', () => {
    const decoded = Sample.decode(fromHex('7a0101 0a020102 1801 1802 7801'.replaceAll(' ', '')));
    expect(decoded).to.deep.equal({ ...minimal, count: 2 });
  });

  it('takes any number but 0 for a flag that is set', () => {
    for (const [value, expected] of [
      ['00', false],
      ['01', true],
      ['7f', true],
    ] as const) {
      expect(Sample.decode(fromHex(`0a020102180030${value}`)).done).to.equal(expected);
    }
  });

  const written: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
    ['without a required field', { id: undefined }, 'missing-field'],
    ['with bytes of another length', { id: new Uint8Array(3) }, 'bad-length'],
    ['with too many bytes', { blob: new Uint8Array(4) }, 'too-long'],
    ['with a text of too many bytes, however few characters', { label: 'ääää' }, 'too-long'],
    ['with too many entries', { inner: [{ value: 1 }, { value: 2 }, { value: 3 }] }, 'too-many'],
    ['with a number above its maximum', { small: 10 }, 'out-of-range'],
    ['with a number above 32 bits', { count: 2 ** 32 }, 'out-of-range'],
    ['with a negative number', { count: -1 }, 'out-of-range'],
    ['with a fraction', { count: 0.5 }, 'out-of-range'],
    ['with a number above 2^53-1', { timeMs: 2 ** 53 }, 'out-of-range'],
    ['with an entry that is out of range', { inner: [{ value: 256 }] }, 'out-of-range'],
  ];
  for (const [what, changes, code] of written) {
    it(`is not written ${what}`, () => {
      expect(encode(changes)).to.equal(code);
    });
  }

  const read: readonly (readonly [string, string, string])[] = [
    ['without a required field', '1800', 'missing-field'],
    ['with bytes of another length', '0a03010203 1800', 'bad-length'],
    ['with too many bytes', '0a020102 1204 01020304 1800', 'too-long'],
    ['with a text of too many bytes', '0a020102 1800 2207 61626364656667', 'too-long'],
    ['with a text that is no UTF-8', '0a020102 1800 2201ff', 'bad-utf8'],
    ['with too many entries', '0a020102 1800 2a020801 2a020801 2a020801', 'too-many'],
    ['with a number above its maximum', '0a020102 1800 400a', 'out-of-range'],
    ['with a number above 32 bits', '0a020102 188080808010', 'out-of-range'],
    ['with a number where bytes belong', '0801 1800', 'bad-wire-type'],
    ['with bytes where a number belongs', '0a020102 1a00', 'bad-wire-type'],
    ['with bytes where a flag belongs', '0a020102 1800 3200', 'bad-wire-type'],
    ['with a number where a message belongs', '0a020102 1800 2801', 'bad-wire-type'],
    ['with an entry that lacks its field', '0a020102 1800 2a00', 'missing-field'],
    ['cut off', '0a020102 18', 'truncated'],
  ];
  for (const [what, hex, code] of read) {
    it(`is not read ${what}`, () => {
      expect(decode(hex)).to.equal(code);
    });
  }

  it('names the field that is at fault', () => {
    try {
      Sample.decode(fromHex('0a03010203'));
      expect.fail('accepted');
    } catch (error) {
      expect((error as CodecError).field).to.equal('Sample.id');
    }
  });

  it('fails only with a CodecError on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (input) => {
        try {
          Sample.decode(input);
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
