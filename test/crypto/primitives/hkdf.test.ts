import { hkdf as nobleHkdf } from '@noble/hashes/hkdf.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { expect } from 'chai';
import { fromHex, toHex, utf8 } from '../../../crypto/bytes.ts';
import { hkdfSha256 } from '../../../crypto/primitives/hkdf.ts';
import { isScratchClear, ready } from '../../../crypto/primitives/sodium.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

function range(from: number, to: number): Uint8Array {
  return Uint8Array.from({ length: to - from }, (_, i) => from + i);
}

describe('HKDF-SHA256', () => {
  before(ready);

  it('gives the output of RFC 5869, appendix A.1', () => {
    const okm = hkdfSha256(range(0, 13), fromHex('0b'.repeat(22)), range(0xf0, 0xfa), 42);
    expect(toHex(okm)).to.equal(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    );
  });

  it('gives the output of RFC 5869, appendix A.2', () => {
    const okm = hkdfSha256(range(0x60, 0xb0), range(0, 80), range(0xb0, 0x100), 82);
    expect(toHex(okm)).to.equal(
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    );
  });

  it('gives the output of RFC 5869, appendix A.3, where no salt, an empty one and 32 zeros are the same', () => {
    const ikm = fromHex('0b'.repeat(22));
    for (const salt of [undefined, utf8(''), new Uint8Array(32)]) {
      expect(toHex(hkdfSha256(salt, ikm, utf8(''), 42))).to.equal(
        '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
      );
    }
  });

  it('agrees with noble for every length of output and input that the protocols use', () => {
    for (const length of [1, 31, 32, 33, 48, 64, 80, 96, 8160]) {
      for (const ikmLength of [0, 32, 192, 20_000]) {
        const [salt, ikm] = [seededBytes('salt', 32), seededBytes('ikm', ikmLength)];
        const info = utf8('WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024');
        expect(hkdfSha256(salt, ikm, info, length)).to.deep.equal(
          nobleHkdf(nobleSha256, ikm, salt, info, length),
        );
      }
    }
  });

  it('refuses to give no bytes and more than 8160', () => {
    const ikm = seededBytes('ikm', 32);
    expect(refusalOf(() => hkdfSha256(undefined, ikm, ikm, 0))).to.equal('bug');
    expect(refusalOf(() => hkdfSha256(undefined, ikm, ikm, 8161))).to.equal('bug');
  });

  it('leaves nothing in the scratch area', () => {
    hkdfSha256(seededBytes('salt', 32), seededBytes('ikm', 5000), utf8('info'), 8160);
    expect(isScratchClear()).to.equal(true);
  });
});
