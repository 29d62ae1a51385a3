import { createHash, hkdfSync } from 'node:crypto';
import { expect } from 'chai';
import { toHex, utf8 } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import { KDF_MAX_MEMORY_KIB, KDF_MAX_PASSES, MAX_PASSPHRASE_BYTES } from '../../../crypto/vault/limits.ts';
import {
  authKdfParams,
  authSalt,
  checkKdfParams,
  deriveAuthKey,
  derivePassphraseKey,
  type KdfParams,
  makeKdfParams,
  normalizePassphrase,
  type Passphrase,
} from '../../../crypto/vault/passphrase.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const typed = (text: string): Passphrase => new Secret('Passphrase', utf8(text));
const fingerprint = new Uint8Array(32).fill(0xab);

describe('passphrase', () => {
  before(ready);

  it('is the same however it was composed', () => {
    for (const [a, b] of [
      ['Zürich', 'Zu\u0308rich'],
      ['ｐａｓｓ', 'pass'],
      ['①', '1'],
    ] as const) {
      expect(normalizePassphrase(typed(a)).expose()).to.deep.equal(normalizePassphrase(typed(b)).expose());
    }
    expect(normalizePassphrase(typed('Pass')).expose()).not.to.deep.equal(
      normalizePassphrase(typed('pass')).expose(),
    );
  });

  it('is copied, so that either box can be wiped', () => {
    const original = typed('correct horse');
    const normalized = normalizePassphrase(original);
    original.wipe();
    expect(normalized.expose()).to.deep.equal(utf8('correct horse'));
  });

  it('refuses nothing, too much and ill-formed text', () => {
    expect(refusalOf(() => normalizePassphrase(typed('')))).to.equal('passphrase-empty');
    const longest = 'x'.repeat(MAX_PASSPHRASE_BYTES);
    expect(normalizePassphrase(typed(longest)).length).to.equal(MAX_PASSPHRASE_BYTES);
    expect(refusalOf(() => normalizePassphrase(typed(`${longest}x`)))).to.equal('passphrase-too-long');
    // One character that NFKC makes eighteen of.
    const growing = '\ufdfa'.repeat(MAX_PASSPHRASE_BYTES / 4);
    expect(refusalOf(() => normalizePassphrase(typed(growing)))).to.equal('passphrase-too-long');
    const broken = new Secret('Passphrase', Uint8Array.of(0xff));
    expect(refusalOf(() => normalizePassphrase(broken))).to.equal('bad-utf8');
  });

  it('salts the auth key by relay and name', () => {
    const hash = createHash('sha256').update('InteChat auth v1').update(fingerprint).update('alice').digest();
    expect(toHex(authSalt(fingerprint, 'alice'))).to.equal(hash.subarray(0, 16).toString('hex'));
    expect(authSalt(fingerprint, 'bob')).not.to.deep.equal(authSalt(fingerprint, 'alice'));
    const other = new Uint8Array(32);
    expect(authSalt(other, 'alice')).not.to.deep.equal(authSalt(fingerprint, 'alice'));
  });

  it('has constants of its own for the auth key, whatever a relay says', () => {
    const params = authKdfParams(fingerprint, 'alice');
    expect(params).to.deep.equal({ salt: authSalt(fingerprint, 'alice'), memoryKiB: 65_536, passes: 3 });
  });

  it('draws a fresh salt for a store', () => {
    const random = new SeededRandom('salt');
    expect(makeKdfParams(random).salt).to.have.length(16);
    expect(makeKdfParams(random).salt).not.to.deep.equal(makeKdfParams(random).salt);
    expect(random.drawn).to.deep.equal(['salt', 'salt', 'salt']);
  });

  const good: KdfParams = { salt: new Uint8Array(16), memoryKiB: 65_536, passes: 3 };
  for (const [name, changes] of [
    ['one KiB below the floor', { memoryKiB: 65_535 }],
    ['no memory', { memoryKiB: 0 }],
    ['two passes', { passes: 2 }],
    ['no pass', { passes: 0 }],
    ['one KiB above the ceiling', { memoryKiB: KDF_MAX_MEMORY_KIB + 1 }],
    ['4 TiB', { memoryKiB: 0xffff_ffff }],
    ['one pass above the ceiling', { passes: KDF_MAX_PASSES + 1 }],
    ['a broken number', { memoryKiB: 65_536.5 }],
    ['a short salt', { salt: new Uint8Array(15) }],
  ] as const) {
    it(`refuses ${name} before any work is done`, () => {
      const params = { ...good, ...changes };
      expect(refusalOf(() => checkKdfParams(params))).to.equal('kdf-out-of-bounds');
      expect(refusalOf(() => derivePassphraseKey(typed('secret'), params))).to.equal('kdf-out-of-bounds');
    });
  }

  it('takes floor and ceiling themselves', () => {
    expect(refusalOf(() => checkKdfParams(good))).to.equal('none');
    const ceiling = { ...good, memoryKiB: KDF_MAX_MEMORY_KIB, passes: KDF_MAX_PASSES };
    expect(refusalOf(() => checkKdfParams(ceiling))).to.equal('none');
  });

  it('derives at full cost what Argon2id derives, and the auth key from it by HKDF', () => {
    // Argon2id of "Zürich 1" (NFKC), salt below, 64 MiB, 3 passes, 1 lane; computed with another library.
    const passphraseKey = derivePassphraseKey(typed('Zu\u0308rich ①'), authKdfParams(fingerprint, 'alice'));
    expect(toHex(passphraseKey.expose())).to.equal(
      'ec649d701521d32c5fd51bd46de553f09ff1e587814c8c8a077a06f049385185',
    );
    const okm = hkdfSync('sha256', passphraseKey.expose(), '', 'InteChat auth', 32);
    expect(toHex(deriveAuthKey(passphraseKey).expose())).to.equal(Buffer.from(okm).toString('hex'));
  });
});
