import { expect } from 'chai';
import fc from 'fast-check';
import {
  MAX_CONTENT_BYTES,
  MAX_PADDED_BYTES,
  MAX_TEXT_BYTES,
  PADDING_STEPS_END,
} from '../../../client/wire/limits.ts';
import { padContent, paddedLengths, unpadContent } from '../../../client/wire/padding.ts';
import { concatBytes, fromHex } from '../../../crypto/bytes.ts';
import { CodecError } from '../../../crypto/errors.ts';

const ENVELOPE_BYTES = 98_304;

describe('padding', () => {
  it('has steps of 160 bytes up to 1 KiB', () => {
    expect(paddedLengths.filter((length) => length <= PADDING_STEPS_END)).to.deep.equal([
      160, 320, 480, 640, 800, 960, 1024,
    ]);
  });

  it('has buckets of at most 12 % above 1 KiB, in whole AES blocks', () => {
    const buckets = paddedLengths.filter((length) => length >= PADDING_STEPS_END);
    for (let i = 1; i < buckets.length; i++) {
      const [smaller, larger] = [buckets[i - 1] as number, buckets[i] as number];
      expect(larger).to.be.greaterThan(smaller);
      expect(larger / smaller).to.be.at.most(1.12);
      expect(larger % 16).to.equal(0);
    }
    expect(buckets.length).to.be.lessThan(50);
  });

  it('leaves room for a full text inside and for the keys of a first message around', () => {
    expect(MAX_CONTENT_BYTES).to.be.greaterThan(MAX_TEXT_BYTES + 16_384);
    expect(ENVELOPE_BYTES - MAX_PADDED_BYTES).to.be.at.least(6_144);
    expect(paddedLengths.at(-1)).to.equal(MAX_PADDED_BYTES);
  });

  it('round-trips every length up to 4 KiB and the longest', () => {
    for (const length of [...Array(4097).keys(), MAX_CONTENT_BYTES - 1, MAX_CONTENT_BYTES]) {
      const content = new Uint8Array(length).fill(length & 0xff);
      const padded = padContent(content);
      expect(paddedLengths.includes(padded.length)).to.equal(true);
      expect(Buffer.compare(unpadContent(padded), content), String(length)).to.equal(0);
    }
  });

  it('round-trips contents that end in the marker or in zeros', () => {
    for (const hex of ['', '80', '8000', '00', '0000', '808080', '8080000000']) {
      expect(unpadContent(padContent(fromHex(hex)))).to.deep.equal(fromHex(hex));
    }
  });

  it('gives contents of one step the same length', () => {
    expect(padContent(new Uint8Array(0)).length).to.equal(160);
    expect(padContent(new Uint8Array(159)).length).to.equal(160);
    expect(padContent(new Uint8Array(160)).length).to.equal(320);
    expect(padContent(new Uint8Array(1023)).length).to.equal(1024);
    expect(padContent(new Uint8Array(1024)).length).to.equal(1136);
  });

  it('refuses a content above the largest bucket', () => {
    expect(() => padContent(new Uint8Array(MAX_CONTENT_BYTES + 1)))
      .to.throw(CodecError)
      .with.property('code', 'too-long');
  });

  it('reads lengths that this version does not write', () => {
    expect(unpadContent(fromHex('0102800000'))).to.deep.equal(fromHex('0102'));
  });

  for (const hex of ['', '00', '000000', '01', '8001', '7f0000', '0180ff00']) {
    it(`refuses ${hex === '' ? 'nothing' : hex} as padding`, () => {
      expect(() => unpadContent(fromHex(hex)))
        .to.throw(CodecError)
        .with.property('code', 'bad-padding');
    });
  }

  it('refuses more bytes than the largest bucket', () => {
    const padded = concatBytes(padContent(new Uint8Array(MAX_CONTENT_BYTES)), new Uint8Array(1));
    expect(() => unpadContent(padded))
      .to.throw(CodecError)
      .with.property('code', 'too-long');
  });

  it('fails only with its own error on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          unpadContent(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(CodecError);
        }
      }),
    );
  });
});
