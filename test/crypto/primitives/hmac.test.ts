import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { expect } from 'chai';
import { concatBytes, fromHex, toHex, utf8 } from '../../../crypto/bytes.ts';
import { hmacSha256 } from '../../../crypto/primitives/hmac.ts';
import { isScratchClear, ready } from '../../../crypto/primitives/sodium.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

/** RFC 4231, section 4: key, data, tag; case 5 is truncated. */
const RFC_4231: readonly (readonly [key: Uint8Array, data: Uint8Array, tag: string])[] = [
  [
    fromHex('0b'.repeat(20)),
    utf8('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    utf8('Jefe'),
    utf8('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    fromHex('aa'.repeat(20)),
    fromHex('dd'.repeat(50)),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    Uint8Array.from({ length: 25 }, (_, i) => i + 1),
    fromHex('cd'.repeat(50)),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [fromHex('0c'.repeat(20)), utf8('Test With Truncation'), 'a3b6167473100ee06e0c796c2955552b'],
  [
    fromHex('aa'.repeat(131)),
    utf8('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    fromHex('aa'.repeat(131)),
    utf8(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
];

describe('HMAC-SHA256', () => {
  before(ready);

  it('gives the tags of RFC 4231', () => {
    for (const [key, data, tag] of RFC_4231) {
      expect(toHex(hmacSha256(key, data)).slice(0, tag.length)).to.equal(tag);
    }
  });

  it('agrees with noble on both sides of the change from WebAssembly to node', () => {
    for (const keyLength of [0, 1, 32, 64, 65, 20_000]) {
      for (const length of [0, 1, 55, 56, 64, 1023, 1024, 1025, 40_000]) {
        const key = seededBytes('hmac key', keyLength);
        const data = seededBytes('hmac data', length);
        expect(hmacSha256(key, data), `${keyLength}/${length}`).to.deep.equal(
          nobleHmac(nobleSha256, key, data),
        );
      }
    }
  });

  it('authenticates the parts one after the other, none and empty ones included', () => {
    const key = seededBytes('hmac key', 32);
    const [a, b] = [seededBytes('a', 33), seededBytes('b', 1200)];
    expect(hmacSha256(key, a, utf8(''), a)).to.deep.equal(hmacSha256(key, concatBytes(a, a)));
    expect(hmacSha256(key, a, b)).to.deep.equal(hmacSha256(key, concatBytes(a, b)));
    expect(hmacSha256(key)).to.deep.equal(hmacSha256(key, utf8('')));
  });

  it('leaves nothing in the scratch area and its inputs as they were', () => {
    const [key, data] = [seededBytes('hmac key', 32), seededBytes('a', 100)];
    const tag = hmacSha256(key, data);
    expect(isScratchClear()).to.equal(true);
    expect(key).to.deep.equal(seededBytes('hmac key', 32));
    expect(data).to.deep.equal(seededBytes('a', 100));
    hmacSha256(data, key);
    expect(tag).to.deep.equal(hmacSha256(key, data));
  });
});
