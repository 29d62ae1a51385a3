import { cbc } from '@noble/ciphers/aes.js';
import { expect } from 'chai';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import { aesCbcDecrypt, aesCbcEncrypt } from '../../../crypto/primitives/aes-cbc.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';

const KEY = seededBytes('aes key', 32);
const IV = seededBytes('aes iv', 16);

describe('AES-256-CBC', () => {
  it('gives the first blocks of NIST SP 800-38A, F.2.5', () => {
    const key = fromHex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
    const iv = fromHex('000102030405060708090a0b0c0d0e0f');
    const plaintext = fromHex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51');
    const ciphertext = aesCbcEncrypt(key, iv, plaintext);
    expect(toHex(ciphertext.subarray(0, 32))).to.equal(
      'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d',
    );
    expect(aesCbcDecrypt(key, iv, ciphertext)).to.deep.equal(plaintext);
  });

  it('agrees with noble and pads every length, also none, by 1 to 16 bytes', () => {
    for (const length of [0, 1, 15, 16, 17, 100, 1000, 70_000]) {
      const plaintext = seededBytes('plaintext', length);
      const ciphertext = aesCbcEncrypt(KEY, IV, plaintext);
      expect(ciphertext.length).to.equal(length + 16 - (length % 16));
      expect(ciphertext).to.deep.equal(cbc(KEY, IV).encrypt(plaintext));
      expect(aesCbcDecrypt(KEY, IV, ciphertext)).to.deep.equal(plaintext);
      expect(Buffer.isBuffer(ciphertext)).to.equal(false);
    }
  });

  it('refuses lengths that are no positive multiple of 16', () => {
    for (const length of [0, 1, 15, 17, 31]) {
      expect(refusalOf(() => aesCbcDecrypt(KEY, IV, new Uint8Array(length)))).to.equal('invalid-message');
    }
  });

  it('refuses wrong padding', () => {
    const encryptUnpadded = (block: Uint8Array): Uint8Array =>
      cbc(KEY, IV, { disablePadding: true }).encrypt(block);
    for (const last of [0, 17, 0xff]) {
      const block = new Uint8Array(16).fill(last);
      const ciphertext = encryptUnpadded(block);
      expect(
        refusalOf(() => aesCbcDecrypt(KEY, IV, ciphertext)),
        `${last}`,
      ).to.equal('invalid-message');
    }
    const uneven = new Uint8Array(16).fill(3);
    uneven[13] = 2;
    expect(refusalOf(() => aesCbcDecrypt(KEY, IV, encryptUnpadded(uneven)))).to.equal('invalid-message');
  });

  it('refuses keys and IVs of other lengths', () => {
    expect(refusalOf(() => aesCbcEncrypt(KEY.subarray(16), IV, KEY))).to.equal('bug');
    expect(refusalOf(() => aesCbcDecrypt(KEY, IV.subarray(1), KEY))).to.equal('bug');
  });
});
