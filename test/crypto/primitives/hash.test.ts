import { sha256 as nobleSha256, sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import {
  sha3_256 as nobleSha3_256,
  sha3_512 as nobleSha3_512,
  shake128 as nobleShake128,
  shake256 as nobleShake256,
} from '@noble/hashes/sha3.js';
import { expect } from 'chai';
import { concatBytes, toHex, utf8 } from '../../../crypto/bytes.ts';
import { sha3_256, sha3_512, sha256, sha512, shake128, shake256 } from '../../../crypto/primitives/hash.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

const LENGTHS = [0, 1, 63, 64, 65, 127, 128, 136, 168, 1000];

describe('hash functions', () => {
  it('give the published digests of "abc"', () => {
    const abc = utf8('abc');
    expect(toHex(sha256(abc))).to.equal('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(toHex(sha3_256(abc))).to.equal('3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532');
    expect(toHex(sha512(abc))).to.match(/^ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2/);
    expect(toHex(sha3_512(abc))).to.match(/^b751850b1a57168a5693cd924b6b096e08f621827444f70d/);
  });

  it('agree with noble around every block length', () => {
    for (const length of LENGTHS) {
      const data = seededBytes('hash', length);
      expect(sha256(data)).to.deep.equal(nobleSha256(data));
      expect(sha512(data)).to.deep.equal(nobleSha512(data));
      expect(sha3_256(data)).to.deep.equal(nobleSha3_256(data));
      expect(sha3_512(data)).to.deep.equal(nobleSha3_512(data));
      expect(shake128(data, 200)).to.deep.equal(nobleShake128(data, { dkLen: 200 }));
      expect(shake256(data, 200)).to.deep.equal(nobleShake256(data, { dkLen: 200 }));
    }
  });

  it('hash the parts one after the other', () => {
    const [a, b, c] = [utf8('one'), utf8(''), seededBytes('hash', 100)];
    expect(sha256(a, b, c)).to.deep.equal(sha256(concatBytes(a, b, c)));
    expect(sha512(a, b, c)).to.deep.equal(sha512(concatBytes(a, b, c)));
    expect(sha256()).to.deep.equal(sha256(utf8('')));
  });

  it('return a Uint8Array of its own, never a Buffer', () => {
    for (const digest of [sha256(utf8('x')), sha256(utf8('x'), utf8('y')), shake256(utf8('x'), 32)]) {
      expect(Buffer.isBuffer(digest)).to.equal(false);
      expect(digest.slice(0, 4).buffer).to.not.equal(digest.buffer);
    }
  });
});
