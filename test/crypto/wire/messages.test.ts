import { expect } from 'chai';
import fc from 'fast-check';
import { concatBytes, fromHex, toHex } from '../../../crypto/bytes.ts';
import { CodecError } from '../../../crypto/errors.ts';
import { type PublicKey, parsePublicKey } from '../../../crypto/keys/keys.ts';
import {
  decodePreKeySignalMessage,
  encodePreKeySignalMessage,
  type PreKeySignalMessageFields,
} from '../../../crypto/wire/pre-key-signal-message.ts';
import { decodeSignalMessage, encodeSignalMessage } from '../../../crypto/wire/signal-message.ts';
import { refusalOf } from '../../support/refusal.ts';

const KEY_HEX = `05${'ab'.repeat(32)}`;
const KEY: PublicKey = parsePublicKey(fromHex(KEY_HEX));
const MAC = fromHex('a1a2a3a4a5a6a7a8');

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const shortBytes = fc.uint8Array({ maxLength: 200 });
const signalFields = fc.record({
  ratchetKey: fc.constant(KEY),
  counter: uint32,
  previousCounter: uint32,
  ciphertext: shortBytes,
  pqRatchet: shortBytes,
  addresses: fc.option(shortBytes, { nil: undefined }),
});
const INNER = encodeSignalMessage(
  {
    ratchetKey: KEY,
    counter: 3,
    previousCounter: 0,
    ciphertext: fromHex('c0'),
    pqRatchet: new Uint8Array(),
    addresses: undefined,
  },
  () => MAC,
);
const FIELDS: PreKeySignalMessageFields = {
  preKeyId: 300,
  baseKey: KEY,
  identityKey: KEY,
  registrationId: 0,
  signedPreKeyId: 0,
  kemPreKeyId: 0xffff_ffff,
  kemCiphertext: fromHex('08'),
};

function assemble(version: string, ...fields: readonly string[]): Uint8Array {
  return fromHex([version, ...fields].join('').replaceAll(' ', ''));
}

describe('the encoding of an ordinary message', () => {
  it('is its documented one, zeros written', () => {
    expect(toHex(INNER)).to.equal(`440a21${KEY_HEX}100318002201c0${toHex(MAC)}`);
  });

  it('gives the MAC function all bytes before the MAC', () => {
    let seen = '';
    const { ratchetKey, counter, previousCounter, ciphertext, pqRatchet } = decodeSignalMessage(INNER);
    encodeSignalMessage(
      { ratchetKey, counter, previousCounter, ciphertext, pqRatchet, addresses: undefined },
      (authenticated) => {
        seen = toHex(authenticated);
        return MAC;
      },
    );
    expect(seen).to.equal(toHex(INNER.subarray(0, -8)));
  });

  it('is decoded to what was encoded', () => {
    fc.assert(
      fc.property(signalFields, (fields) => {
        const bytes = encodeSignalMessage(fields, () => MAC);
        const { version, authenticated, mac, ...decoded } = decodeSignalMessage(bytes);
        expect(version).to.equal(4);
        expect(toHex(concatBytes(authenticated, mac))).to.equal(toHex(bytes));
        expect(JSON.stringify(decoded)).to.equal(JSON.stringify(fields));
      }),
      { seed: 20_261 },
    );
  });
});

describe('the decoder of ordinary messages', () => {
  const key = `0a21${KEY_HEX}`;
  const other = `0a2105${'cd'.repeat(32)}`;
  const mac = toHex(MAC);

  it('takes fields in any order, the last one of a kind, and unknown ones', () => {
    const bytes = assemble('44', '2a01aa', '2201c0', '1007', '7801', other, key, '1009', 'fb01fc01', mac);
    const message = decodeSignalMessage(bytes);
    expect(toHex(message.ratchetKey)).to.equal(KEY_HEX);
    expect(message.counter).to.equal(9);
    expect(message.previousCounter).to.equal(0);
    expect(toHex(message.pqRatchet)).to.equal('aa');
  });

  it('reads the version and does not look at the low nibble', () => {
    for (const [first, version] of [
      ['44', 4],
      ['40', 4],
      ['4f', 4],
      ['34', 3],
    ] as const) {
      expect(decodeSignalMessage(assemble(first, key, '1000', '2200', mac)).version).to.equal(version);
    }
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ['eight bytes', '4401020304050607', 'invalid-message'],
    ['eight bytes of an old version', '1401020304050607', 'invalid-message'],
    ['version 2', `24${key}10002200${mac}`, 'legacy-version'],
    ['version 0', `04${key}10002200${mac}`, 'legacy-version'],
    ['version 5', `54${key}10002200${mac}`, 'unrecognized-version'],
    ['version 15', `f4${key}10002200${mac}`, 'unrecognized-version'],
    ['no ratchet key', `4410002200${mac}`, 'invalid-message'],
    ['no counter', `44${key}2200${mac}`, 'invalid-message'],
    ['no ciphertext', `44${key}1000${mac}`, 'invalid-message'],
    ['a ratchet key of 34 bytes', `440a22${KEY_HEX}0010002200${mac}`, 'invalid-message'],
    ['a ratchet key of type 6', `440a2106${'ab'.repeat(32)}10002200${mac}`, 'invalid-message'],
    ['a ratchet key of 32 bytes', `440a20${KEY_HEX.slice(0, 64)}10002200${mac}`, 'invalid-message'],
    ['a counter in bytes', `44${key}1201002200${mac}`, 'invalid-message'],
    ['a ciphertext as a number', `44${key}10002000${mac}`, 'invalid-message'],
    ['a field that reaches into the MAC', `44${key}1000220a0102${mac}`, 'invalid-message'],
  ];
  for (const [what, hex, code] of refused) {
    it(`refuses ${what} as ${code}`, () => {
      expect(refusalOf(() => decodeSignalMessage(fromHex(hex)))).to.equal(code);
    });
  }

  it('ends in a typed error or a message for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        for (const decode of [decodeSignalMessage, decodePreKeySignalMessage]) {
          for (const first of [0x44, bytes[0] ?? 0]) {
            try {
              decode(Uint8Array.of(first, ...bytes.subarray(1)));
            } catch (error) {
              if (!(error instanceof CodecError)) throw error;
            }
          }
        }
      }),
      { numRuns: 2000, seed: 20_261 },
    );
  });
});

describe('the encoding of a message that opens a session', () => {
  it('is its documented one, zeros written', () => {
    const inner = toHex(INNER);
    expect(toHex(encodePreKeySignalMessage(FIELDS, INNER))).to.equal(
      `4408ac021221${KEY_HEX}1a21${KEY_HEX}22${(inner.length / 2).toString(16)}${inner}2800300038ffffffff0f420108`,
    );
  });

  it('is decoded to what was encoded', () => {
    const fields = fc.record({
      preKeyId: fc.option(uint32, { nil: undefined }),
      baseKey: fc.constant(KEY),
      identityKey: fc.constant(KEY),
      registrationId: uint32,
      signedPreKeyId: uint32,
      kemPreKeyId: uint32,
      kemCiphertext: shortBytes,
    });
    fc.assert(
      fc.property(fields, (each) => {
        const { version, message, ...decoded } = decodePreKeySignalMessage(
          encodePreKeySignalMessage(each, INNER),
        );
        expect(version).to.equal(4);
        expect(message.counter).to.equal(3);
        expect(JSON.stringify(decoded)).to.equal(JSON.stringify(each));
      }),
      { seed: 20_261 },
    );
  });
});

describe('the decoder of messages that open a session', () => {
  const base = `1221${KEY_HEX}`;
  const identity = `1a21${KEY_HEX}`;
  const inner = `22${(INNER.length).toString(16)}${toHex(INNER)}`;
  const ids = '3001 3802 4200';
  const oldInner = inner.replace(`22${INNER.length.toString(16)}44`, `22${INNER.length.toString(16)}24`);
  const newInner = inner.replace(`22${INNER.length.toString(16)}44`, `22${INNER.length.toString(16)}54`);

  it('reads an absent registration id as 0 and an absent one-time key as none', () => {
    const message = decodePreKeySignalMessage(assemble('44', base, identity, inner, ids));
    expect(message.registrationId).to.equal(0);
    expect(message.preKeyId).to.equal(undefined);
  });

  it('judges only the last one of repeated fields', () => {
    const wrongKey = '1201051a0105220144';
    const bytes = assemble('44', wrongKey, base, identity, inner, ids);
    expect(toHex(decodePreKeySignalMessage(bytes).baseKey)).to.equal(KEY_HEX);
    expect(refusalOf(() => decodePreKeySignalMessage(concatBytes(bytes, fromHex('120105'))))).to.equal(
      'invalid-message',
    );
  });

  it('takes version 3 without a KEM, for the session to refuse', () => {
    expect(decodePreKeySignalMessage(assemble('33', base, identity, inner, '3001')).version).to.equal(3);
  });

  const refused: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', new Uint8Array(), 'invalid-message'],
    ['version 2', assemble('24', base, identity, inner, ids), 'legacy-version'],
    ['version 2 and nothing else', assemble('24'), 'legacy-version'],
    ['version 5', assemble('54', base, identity, inner, ids), 'unrecognized-version'],
    ['an inner message of version 2', assemble('44', base, identity, oldInner, ids), 'legacy-version'],
    ['an inner message of version 5', assemble('44', base, identity, newInner, ids), 'unrecognized-version'],
    ['no base key', assemble('44', identity, inner, ids), 'invalid-message'],
    ['no identity key', assemble('44', base, inner, ids), 'invalid-message'],
    ['no inner message', assemble('44', base, identity, ids), 'invalid-message'],
    ['an empty inner message', assemble('44', base, identity, '2200', ids), 'invalid-message'],
    ['no signed pre-key id', assemble('44', base, identity, inner, '38024200'), 'invalid-message'],
    ['no KEM pre-key id', assemble('44', base, identity, inner, '30014200'), 'invalid-message'],
    ['no KEM ciphertext', assemble('44', base, identity, inner, '30013802'), 'invalid-message'],
    ['no KEM at all', assemble('44', base, identity, inner, '3001'), 'invalid-message'],
    ['half a KEM in version 3', assemble('34', base, identity, inner, '30013802'), 'invalid-message'],
    [
      'a base key of another type',
      assemble('44', base.replace('122105', '122107'), identity, inner, ids),
      'invalid-message',
    ],
    [
      'an identity key of 32 bytes',
      assemble('44', base, `1a20${KEY_HEX.slice(2)}`, inner, ids),
      'invalid-message',
    ],
  ];
  for (const [what, bytes, code] of refused) {
    it(`refuses ${what} as ${code}`, () => {
      expect(refusalOf(() => decodePreKeySignalMessage(bytes))).to.equal(code);
    });
  }
});
