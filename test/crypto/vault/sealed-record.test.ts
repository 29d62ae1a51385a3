import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { concatBytes, toHex, utf8 } from '../../../crypto/bytes.ts';
import { StoreError } from '../../../crypto/errors.ts';
import { aeadOpen } from '../../../crypto/primitives/aead.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import { MAX_RECORD_PLAINTEXT_BYTES } from '../../../crypto/vault/limits.ts';
import { rowId } from '../../../crypto/vault/row-id.ts';
import { openRecord, SEALED_RECORD_OVERHEAD, sealRecord } from '../../../crypto/vault/sealed-record.ts';
import { refusalOf } from '../../support/refusal.ts';
import { seededBytes } from '../../support/seeded-bytes.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

describe('sealed record', () => {
  const storeKey = new Secret('StoreKey', seededBytes('store', 32));
  const random = new SeededRandom('sealed record');
  const rowKey = utf8('row');

  before(ready);

  it('round-trips every row', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.uint8Array({ maxLength: 40 }), (plaintext, key) => {
        const sealed = sealRecord(storeKey, key, plaintext, random);
        expect(sealed).to.have.length(plaintext.length + SEALED_RECORD_OVERHEAD);
        expect(openRecord(storeKey, key, sealed)).to.deep.equal(plaintext);
      }),
    );
  });

  it('round-trips a row larger than any buffer in use', () => {
    const plaintext = seededBytes('large', 300_000);
    const sealed = sealRecord(storeKey, rowKey, plaintext, random);
    expect(Buffer.compare(openRecord(storeKey, rowKey, sealed), plaintext)).to.equal(0);
  });

  it('is version 1, a drawn nonce, and XChaCha20-Poly1305 bound to domain and row key', () => {
    const plaintext = utf8('plaintext');
    const sealed = sealRecord(storeKey, rowKey, plaintext, new SeededRandom('layout'));
    expect(sealed[0]).to.equal(1);
    expect(sealed.slice(1, 25)).to.deep.equal(new SeededRandom('layout').draw('recordNonce', 24));
    const aad = concatBytes(utf8('InteChat row v1\0'), rowKey);
    expect(aeadOpen(storeKey.expose(), sealed.slice(1, 25), aad, sealed.slice(25))).to.deep.equal(plaintext);
  });

  it('never repeats a nonce', () => {
    const seals = Array.from({ length: 100 }, () => toHex(sealRecord(storeKey, rowKey, rowKey, random)));
    expect(new Set(seals).size).to.equal(100);
  });

  it('does not open in another place, or with another key', () => {
    const sealed = sealRecord(storeKey, rowKey, rowKey, random);
    for (const other of ['', 'ro', 'rows', 'Row']) {
      expect(refusalOf(() => openRecord(storeKey, utf8(other), sealed))).to.equal('damaged-record');
    }
    const otherKey = new Secret('StoreKey', seededBytes('other', 32));
    expect(refusalOf(() => openRecord(otherKey, rowKey, sealed))).to.equal('damaged-record');
  });

  it('does not open with any bit flipped or any byte cut off', () => {
    const sealed = sealRecord(storeKey, rowKey, utf8('some text'), random);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = sealed.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const code = bit < 8 && bit > 0 ? 'store-too-new' : 'damaged-record';
      expect(
        refusalOf(() => openRecord(storeKey, rowKey, flipped)),
        String(bit),
      ).to.equal(code);
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(refusalOf(() => openRecord(storeKey, rowKey, sealed.slice(0, length)))).to.equal(
        'damaged-record',
      );
    }
  });

  it('changes neither key, row key nor plaintext', () => {
    const plaintext = seededBytes('plaintext', 50);
    sealRecord(storeKey, rowKey, plaintext, random);
    expect(plaintext).to.deep.equal(seededBytes('plaintext', 50));
    expect(storeKey.expose()).to.deep.equal(seededBytes('store', 32));
    expect(rowKey).to.deep.equal(utf8('row'));
  });

  it('refuses a row above 16 MiB', () => {
    const plaintext = new Uint8Array(MAX_RECORD_PLAINTEXT_BYTES + 1);
    expect(refusalOf(() => sealRecord(storeKey, rowKey, plaintext, random))).to.equal('record-too-large');
  });

  it('fails only with its own error on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => openRecord(storeKey, rowKey, bytes)).to.throw(StoreError);
      }),
    );
  });

  it('says nothing after the store key was wiped', () => {
    const wiped = new Secret('StoreKey', seededBytes('store', 32));
    wiped.wipe();
    expect(refusalOf(() => sealRecord(wiped, rowKey, rowKey, random))).to.equal('bug');
    // Not "damaged": the row may be whole, and nobody should throw it away for a fault of ours.
    const sealed = sealRecord(storeKey, rowKey, rowKey, random);
    expect(refusalOf(() => openRecord(wiped, rowKey, sealed))).to.equal('bug');
    expect(refusalOf(() => rowId(wiped, rowKey))).to.equal('bug');
  });
});

describe('row id', () => {
  it('is the first half of HMAC-SHA256 under the store key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (id) => {
        const storeKey = new Secret('StoreKey', seededBytes('store', 32));
        const hmac = createHmac('sha256', storeKey.expose()).update(id).digest('hex');
        expect(toHex(rowId(storeKey, id))).to.equal(hmac.slice(0, 32));
      }),
    );
  });
});
