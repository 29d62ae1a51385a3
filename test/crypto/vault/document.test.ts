/** Holds part 1 of docs/at-rest.md and the code together: every example is opened. */

import { expect } from 'chai';
import { fromUtf8, toHex, utf8 } from '../../../crypto/bytes.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { Secret } from '../../../crypto/secret.ts';
import {
  KDF_MAX_MEMORY_KIB,
  KDF_MAX_PASSES,
  KDF_MIN_MEMORY_KIB,
  KDF_MIN_PASSES,
} from '../../../crypto/vault/limits.ts';
import { rowId } from '../../../crypto/vault/row-id.ts';
import { openRecord } from '../../../crypto/vault/sealed-record.ts';
import { decodeStoreHeader, encodeStoreHeader, findWrap } from '../../../crypto/vault/store-header.ts';
import { unwrapStoreKey } from '../../../crypto/vault/store-key.ts';
import { readDocExamples } from '../../support/doc-examples.ts';

const count = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => from + i);

describe('docs/at-rest.md, part 1', () => {
  const doc = readDocExamples('at-rest.md');
  const storeKey = new Secret('StoreKey', count(0x40, 32));

  before(ready);

  it('shows a store header that opens in both ways', () => {
    const header = decodeStoreHeader(doc.hex('store-header'));
    expect(encodeStoreHeader(header)).to.deep.equal(doc.hex('store-header'));
    expect(header.wraps).to.have.length(2);
    const byPassphrase = findWrap(header, 'passphrase');
    const byWords = findWrap(header, 'recovery');
    if (byPassphrase === undefined || byWords === undefined) throw new Error('a wrap is missing');
    expect(byPassphrase.kdf).to.deep.equal({ salt: count(0xa0, 16), memoryKiB: 65_536, passes: 3 });
    for (const opened of [
      unwrapStoreKey(byPassphrase, new Secret('PassphraseKey', count(0, 32))),
      unwrapStoreKey(byWords, new Secret('RecoveryWrapKey', count(0x20, 32))),
    ]) {
      expect(opened.expose()).to.deep.equal(storeKey.expose());
    }
  });

  it('shows a sealed row', () => {
    expect(fromUtf8(openRecord(storeKey, utf8('row'), doc.hex('sealed-row')))).to.equal('plaintext');
  });

  it('shows a row key', () => {
    expect(toHex(rowId(storeKey, utf8('id')))).to.equal(toHex(doc.hex('row-id')));
  });

  it('names floor and ceiling of the passphrase cost', () => {
    const floor = `Floor ${KDF_MIN_MEMORY_KIB / 1024} MiB and ${KDF_MIN_PASSES} passes`;
    const ceiling = `ceiling ${KDF_MAX_MEMORY_KIB / 1024} MiB and ${KDF_MAX_PASSES} passes`;
    expect(doc.text).to.contain(`${floor}, ${ceiling}`);
  });
});
