import { hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  deriveBackupKeys,
  deriveRecoveryWrapKey,
  deriveRootKeyPair,
  formatRecoveryWords,
  generateRecoverySecret,
  parseRecoveryWords,
} from '../../../crypto/account/recovery.ts';
import { fromUtf8, toHex, utf8 } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const zeros = () => new Secret('RecoverySecret', new Uint8Array(32));

describe('recovery secret', () => {
  before(ready);

  it('is drawn under its own name', () => {
    const random = new SeededRandom('recovery');
    expect(generateRecoverySecret(random).length).to.equal(32);
    expect(random.drawn).to.deep.equal(['recoverySecret']);
  });

  it('is 24 words and comes back from them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const words = formatRecoveryWords(new Secret('RecoverySecret', bytes.slice()));
        expect(fromUtf8(words.expose()).split(' ')).to.have.length(24);
        expect(parseRecoveryWords(words).expose()).to.deep.equal(bytes);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses words that are not its own', () => {
    const parse = (text: string) =>
      refusalOf(() => parseRecoveryWords(new Secret('RecoveryWords', utf8(text))));
    expect(parse('one two three')).to.equal('recovery-words-count');
    expect(parse('abandon '.repeat(24))).to.equal('recovery-words-checksum');
    expect(parse(`${'abandon '.repeat(23)}xyzzy`)).to.equal('recovery-words-unknown');
  });

  it('gives each purpose a key of its own', () => {
    const { backupKey, locator, token } = deriveBackupKeys(zeros());
    const all = [
      deriveRootKeyPair(zeros()).privateKey.secret.expose(),
      deriveRecoveryWrapKey(zeros()).expose(),
      backupKey.expose(),
      locator,
      token.expose(),
    ].map(toHex);
    expect(new Set(all).size).to.equal(all.length);
  });

  it('derives by HKDF-SHA256 without salt under fixed names', () => {
    const okm = (info: string) =>
      Buffer.from(hkdfSync('sha256', new Uint8Array(32), '', info, 32)).toString('hex');
    expect(toHex(deriveRecoveryWrapKey(zeros()).expose())).to.equal(okm('InteChat recovery store v1'));
    const { backupKey, locator, token } = deriveBackupKeys(zeros());
    expect(toHex(backupKey.expose())).to.equal(okm('InteChat recovery backup key v1'));
    expect(toHex(locator)).to.equal(okm('InteChat recovery backup locator v1'));
    expect(toHex(token.expose())).to.equal(okm('InteChat recovery backup token v1'));
    const root = Buffer.from(okm('InteChat recovery root v1'), 'hex');
    root[0] = (root[0] as number) & 0xf8;
    root[31] = ((root[31] as number) & 0x7f) | 0x40;
    expect(toHex(deriveRootKeyPair(zeros()).privateKey.secret.expose())).to.equal(root.toString('hex'));
  });

  it('leaves the secret usable and shows none of it', () => {
    const secret = zeros();
    const words = formatRecoveryWords(secret);
    deriveRootKeyPair(secret);
    deriveBackupKeys(secret);
    expect(secret.wiped).to.equal(false);
    expect(inspect(words)).not.to.contain('abandon');
    expect(String(words)).not.to.contain('abandon');
  });
});
