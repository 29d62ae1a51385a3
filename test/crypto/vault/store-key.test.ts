import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { concatBytes, toHex } from '../../../crypto/bytes.ts';
import { ChatError } from '../../../crypto/errors.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import type { KdfParams } from '../../../crypto/vault/passphrase.ts';
import {
  decodeStoreHeader,
  encodeStoreHeader,
  findWrap,
  removeWrap,
  replaceWrap,
  type StoreHeader,
  type StoreKeyWrap,
  WRAP_KIND,
} from '../../../crypto/vault/store-header.ts';
import {
  generateKeyFileKey,
  generateStoreKey,
  unwrapStoreKey,
  type WrappingKey,
  wrapStoreKey,
} from '../../../crypto/vault/store-key.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const kdf: KdfParams = { salt: seededBytes('salt', 16), memoryKiB: 65_536, passes: 3 };
const passphraseKey = () => new Secret('PassphraseKey', seededBytes('passphrase', 32));
const keyFileKey = () => new Secret('KeyFileKey', seededBytes('key file', 32));
const recoveryKey = () => new Secret('RecoveryWrapKey', seededBytes('recovery', 32));

describe('store key', () => {
  const random = new SeededRandom('store key');
  const storeKey = new Secret('StoreKey', seededBytes('store', 32));
  let header: StoreHeader;

  before(async () => {
    await ready();
    header = {
      wraps: [
        wrapStoreKey(storeKey, passphraseKey(), random, kdf),
        wrapStoreKey(storeKey, keyFileKey(), random),
        wrapStoreKey(storeKey, recoveryKey(), random),
      ],
    };
  });

  const wrapOf = (kind: keyof typeof WRAP_KIND): StoreKeyWrap => {
    const wrap = findWrap(header, kind);
    if (wrap === undefined) throw new Error('no such wrap');
    return wrap;
  };

  it('does not call a fault of our own a wrong passphrase', () => {
    const cut = { ...wrapOf('passphrase'), nonce: new Uint8Array(23) };
    expect(refusalOf(() => unwrapStoreKey(cut, passphraseKey()))).to.equal('bug');
  });

  it('opens by passphrase, key file and recovery words alike', () => {
    for (const [kind, key] of [
      ['passphrase', passphraseKey()],
      ['keyFile', keyFileKey()],
      ['recovery', recoveryKey()],
    ] as const) {
      expect(unwrapStoreKey(wrapOf(kind), key).expose()).to.deep.equal(storeKey.expose());
    }
  });

  it('is 32 fresh bytes, as is a key file', () => {
    const draws = new SeededRandom('fresh');
    expect(generateStoreKey(draws).length).to.equal(32);
    expect(generateKeyFileKey(draws).length).to.equal(32);
    expect(draws.drawn).to.deep.equal(['storeKey', 'storeKey']);
  });

  for (const [kind, key, code] of [
    ['passphrase', () => new Secret('PassphraseKey', new Uint8Array(32)), 'wrong-passphrase'],
    ['keyFile', () => new Secret('KeyFileKey', new Uint8Array(32)), 'wrong-key-file'],
    ['recovery', () => new Secret('RecoveryWrapKey', new Uint8Array(32)), 'wrong-recovery-words'],
  ] as const) {
    it(`answers ${code} to a wrong key and to every changed bit of the ${kind} wrap alike`, () => {
      const right = { passphrase: passphraseKey, keyFile: keyFileKey, recovery: recoveryKey }[kind];
      const wrong = errorOf(wrapOf(kind), key());
      expect(wrong.code).to.equal(code);
      const start = 9 + 97 * (WRAP_KIND[kind] - 1);
      // Byte 0 is the kind, which selects the wrap and is tried below.
      for (let bit = 8; bit < 97 * 8; bit++) {
        const bytes = encodeStoreHeader(header);
        const at = start + (bit >> 3);
        bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
        const wrap = findWrap(decodeStoreHeader(bytes), kind);
        if (wrap === undefined) throw new Error('no such wrap');
        const tampered = errorOf(wrap, right());
        expect(tampered.code, String(bit)).to.equal(wrong.code);
        expect(tampered.message).to.equal(wrong.message);
        expect(tampered.cause).to.equal(wrong.cause);
      }
    });
  }

  function errorOf(wrap: StoreKeyWrap, key: WrappingKey): ChatError {
    try {
      unwrapStoreKey(wrap, key);
    } catch (error) {
      if (error instanceof ChatError) return error;
      throw error;
    }
    throw new Error('opened');
  }

  it('does not open a wrap of another kind with the same 32 bytes', () => {
    const bytes = seededBytes('passphrase', 32);
    const asKeyFile = { ...wrapOf('passphrase'), kind: WRAP_KIND.keyFile };
    expect(refusalOf(() => unwrapStoreKey(asKeyFile, new Secret('KeyFileKey', bytes.slice())))).to.equal(
      'wrong-key-file',
    );
    expect(refusalOf(() => unwrapStoreKey(wrapOf('passphrase'), new Secret('KeyFileKey', bytes)))).to.equal(
      'wrong-key-file',
    );
  });

  it('refuses to wrap under a cheap passphrase', () => {
    for (const changes of [{ memoryKiB: 8192 }, { passes: 1 }, { memoryKiB: 0, passes: 0 }]) {
      const cheap = { ...kdf, ...changes };
      expect(refusalOf(() => wrapStoreKey(storeKey, passphraseKey(), random, cheap))).to.equal(
        'kdf-out-of-bounds',
      );
    }
    expect(refusalOf(() => wrapStoreKey(storeKey, passphraseKey(), random))).to.equal('kdf-out-of-bounds');
  });

  it('changes one wrap and leaves the others', () => {
    const other = new Secret('PassphraseKey', seededBytes('new passphrase', 32));
    const changed = replaceWrap(header, wrapStoreKey(storeKey, other, random, kdf));
    const opened = findWrap(decodeStoreHeader(encodeStoreHeader(changed)), 'passphrase');
    expect(changed.wraps).to.have.length(3);
    expect(opened === undefined ? '' : toHex(unwrapStoreKey(opened, other).expose())).to.equal(
      toHex(storeKey.expose()),
    );
    expect(opened === undefined ? '' : errorOf(opened, passphraseKey()).code).to.equal('wrong-passphrase');
    expect(findWrap(changed, 'recovery')).to.deep.equal(wrapOf('recovery'));
    expect(findWrap(removeWrap(changed, 'recovery'), 'recovery')).to.equal(undefined);
    expect(findWrap(header, 'recovery')).not.to.equal(undefined);
  });

  it('shows nothing of itself', () => {
    expect(inspect(storeKey)).to.equal('StoreKey(32 bytes)');
    expect(inspect(header)).not.to.contain(toHex(storeKey.expose()));
  });
});

describe('store header', () => {
  const wrap = (kind: number): StoreKeyWrap => ({
    kind,
    kdf,
    nonce: seededBytes('nonce', 24),
    sealed: seededBytes('sealed', 48),
  });

  it('round-trips every header', () => {
    const anyBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const anyWrap = fc.record({
      kind: fc.nat(255),
      kdf: fc.record({
        salt: anyBytes(16),
        memoryKiB: fc.nat(0x7fff_ffff),
        passes: fc.nat(0x7fff_ffff),
      }),
      nonce: anyBytes(24),
      sealed: anyBytes(48),
    });
    fc.assert(
      fc.property(fc.array(anyWrap, { minLength: 1, maxLength: 8 }), (wraps) => {
        expect(decodeStoreHeader(encodeStoreHeader({ wraps }))).to.deep.equal({ wraps });
      }),
    );
  });

  it('keeps ways in that a later version knows', () => {
    const header = decodeStoreHeader(encodeStoreHeader({ wraps: [wrap(1), wrap(200)] }));
    const changed = replaceWrap(header, wrap(1));
    expect(changed.wraps.map(({ kind }) => kind)).to.deep.equal([200, 1]);
    expect(removeWrap(changed, 'passphrase').wraps.map(({ kind }) => kind)).to.deep.equal([200]);
  });

  it('refuses no wrap and more than eight', () => {
    expect(refusalOf(() => encodeStoreHeader({ wraps: [] }))).to.equal('bad-store-header');
    const nine = { wraps: Array.from({ length: 9 }, () => wrap(1)) };
    expect(refusalOf(() => encodeStoreHeader(nine))).to.equal('bad-store-header');
  });

  it('tells a store of a later version from a damaged one', () => {
    const bytes = encodeStoreHeader({ wraps: [wrap(1)] });
    bytes[7] = 2;
    expect(refusalOf(() => decodeStoreHeader(bytes))).to.equal('store-too-new');
    bytes[7] = 0;
    expect(refusalOf(() => decodeStoreHeader(bytes))).to.equal('bad-store-header');
  });

  it('refuses every other length and a wrong beginning', () => {
    const bytes = encodeStoreHeader({ wraps: [wrap(1), wrap(3)] });
    for (let length = 0; length < bytes.length; length++) {
      expect(refusalOf(() => decodeStoreHeader(bytes.slice(0, length)))).to.equal('bad-store-header');
    }
    expect(refusalOf(() => decodeStoreHeader(concatBytes(bytes, Uint8Array.of(0))))).to.equal(
      'bad-store-header',
    );
    for (let i = 0; i < 7; i++) {
      const changed = bytes.map((byte, at) => (at === i ? byte ^ 0x20 : byte));
      expect(refusalOf(() => decodeStoreHeader(changed))).to.equal('bad-store-header');
    }
  });

  it('fails only with typed errors on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          decodeStoreHeader(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(ChatError);
        }
      }),
    );
  });
});
