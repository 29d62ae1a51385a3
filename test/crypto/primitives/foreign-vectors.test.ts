import { expect } from 'chai';
import { concatBytes, equalBytes, fromHex } from '../../../crypto/bytes.ts';
import { aeadOpen, aeadSeal } from '../../../crypto/primitives/aead.ts';
import { aesCbcDecrypt, aesCbcEncrypt } from '../../../crypto/primitives/aes-cbc.ts';
import { hkdfSha256 } from '../../../crypto/primitives/hkdf.ts';
import { hmacSha256 } from '../../../crypto/primitives/hmac.ts';
import { ML_KEM_768, ML_KEM_1024 } from '../../../crypto/primitives/k-pke.ts';
import { decapsulate, encapsulate, generate } from '../../../crypto/primitives/ml-kem-core.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { agree, importPrivateKey } from '../../../crypto/primitives/x25519.ts';
import {
  hasForeignVectors,
  readForeignText,
  readWycheproof,
  type WycheproofCase,
} from '../../support/foreign-vectors.ts';
import { refusalOf } from '../../support/refusal.ts';

const ML_KEM_SETS = [
  ['768', ML_KEM_768],
  ['1024', ML_KEM_1024],
] as const;

interface AcvpFile<Case> {
  readonly testGroups: readonly {
    readonly parameterSet: string;
    readonly function?: string;
    readonly dk?: string;
    readonly tests: readonly Case[];
  }[];
}

function field(test: WycheproofCase, name: string): Uint8Array {
  const value = test[name];
  if (typeof value !== 'string') throw new TypeError(`case ${test.tcId} has no ${name}`);
  return fromHex(value);
}

function label(test: WycheproofCase): string {
  return `case ${test.tcId} ${test.comment ?? ''}`;
}

describe('foreign vectors of the primitives', () => {
  before(function (): Promise<void> {
    if (!hasForeignVectors) {
      process.stderr.write(
        'pending: ../shared/vectors/foreign is absent, so no foreign vector was replayed\n',
      );
      this.skip();
    }
    return ready();
  });

  it('Wycheproof X25519: agrees, or refuses a result of zero', () => {
    let zero = 0;
    for (const { test } of readWycheproof('x25519')) {
      const privateKey = importPrivateKey(field(test, 'private'));
      const run = (): Uint8Array => agree(privateKey, field(test, 'public'));
      const shared = field(test, 'shared');
      if (shared.every((byte) => byte === 0)) {
        zero++;
        expect(refusalOf(run), label(test)).to.equal('invalid-key-agreement');
      } else {
        expect(run(), label(test)).to.deep.equal(shared);
      }
    }
    expect(zero).to.be.greaterThan(10);
  });

  it('Wycheproof HMAC-SHA256: gives the valid tags and none of the invalid ones', () => {
    for (const { test } of readWycheproof('hmac_sha256')) {
      const tag = field(test, 'tag');
      const own = hmacSha256(field(test, 'key'), field(test, 'msg')).subarray(0, tag.length);
      expect(equalBytes(own, tag), label(test)).to.equal(test.result === 'valid');
    }
  });

  it('Wycheproof HKDF-SHA256: gives the output, and refuses more than 8160 bytes', () => {
    for (const { test } of readWycheproof('hkdf_sha256')) {
      const size = test['size'] as number;
      const run = (): Uint8Array =>
        hkdfSha256(field(test, 'salt'), field(test, 'ikm'), field(test, 'info'), size);
      if (test.result === 'valid') expect(run(), label(test)).to.deep.equal(field(test, 'okm'));
      else expect(refusalOf(run), label(test)).to.equal('bug');
    }
  });

  it('Wycheproof AES-CBC with PKCS#7: decrypts the valid, refuses bad padding', () => {
    let invalid = 0;
    for (const { group, test } of readWycheproof('aes_cbc_pkcs5')) {
      if (group['keySize'] !== 256) continue;
      const [key, iv, ciphertext] = [field(test, 'key'), field(test, 'iv'), field(test, 'ct')];
      if (test.result === 'valid') {
        expect(aesCbcDecrypt(key, iv, ciphertext), label(test)).to.deep.equal(field(test, 'msg'));
        expect(aesCbcEncrypt(key, iv, field(test, 'msg')), label(test)).to.deep.equal(ciphertext);
      } else {
        invalid++;
        expect(
          refusalOf(() => aesCbcDecrypt(key, iv, ciphertext)),
          label(test),
        ).to.equal('invalid-message');
      }
    }
    expect(invalid).to.be.greaterThan(10);
  });

  it('Wycheproof XChaCha20-Poly1305: seals and opens the valid, refuses the invalid', () => {
    for (const { group, test } of readWycheproof('xchacha20_poly1305')) {
      const [key, nonce, aad] = [field(test, 'key'), field(test, 'iv'), field(test, 'aad')];
      const sealed = concatBytes(field(test, 'ct'), field(test, 'tag'));
      if (test.result === 'valid') {
        expect(aeadOpen(key, nonce, aad, sealed), label(test)).to.deep.equal(field(test, 'msg'));
        expect(aeadSeal(key, nonce, aad, field(test, 'msg')), label(test)).to.deep.equal(sealed);
      } else {
        const hasNonceSize = group['ivSize'] === 192;
        expect(
          refusalOf(() => aeadOpen(key, nonce, aad, concatBytes(sealed, new Uint8Array(16)))),
          label(test),
        ).to.equal(hasNonceSize ? 'tampered' : 'bug');
        if (hasNonceSize) {
          expect(
            refusalOf(() => aeadOpen(key, nonce, aad, sealed)),
            label(test),
          ).to.equal('tampered');
        }
      }
    }
  });

  for (const [name, params] of ML_KEM_SETS) {
    it(`Wycheproof ML-KEM-${name}: generates, encapsulates and decapsulates, and refuses the invalid`, () => {
      for (const { test } of readWycheproof(`mlkem_${name}_keygen_seed`)) {
        const pair = generate(params, field(test, 'seed'));
        expect(pair.encapsulationKey, label(test)).to.deep.equal(field(test, 'ek'));
        expect(pair.decapsulationKey, label(test)).to.deep.equal(field(test, 'dk'));
      }
      for (const { test } of readWycheproof(`mlkem_${name}_encaps`)) {
        const run = (): readonly Uint8Array[] => {
          const out = encapsulate(params, field(test, 'ek'), field(test, 'm'));
          return [out.ciphertext, out.sharedSecret];
        };
        if (test.result === 'valid') {
          expect(run(), label(test)).to.deep.equal([field(test, 'c'), field(test, 'K')]);
        } else {
          expect(refusalOf(run), label(test)).to.equal('invalid-key');
        }
      }
      for (const { test } of readWycheproof(`mlkem_${name}`)) {
        const run = (): Uint8Array =>
          decapsulate(params, generate(params, field(test, 'seed')).decapsulationKey, field(test, 'c'));
        if (test.result === 'valid') expect(run(), label(test)).to.deep.equal(field(test, 'K'));
        else expect(refusalOf(run), label(test)).to.match(/^(bug|invalid-message)$/);
      }
      for (const { test } of readWycheproof(`mlkem_${name}_semi_expanded_decaps`)) {
        const run = (): Uint8Array => decapsulate(params, field(test, 'dk'), field(test, 'c'));
        if (test.result === 'valid') expect(run(), label(test)).to.deep.equal(field(test, 'K'));
        else expect(refusalOf(run), label(test)).to.match(/^invalid-(key|message)$/);
      }
    });

    it(`CCTV ML-KEM-${name}: refuses every key of the modulus file`, () => {
      const keys = readForeignText(`cctv-mlkem/modulus-${name}.txt.gz`).trim().split('\n');
      expect(keys.length).to.be.greaterThan(700);
      const m = new Uint8Array(32);
      for (const [line, key] of keys.entries()) {
        expect(
          refusalOf(() => encapsulate(params, fromHex(key), m)),
          `line ${line}`,
        ).to.equal('invalid-key');
      }
    });

    it(`CCTV ML-KEM-${name}: samples an unlucky matrix and tells ciphertexts apart beyond a zero byte`, () => {
      for (const file of ['unluckysample', 'strcmp']) {
        const rows = readForeignText(`cctv-mlkem/${file}-${name}.txt`).trim().split('\n');
        const value = (key: string): Uint8Array => {
          const row = rows.find((line) => line.startsWith(`${key} = `));
          return fromHex(row?.slice(key.length + 3) ?? 'missing');
        };
        // Its seeds belong to a draft of FIPS 203; the keys made of them are unlucky all the same.
        if (file === 'unluckysample') {
          const out = encapsulate(params, value('ek'), value('m'));
          expect([out.ciphertext, out.sharedSecret]).to.deep.equal([value('c'), value('K')]);
        }
        expect(decapsulate(params, value('dk'), value('c')), file).to.deep.equal(value('K'));
      }
    });

    it(`NIST ACVP ML-KEM-${name}: generates, encapsulates and decapsulates`, () => {
      type Case = Readonly<Record<'d' | 'z' | 'ek' | 'dk' | 'm' | 'c' | 'k', string>>;
      const read = (file: string): AcvpFile<Case>['testGroups'] =>
        (JSON.parse(readForeignText(`acvp-mlkem/${file}.json`)) as AcvpFile<Case>).testGroups.filter(
          (group) => group.parameterSet === `ML-KEM-${name}`,
        );
      let replayed = 0;
      for (const { tests } of read('key-gen')) {
        for (const test of tests) {
          const pair = generate(params, concatBytes(fromHex(test.d), fromHex(test.z)));
          expect(pair.encapsulationKey).to.deep.equal(fromHex(test.ek));
          expect(pair.decapsulationKey).to.deep.equal(fromHex(test.dk));
          replayed++;
        }
      }
      for (const group of read('encap-decap')) {
        for (const test of group.tests) {
          if (group.function === 'encapsulation') {
            const out = encapsulate(params, fromHex(test.ek), fromHex(test.m));
            expect([out.ciphertext, out.sharedSecret]).to.deep.equal([fromHex(test.c), fromHex(test.k)]);
          } else {
            const secret = decapsulate(params, fromHex(group.dk ?? test.dk), fromHex(test.c));
            expect(secret).to.deep.equal(fromHex(test.k));
          }
          replayed++;
        }
      }
      expect(replayed).to.be.greaterThan(50);
    });
  }
});
