import { expect } from 'chai';
import { concatBytes, fromHex, utf8 } from '../../../crypto/bytes.ts';
import { generateKeyPair, parsePublicKey } from '../../../crypto/keys/keys.ts';
import { sign, signObject, verify, verifyObject, verifyStrict } from '../../../crypto/keys/signature.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { readSignalVectors } from '../../support/vectors.ts';

const message = utf8('a message');

describe('a signature', () => {
  const pair = generateKeyPair(new SeededRandom('signer'), 'identityKey');
  const other = generateKeyPair(new SeededRandom('somebody else'), 'identityKey');

  before(ready);

  it('draws 64 bytes by name and verifies under both rules', () => {
    const random = new SeededRandom('nonce');
    const signature = sign(pair.privateKey, message, random);
    expect(random.drawn).to.deep.equal(['signatureNonce']);
    expect(signature).to.have.lengthOf(64);
    expect(verify(pair.publicKey, message, signature)).to.equal(true);
    expect(verifyStrict(pair.publicKey, message, signature)).to.equal(true);
  });

  it('is refused for another key, another message and every flipped bit', () => {
    const signature = sign(pair.privateKey, message, new SeededRandom('nonce'));
    expect(verify(other.publicKey, message, signature)).to.equal(false);
    expect(verify(pair.publicKey, utf8('another message'), signature)).to.equal(false);
    for (let bit = 0; bit < 512; bit++) {
      const changed = signature.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verify(pair.publicKey, message, changed), `bit ${bit}`).to.equal(false);
    }
  });

  it('has exactly 64 bytes', () => {
    const signature = sign(pair.privateKey, message, new SeededRandom('nonce'));
    for (const bad of [new Uint8Array(), signature.subarray(1), concatBytes(signature, Uint8Array.of(0))]) {
      expect(verify(pair.publicKey, message, bad)).to.equal(false);
      expect(verifyStrict(pair.publicKey, message, bad)).to.equal(false);
      expect(verifyObject(pair.publicKey, 'account', message, bad)).to.equal(false);
    }
  });

  it('of a small-order key passes the strict rule never, Signal’s rule as recorded', () => {
    const { rows } = readSignalVectors<{
      rows: readonly {
        name: string;
        public: string;
        acceptedAsBaseKey: boolean;
        identityPointZeroScalarSignatureVerifies: boolean;
      }[];
    }>('edge-points');
    const signature = new Uint8Array(64);
    signature[0] = 1;
    for (const row of rows) {
      const publicKey = parsePublicKey(fromHex(row.public));
      const valid = verify(publicKey, utf8('m'), signature);
      expect(valid, row.name).to.equal(row.identityPointZeroScalarSignatureVerifies);
      expect(verifyStrict(publicKey, utf8('m'), signature), row.name).to.equal(false);
    }
  });

  it('of an object holds for its own domain and body alone', () => {
    const signature = signObject(pair.privateKey, 'account', message, new SeededRandom('object'));
    expect(verifyObject(pair.publicKey, 'account', message, signature)).to.equal(true);
    expect(verifyObject(pair.publicKey, 'device', message, signature)).to.equal(false);
    expect(verifyObject(pair.publicKey, 'account', utf8('a messagf'), signature)).to.equal(false);
    expect(verifyObject(other.publicKey, 'account', message, signature)).to.equal(false);
    expect(verify(pair.publicKey, message, signature)).to.equal(false);
    expect(verify(pair.publicKey, concatBytes(utf8('InteChat account v1\0'), message), signature)).to.equal(
      true,
    );
  });

  it('of an object cannot move bytes between domain and body', () => {
    const signature = signObject(pair.privateKey, 'a', utf8('b'), new SeededRandom('split'));
    expect(verifyObject(pair.publicKey, 'a v1\0b', new Uint8Array(), signature)).to.equal(false);
  });
});
