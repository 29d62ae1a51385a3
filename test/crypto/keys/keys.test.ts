import { inspect } from 'node:util';
import { expect } from 'chai';
import { concatBytes, fromHex, toHex } from '../../../crypto/bytes.ts';
import {
  cloneKeyPair,
  deriveSharedSecret,
  equalPublicKeys,
  generateKeyPair,
  importKeyPair,
  PrivateKey,
  parseIdentityKey,
  parsePublicKey,
  viewPublicKey,
} from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { readSignalVectors } from '../../support/vectors.ts';

interface EdgePoint {
  readonly name: string;
  readonly public: string;
  readonly private: string;
  readonly agreement: string | null;
  readonly acceptedAsBaseKey: boolean;
}

const { rows } = readSignalVectors<{ rows: readonly EdgePoint[] }>('edge-points');

describe('a public key', () => {
  before(ready);

  it('is exactly 33 bytes of type 5', () => {
    const valid = fromHex((rows[0] as EdgePoint).public);
    expect(parsePublicKey(valid)).to.deep.equal(valid);
    const wrong = [
      new Uint8Array(),
      valid.subarray(0, 32),
      valid.subarray(1),
      concatBytes(valid, Uint8Array.of(0)),
      concatBytes(Uint8Array.of(4), valid.subarray(1)),
      concatBytes(Uint8Array.of(0x85), valid.subarray(1)),
    ];
    for (const bytes of wrong) {
      expect(refusalOf(() => parsePublicKey(bytes))).to.equal('invalid-key');
      expect(refusalOf(() => viewPublicKey(bytes))).to.equal('invalid-key');
      expect(refusalOf(() => parseIdentityKey(bytes))).to.equal('invalid-key');
    }
  });

  it('is a copy of what was parsed', () => {
    const bytes = fromHex((rows[0] as EdgePoint).public);
    const publicKey = parsePublicKey(bytes);
    bytes.fill(0);
    expect(publicKey[0]).to.equal(5);
    expect(equalPublicKeys(publicKey, parsePublicKey(fromHex((rows[0] as EdgePoint).public)))).to.equal(true);
  });

  it('is judged the same however many were seen before it', () => {
    const random = new SeededRandom('many');
    const bad = fromHex((rows.find((row) => !row.acceptedAsBaseKey) as EdgePoint).public);
    for (let i = 0; i < 300; i++) {
      const { publicKey } = generateKeyPair(random, 'identityKey');
      for (let again = 0; again < 2; again++) expect(parseIdentityKey(publicKey)).to.deep.equal(publicKey);
    }
    expect(refusalOf(() => parseIdentityKey(bad))).to.equal('invalid-key');
  });

  it('serves as identity key only when it is canonical and of prime order', () => {
    expect(rows).to.have.lengthOf(16);
    for (const row of rows) {
      // Asked twice, because an accepted key is remembered.
      for (let i = 0; i < 2; i++) {
        const code = refusalOf(() => parseIdentityKey(fromHex(row.public)));
        expect(code, row.name).to.equal(row.acceptedAsBaseKey ? 'none' : 'invalid-key');
      }
    }
  });
});

describe('a key agreement', () => {
  before(ready);

  for (const row of rows) {
    it(`with the point "${row.name}" ${row.agreement === null ? 'is refused' : 'gives the recorded secret'}`, () => {
      const { privateKey } = importKeyPair(new Secret('PrivateKey', fromHex(row.private)));
      const publicKey = parsePublicKey(fromHex(row.public));
      const agreed = (): string => toHex(deriveSharedSecret(privateKey, publicKey).expose());
      if (row.agreement === null) expect(refusalOf(agreed)).to.equal('invalid-key-agreement');
      else expect(agreed()).to.equal(row.agreement);
    });
  }
});

describe('a private key', () => {
  before(ready);

  it('is clamped on import', () => {
    const { privateKey } = importKeyPair(new Secret('PrivateKey', new Uint8Array(32).fill(0xff)));
    expect(toHex(privateKey.secret.expose())).to.equal(`f8${'ff'.repeat(30)}7f`);
  });

  it('has 32 bytes', () => {
    for (const length of [0, 31, 33]) {
      const secret = new Secret('PrivateKey', new Uint8Array(length));
      expect(refusalOf(() => new PrivateKey(secret))).to.equal('invalid-key');
    }
  });

  it('is drawn by name', () => {
    const random = new SeededRandom('draw');
    generateKeyPair(random, 'ratchetKey');
    expect(random.drawn).to.deep.equal(['ratchetKey']);
  });

  it('works no more once it was wiped, and neither does its secret', () => {
    const pair = generateKeyPair(new SeededRandom('a'), 'baseKey');
    const other = generateKeyPair(new SeededRandom('b'), 'baseKey');
    deriveSharedSecret(pair.privateKey, other.publicKey);
    const bytes = pair.privateKey.secret.expose();
    pair.privateKey.secret.wipe();
    expect(bytes.every((byte) => byte === 0)).to.equal(true);
    expect(refusalOf(() => deriveSharedSecret(pair.privateKey, other.publicKey))).to.equal('bug');
    other.privateKey.wipe();
    expect(other.privateKey.secret.wiped).to.equal(true);
    expect(refusalOf(() => other.privateKey.clone())).to.equal('bug');
  });

  it('is wiped at the end of its scope', () => {
    let secret: Secret<'PrivateKey'>;
    {
      using privateKey = generateKeyPair(new SeededRandom('scope'), 'baseKey').privateKey;
      secret = privateKey.secret;
    }
    expect(secret.wiped).to.equal(true);
  });

  it('outlives its clone', () => {
    const pair = generateKeyPair(new SeededRandom('a'), 'baseKey');
    const clone = cloneKeyPair(pair);
    const before = toHex(pair.privateKey.secret.expose());
    clone.privateKey.wipe();
    expect(toHex(pair.privateKey.secret.expose())).to.equal(before);
  });

  it('shows its bytes in no text', () => {
    const { privateKey } = importKeyPair(new Secret('PrivateKey', new Uint8Array(32).fill(0xab)));
    const texts = [inspect(privateKey, { depth: 9, showHidden: true }), String(privateKey.secret)];
    for (const text of texts) expect(text).not.to.match(/ab ?ab|171/i);
    expect(() => JSON.stringify(privateKey)).to.throw();
  });
});
