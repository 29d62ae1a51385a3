import { inspect } from 'node:util';
import { expect } from 'chai';
import { fromHex, toHex } from '../../../crypto/bytes.ts';
import { agree, importPrivateKey, publicKeyOf } from '../../../crypto/primitives/x25519.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { readSignalVectors } from '../../support/vectors.ts';

interface AgreementRow {
  readonly private: string;
  readonly public: string;
  readonly shared: string;
}

interface EdgePoints {
  readonly rows: readonly {
    readonly name: string;
    readonly public: string;
    readonly private: string;
    readonly agreement: string | null;
  }[];
}

/** u-coordinates of every point of small order, with the non-canonical ones. */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000080',
];

function withoutType(hex: string): Uint8Array {
  return fromHex(hex).subarray(1);
}

describe('X25519', () => {
  it('gives the results of RFC 7748, section 5.2', () => {
    const rows = [
      [
        'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
        'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
        'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
      ],
      [
        '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
        'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
        '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
      ],
    ] as const;
    for (const [scalar, u, out] of rows) {
      expect(toHex(agree(importPrivateKey(fromHex(scalar)), fromHex(u)))).to.equal(out);
    }
  });

  it('gives the result of RFC 7748, section 5.2, after 1,000 iterations', () => {
    let k = fromHex(`09${'00'.repeat(31)}`);
    let u = k;
    for (let i = 0; i < 1000; i++) {
      const next = agree(importPrivateKey(k), u);
      u = k;
      k = next;
      if (i === 0) {
        expect(toHex(k)).to.equal('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
      }
    }
    expect(toHex(k)).to.equal('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  });

  it('agrees on the keys of RFC 7748, section 6.1', () => {
    const alice = importPrivateKey(
      fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'),
    );
    const bob = importPrivateKey(fromHex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'));
    expect(toHex(publicKeyOf(alice))).to.equal(
      '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
    );
    expect(toHex(publicKeyOf(bob))).to.equal(
      'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    );
    const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
    expect(toHex(agree(alice, publicKeyOf(bob)))).to.equal(shared);
    expect(toHex(agree(bob, publicKeyOf(alice)))).to.equal(shared);
  });

  it('agrees as libsignal does', () => {
    const { agreement } = readSignalVectors<{ agreement: readonly AgreementRow[] }>('primitives');
    for (const row of agreement) {
      expect(toHex(agree(importPrivateKey(fromHex(row.private)), withoutType(row.public)))).to.equal(
        row.shared,
      );
    }
  });

  it('agrees with unusual points as libsignal does', () => {
    for (const row of readSignalVectors<EdgePoints>('edge-points').rows) {
      const run = (): string => toHex(agree(importPrivateKey(fromHex(row.private)), withoutType(row.public)));
      if (row.agreement === null) expect(refusalOf(run), row.name).to.equal('invalid-key-agreement');
      else expect(run(), row.name).to.equal(row.agreement);
    }
  });

  it('refuses every point of small order, whose result is all zero', () => {
    const privateKey = importPrivateKey(seededBytes('alice', 32));
    for (const point of SMALL_ORDER) {
      expect(
        refusalOf(() => agree(privateKey, fromHex(point))),
        point,
      ).to.equal('invalid-key-agreement');
      expect(
        refusalOf(() => agree(privateKey, fromHex(point))),
        `${point} again`,
      ).to.equal('invalid-key-agreement');
    }
  });

  it('clamps a private key on import, on a copy', () => {
    const bytes = new Uint8Array(32).fill(0xff);
    const privateKey = importPrivateKey(bytes);
    expect(toHex(privateKey.bytes)).to.equal(`f8${'ff'.repeat(30)}7f`);
    expect(bytes.every((byte) => byte === 0xff)).to.equal(true);
  });

  it('hands out its own copy of a public key', () => {
    const privateKey = importPrivateKey(seededBytes('alice', 32));
    const publicKey = publicKeyOf(privateKey);
    const copy = publicKey.slice();
    publicKey.fill(0);
    expect(publicKeyOf(privateKey)).to.deep.equal(copy);
  });

  it('refuses keys of other lengths', () => {
    const privateKey = importPrivateKey(seededBytes('alice', 32));
    for (const length of [0, 31, 33]) {
      expect(refusalOf(() => importPrivateKey(new Uint8Array(length)))).to.equal('bug');
      expect(refusalOf(() => agree(privateKey, new Uint8Array(length)))).to.equal('bug');
    }
  });

  it('zeroes a wiped private key and refuses to use it', () => {
    const privateKey = importPrivateKey(seededBytes('alice', 32));
    const { bytes } = privateKey;
    const publicKey = publicKeyOf(privateKey);
    privateKey.wipe();
    expect(privateKey.wiped).to.equal(true);
    expect(bytes).to.deep.equal(new Uint8Array(32));
    expect(refusalOf(() => agree(privateKey, publicKey))).to.equal('bug');
    expect(refusalOf(() => privateKey.bytes)).to.equal('bug');
  });

  it('shows no private byte when it is inspected or written as JSON', () => {
    const privateKey = importPrivateKey(new Uint8Array(32).fill(0xab));
    publicKeyOf(privateKey);
    expect(inspect(privateKey, { depth: 5, showHidden: true })).to.not.match(/171|abab|q6ur/i);
    expect(JSON.stringify(privateKey)).to.equal('{}');
  });
});
