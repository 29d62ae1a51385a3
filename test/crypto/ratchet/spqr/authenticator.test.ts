import { expect } from 'chai';
import { concatBytes, fromHex, toHex } from '../../../../crypto/bytes.ts';
import {
  ciphertextMac,
  headerMac,
  startAuthenticator,
  updateAuthenticator,
  verifyCiphertext,
  verifyHeader,
} from '../../../../crypto/ratchet/spqr/authenticator.ts';
import { Secret } from '../../../../crypto/secret.ts';
import { readVectors } from './support.ts';

interface Vectors {
  readonly authenticator: {
    readonly authKey: string;
    readonly epoch1Secret: string;
    readonly initial: { readonly root: string; readonly mac: string };
    readonly header: string;
    readonly headerMacEpoch1: string;
    readonly afterUpdateEpoch1: {
      readonly root: string;
      readonly mac: string;
      readonly ciphertextMac: string;
    };
  };
  readonly incrementalMlKem768: readonly { readonly ct1: string; readonly ct2: string }[];
}

const vectors = readVectors<Vectors>('spqr-components.json');
const { authKey, epoch1Secret, initial, header, headerMacEpoch1, afterUpdateEpoch1 } = vectors.authenticator;
const ct1 = fromHex(vectors.incrementalMlKem768[0]?.ct1 ?? '');
const ct2 = fromHex(vectors.incrementalMlKem768[0]?.ct2 ?? '');
const start = () => startAuthenticator(new Secret('PqRatchetKey', fromHex(authKey)));
const updated = () => updateAuthenticator(start(), 1, new Secret('PqEpochSecret', fromHex(epoch1Secret)));

describe('SPQR authenticator', () => {
  it('starts at the recorded root and MAC key', () => {
    expect(toHex(start().expose())).to.equal(initial.root + initial.mac);
  });

  it('makes the recorded header MAC before the update and the recorded ciphertext MAC after it', () => {
    expect(toHex(headerMac(start(), 1, fromHex(header)))).to.equal(headerMacEpoch1);
    expect(toHex(updated().expose())).to.equal(afterUpdateEpoch1.root + afterUpdateEpoch1.mac);
    expect(toHex(ciphertextMac(updated(), 1, ct1, ct2))).to.equal(afterUpdateEpoch1.ciphertextMac);
  });

  it('verifies its own MACs and none with another epoch, another input or a flipped bit', () => {
    const authenticator = updated();
    const mac = headerMac(authenticator, 2, fromHex(header));
    expect(verifyHeader(authenticator, 2, fromHex(header), mac)).to.equal(true);
    expect(verifyHeader(authenticator, 3, fromHex(header), mac)).to.equal(false);
    expect(verifyHeader(start(), 2, fromHex(header), mac)).to.equal(false);
    const ciphertext = ciphertextMac(authenticator, 2, ct1, ct2);
    expect(verifyCiphertext(authenticator, 2, ct1, ct2, ciphertext)).to.equal(true);
    expect(verifyCiphertext(authenticator, 1, ct1, ct2, ciphertext)).to.equal(false);
    expect(verifyHeader(authenticator, 2, concatBytes(ct1, ct2), ciphertext)).to.equal(false);
    for (let bit = 0; bit < 256; bit++) {
      const forged = ciphertext.slice();
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyCiphertext(authenticator, 2, ct1, ct2, forged)).to.equal(false);
    }
  });

  it('leaves its inputs as they are', () => {
    const before = start();
    const secret = new Secret('PqEpochSecret', fromHex(epoch1Secret));
    updateAuthenticator(before, 1, secret);
    expect(toHex(before.expose())).to.equal(initial.root + initial.mac);
    expect(toHex(secret.expose())).to.equal(epoch1Secret);
  });
});
