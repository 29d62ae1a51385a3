import { expect } from 'chai';
import { concatBytes, toHex } from '../../../crypto/bytes.ts';
import { type PreKeyBundle, verifyBundle } from '../../../crypto/keys/bundle.ts';
import { decapsulate, encapsulate, parseKemPublicKey, parseKemSecretKey } from '../../../crypto/keys/kem.ts';
import { generateKeyPair, type KeyPair, type PublicKey, parsePublicKey } from '../../../crypto/keys/keys.ts';
import {
  decodeKemPreKeyRecord,
  decodePreKeyRecord,
  decodeSignedPreKeyRecord,
  encodeKemPreKeyRecord,
  encodePreKeyRecord,
  encodeSignedPreKeyRecord,
  generateKemPreKey,
  generatePreKeys,
  generateSignedPreKey,
} from '../../../crypto/keys/prekeys.ts';
import { verify } from '../../../crypto/keys/signature.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { readSignalVectors } from '../../support/vectors.ts';
import { bundleOf, type Transcript } from '../session/transcript.ts';

const NOW_MS = 1_700_000_000_000;

function identity(): KeyPair {
  return generateKeyPair(new SeededRandom('identity'), 'identityKey');
}

function privateHex(keyPair: KeyPair): string {
  return toHex(keyPair.privateKey.secret.expose());
}

describe('pre-keys', () => {
  before(ready);

  it('are made for each id from one draw each', () => {
    const random = new SeededRandom('one-time');
    const records = generatePreKeys(random, [7, 8, 9]);
    expect(records.map((record) => record.id)).to.deep.equal([7, 8, 9]);
    expect(random.drawn).to.deep.equal(['preKey', 'preKey', 'preKey']);
    expect(new Set(records.map((record) => toHex(record.keyPair.publicKey)))).to.have.property('size', 3);
  });

  it('are signed over their bytes on the wire', () => {
    const identityKeyPair = identity();
    const random = new SeededRandom('signed');
    const signed = generateSignedPreKey(random, { id: 5, identityKeyPair, nowMs: NOW_MS });
    const kem = generateKemPreKey(random, { id: 6, identityKeyPair, nowMs: NOW_MS });
    expect(random.drawn).to.deep.equal(['signedPreKey', 'signatureNonce', 'kemKeySeed', 'signatureNonce']);
    expect(verify(identityKeyPair.publicKey, signed.keyPair.publicKey, signed.signature)).to.equal(true);
    expect(verify(identityKeyPair.publicKey, kem.keyPair.publicKey, kem.signature)).to.equal(true);
    expect(kem.keyPair.publicKey).to.have.lengthOf(1569);
    expect([signed.createdMs, kem.createdMs]).to.deep.equal([NOW_MS, NOW_MS]);
  });

  it('come out of the store as they went in', () => {
    const params = { id: 0xffff_ffff, identityKeyPair: identity(), nowMs: NOW_MS };
    const random = new SeededRandom('store');
    for (const preKey of generatePreKeys(random, [0])) {
      const loaded = decodePreKeyRecord(encodePreKeyRecord(preKey));
      expect(loaded.id).to.equal(0);
      expect(loaded.keyPair.publicKey).to.deep.equal(preKey.keyPair.publicKey);
      expect(privateHex(loaded.keyPair)).to.equal(privateHex(preKey.keyPair));
    }
    const signed = generateSignedPreKey(random, params);
    const loadedSigned = decodeSignedPreKeyRecord(encodeSignedPreKeyRecord(signed));
    expect(loadedSigned.signature).to.deep.equal(signed.signature);
    expect(loadedSigned.id).to.equal(0xffff_ffff);
    expect(loadedSigned.createdMs).to.equal(NOW_MS);
    expect(privateHex(loadedSigned.keyPair)).to.equal(privateHex(signed.keyPair));
    const kem = generateKemPreKey(random, params);
    const loadedKem = decodeKemPreKeyRecord(encodeKemPreKeyRecord(kem));
    const { ciphertext, sharedSecret } = encapsulate(kem.keyPair.publicKey, random);
    const opened = decapsulate(loadedKem.keyPair.secretKey, ciphertext);
    expect(toHex(opened.expose())).to.equal(toHex(sharedSecret.expose()));
  });

  it('are independent of the bytes that they were loaded from', () => {
    const [preKey] = generatePreKeys(new SeededRandom('copy'), [1]);
    const encoded = encodePreKeyRecord(preKey as NonNullable<typeof preKey>);
    const loaded = decodePreKeyRecord(encoded);
    const before = privateHex(loaded.keyPair);
    encoded.fill(0);
    expect(privateHex(loaded.keyPair)).to.equal(before);
  });

  it('are refused when the stored bytes are damaged', () => {
    const signed = generateSignedPreKey(new SeededRandom('damage'), {
      id: 1,
      identityKeyPair: identity(),
      nowMs: 1,
    });
    const encoded = encodeSignedPreKeyRecord(signed);
    expect(refusalOf(() => decodeSignedPreKeyRecord(encoded.subarray(0, -1)))).not.to.equal('none');
    expect(refusalOf(() => decodePreKeyRecord(new Uint8Array()))).to.equal('missing-field');
    const wrongType = encoded.slice();
    wrongType[4] = 6;
    expect(refusalOf(() => decodeSignedPreKeyRecord(wrongType))).to.equal('invalid-key');
  });
});

describe('a KEM key', () => {
  before(ready);

  it('is 1569 or 3169 bytes of type 8', () => {
    const kem = generateKemPreKey(new SeededRandom('kem'), { id: 1, identityKeyPair: identity(), nowMs: 1 });
    const { publicKey, secretKey } = kem.keyPair;
    expect(parseKemPublicKey(publicKey)).to.deep.equal(publicKey);
    for (const type of [0x05, 0x07, 0x0a]) {
      const other = publicKey.slice();
      other[0] = type;
      expect(refusalOf(() => parseKemPublicKey(other))).to.equal('invalid-key');
      const otherSecret = secretKey.clone();
      otherSecret.expose()[0] = type;
      expect(refusalOf(() => parseKemSecretKey(otherSecret))).to.equal('invalid-key');
    }
    expect(refusalOf(() => parseKemPublicKey(publicKey.subarray(1)))).to.equal('invalid-key');
    expect(refusalOf(() => parseKemPublicKey(concatBytes(publicKey, Uint8Array.of(0))))).to.equal(
      'invalid-key',
    );
    const short = new Secret('KemSecretKey', secretKey.expose().slice(1));
    expect(refusalOf(() => parseKemSecretKey(short))).to.equal('invalid-key');
  });
});

describe('a bundle', () => {
  const transcript = readSignalVectors<Transcript>('session-07-reestablish');
  const bundles = transcript.bundles.map(bundleOf);
  const [bundle] = bundles;

  before(ready);

  it('of libsignal verifies', () => {
    expect(bundles).to.have.lengthOf(2);
    for (const each of bundles) expect(refusalOf(() => verifyBundle(each))).to.equal('none');
  });

  it('is refused when a signature is wrong, missing or the other one', () => {
    const { signedPreKey, kemPreKey } = bundle as PreKeyBundle;
    const flipped = signedPreKey.signature.slice();
    flipped[3] = (flipped[3] as number) ^ 1;
    const changes: Partial<PreKeyBundle>[] = [
      { signedPreKey: { ...signedPreKey, signature: flipped } },
      { signedPreKey: { ...signedPreKey, signature: new Uint8Array() } },
      { signedPreKey: { ...signedPreKey, signature: kemPreKey.signature } },
      { kemPreKey: { ...kemPreKey, signature: signedPreKey.signature } },
      { kemPreKey: { ...kemPreKey, signature: kemPreKey.signature.subarray(1) } },
      { signedPreKey: { ...signedPreKey, publicKey: (bundle as PreKeyBundle).identityKey } },
    ];
    for (const change of changes) {
      const changed = { ...(bundle as PreKeyBundle), ...change };
      expect(refusalOf(() => verifyBundle(changed))).to.equal('invalid-signature');
    }
  });

  it('is refused when its identity key is not canonical or has a small order', () => {
    const { rows } = readSignalVectors<{
      rows: readonly { name: string; public: string; acceptedAsBaseKey: boolean }[];
    }>('edge-points');
    for (const row of rows.filter((each) => !each.acceptedAsBaseKey)) {
      const identityKey: PublicKey = parsePublicKey(Uint8Array.from(Buffer.from(row.public, 'hex')));
      const code = refusalOf(() => verifyBundle({ ...(bundle as PreKeyBundle), identityKey }));
      expect(code, row.name).to.equal('invalid-key');
    }
  });
});
