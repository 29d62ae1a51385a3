import { expect } from 'chai';
import fc from 'fast-check';
import { fromBase64Url, toBase64Url } from '../../../client/wire/base64url.ts';
import { CodecError } from '../../../crypto/errors.ts';

describe('base64url', () => {
  it('agrees with an independent implementation in both directions', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        expect(toBase64Url(bytes)).to.equal(text);
        expect(fromBase64Url(text)).to.deep.equal(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('maps every six bits to the character of RFC 4648', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (let value = 0; value < 64; value++) {
      expect(toBase64Url(new Uint8Array([value << 2]))[0]).to.equal(alphabet[value]);
    }
  });

  it('refuses every character outside the alphabet', () => {
    for (let code = 0; code < 0x10000; code += code < 0x400 ? 1 : 61) {
      const character = String.fromCharCode(code);
      if (/[A-Za-z0-9_-]/.test(character)) continue;
      expect(() => fromBase64Url(`AA${character}A`), String(code)).to.throw(CodecError);
    }
  });

  for (const text of ['A', 'AAAAA', 'AB', 'AAB', 'AA==', 'AA A', 'AA+/']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => fromBase64Url(text))
        .to.throw(CodecError)
        .with.property('code', 'bad-base64');
    });
  }

  it('has one text per byte string', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{0,12}$/), (text) => {
        try {
          expect(toBase64Url(fromBase64Url(text))).to.equal(text);
        } catch (error) {
          expect(error).to.be.instanceOf(CodecError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
