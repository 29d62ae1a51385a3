import { expect } from 'chai';
import { concatBytes, utf8 } from '../../../crypto/bytes.ts';
import { generateKeyPair, type KeyPair } from '../../../crypto/keys/keys.ts';
import { canSignObject, sign, signObject, verifyObject } from '../../../crypto/keys/signature.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const DOMAINS = ['hello', 'session', 'record', 'device', 'enrolment', 'endorsement'];

describe('signed object', () => {
  const random = new SeededRandom('signed objects');
  let keyPair: KeyPair;
  before(async () => {
    await ready();
    keyPair = generateKeyPair(random, 'identityKey');
  });

  it('never has the length of a pre-key that the same key signs for Signal', () => {
    for (const domain of DOMAINS) {
      const prefix = utf8(`InteChat ${domain} v1\0`);
      for (const length of [33, 1569]) {
        const body = new Uint8Array(length - prefix.length);
        expect(canSignObject(domain, body)).to.equal(false);
        expect(refusalOf(() => signObject(keyPair.privateKey, domain, body, random))).to.equal('bug');
        // Also when somebody made the key sign exactly these bytes in another way.
        const signature = sign(keyPair.privateKey, concatBytes(prefix, body), random);
        expect(verifyObject(keyPair.publicKey, domain, body, signature)).to.equal(false);
        const longer = concatBytes(body, Uint8Array.of(0));
        const honest = signObject(keyPair.privateKey, domain, longer, random);
        expect(verifyObject(keyPair.publicKey, domain, longer, honest)).to.equal(true);
      }
    }
  });

  it('begins with letters, never with the FF of an alternate identity', () => {
    for (const domain of DOMAINS) expect(utf8(`InteChat ${domain} v1\0`)[0]).to.equal(0x49);
  });

  it('of one kind is never read as one of another kind', () => {
    const body = new Uint8Array(113).fill(3);
    for (const signed of DOMAINS) {
      const signature = signObject(keyPair.privateKey, signed, body, random);
      for (const read of DOMAINS) {
        expect(verifyObject(keyPair.publicKey, read, body, signature)).to.equal(read === signed);
      }
    }
  });
});
