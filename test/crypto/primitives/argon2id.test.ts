import { argon2id as nobleArgon2id } from '@noble/hashes/argon2.js';
import { expect } from 'chai';
import { utf8 } from '../../../crypto/bytes.ts';
import { argon2id } from '../../../crypto/primitives/argon2id.ts';
import { hmacSha256 } from '../../../crypto/primitives/hmac.ts';
import { isScratchClear, ready } from '../../../crypto/primitives/sodium.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

const SALT = seededBytes('argon2 salt', 16);
const PASSPHRASE = utf8('correct horse battery staple');

describe('Argon2id', () => {
  before(ready);

  it('agrees with noble on small parameters', () => {
    for (const [memoryKiB, passes] of [
      [8, 1],
      [9, 3],
      [64, 2],
      [1024, 1],
    ] as const) {
      for (const passphrase of [utf8(''), PASSPHRASE, seededBytes('long', 20_000)]) {
        const expected = nobleArgon2id(passphrase, SALT, { t: passes, m: memoryKiB, p: 1, dkLen: 32 });
        expect(argon2id({ passphrase, salt16: SALT, memoryKiB, passes })).to.deep.equal(expected);
        expect(isScratchClear()).to.equal(true);
      }
    }
  });

  it('leaves the other calls working after the memory has grown', () => {
    const before = hmacSha256(SALT, PASSPHRASE);
    argon2id({ passphrase: PASSPHRASE, salt16: SALT, memoryKiB: 16_384, passes: 1 });
    expect(hmacSha256(SALT, PASSPHRASE)).to.deep.equal(before);
    expect(isScratchClear()).to.equal(true);
  });

  it('refuses parameters out of range', () => {
    const good = { passphrase: PASSPHRASE, salt16: SALT, memoryKiB: 8, passes: 1 };
    expect(refusalOf(() => argon2id(good))).to.equal('none');
    const bad = [
      { salt16: SALT.subarray(1) },
      { memoryKiB: 7 },
      { memoryKiB: 8.5 },
      { memoryKiB: 1024 * 1024 + 1 },
      { passes: 0 },
      { passes: 65 },
      { passes: Number.NaN },
    ];
    for (const change of bad) {
      expect(
        refusalOf(() => argon2id({ ...good, ...change })),
        JSON.stringify(change),
      ).to.equal('bug');
    }
  });
});
