import { expect } from 'chai';
import { concatBytes, fromHex, toHex, utf8 } from '../../../crypto/bytes.ts';
import { parsePublicKey } from '../../../crypto/keys/keys.ts';
import {
  compareScannable,
  displayableFingerprint,
  type FingerprintParams,
  fingerprintHash,
  formatSafetyNumber,
  scannableFingerprint,
} from '../../../crypto/trust/fingerprint.ts';
import { refusalOf } from '../../support/refusal.ts';
import { readSignalVectors } from '../../support/vectors.ts';

interface Case {
  readonly version: number;
  readonly iterations: number;
  readonly localId: string;
  readonly localKey: string;
  readonly remoteId: string;
  readonly remoteKey: string;
  readonly localHash: string;
  readonly remoteHash: string;
  readonly display: string;
  readonly scannable: string;
  readonly remoteScannable: string;
}

function paramsOf(each: Case): FingerprintParams {
  return {
    iterations: each.iterations,
    localId: fromHex(each.localId),
    localKey: parsePublicKey(fromHex(each.localKey)),
    remoteId: fromHex(each.remoteId),
    remoteKey: parsePublicKey(fromHex(each.remoteKey)),
  };
}

function exchanged(params: FingerprintParams): FingerprintParams {
  const { localId, localKey, remoteId, remoteKey } = params;
  return { ...params, localId: remoteId, localKey: remoteKey, remoteId: localId, remoteKey: localKey };
}

describe('safety numbers', () => {
  const { cases } = readSignalVectors<{ cases: readonly Case[] }>('fingerprints');
  const [first] = cases;

  it('stand in ten recorded cases', () => {
    expect(cases).to.have.lengthOf(10);
  });

  for (const [index, each] of cases.entries()) {
    it(`reproduce case ${index} (${each.iterations} iterations, version ${each.version}) from both ends`, () => {
      const params = paramsOf(each);
      expect(toHex(fingerprintHash(each.iterations, params.localId, params.localKey))).to.equal(
        each.localHash,
      );
      expect(toHex(fingerprintHash(each.iterations, params.remoteId, params.remoteKey))).to.equal(
        each.remoteHash,
      );
      expect(displayableFingerprint(params)).to.equal(each.display);
      expect(displayableFingerprint(exchanged(params))).to.equal(each.display);
      expect(toHex(scannableFingerprint(params, each.version))).to.equal(each.scannable);
      expect(toHex(scannableFingerprint(exchanged(params), each.version))).to.equal(each.remoteScannable);
      expect(compareScannable(fromHex(each.scannable), fromHex(each.remoteScannable))).to.equal(true);
    });
  }

  it('count 5200 iterations and version 2 when nothing else is said', () => {
    const { localId, localKey, remoteId, remoteKey } = paramsOf(first as Case);
    const plain = { localId, localKey, remoteId, remoteKey };
    expect(displayableFingerprint(plain)).to.equal(displayableFingerprint({ ...plain, iterations: 5200 }));
    expect(scannableFingerprint(plain)[1]).to.equal(2);
  });

  it('differ when a key or an id differs', () => {
    const params = { ...paramsOf(first as Case), iterations: 2 };
    const display = displayableFingerprint(params);
    expect(displayableFingerprint({ ...params, localKey: params.remoteKey })).not.to.equal(display);
    expect(displayableFingerprint({ ...params, remoteId: utf8('someone else') })).not.to.equal(display);
  });

  it('do not match themselves, a stranger, or a changed half', () => {
    const each = first as Case;
    expect(compareScannable(fromHex(each.scannable), fromHex(each.scannable))).to.equal(false);
    for (const position of [10, 50]) {
      const changed = fromHex(each.remoteScannable);
      changed[position] = (changed[position] as number) ^ 1;
      expect(compareScannable(fromHex(each.scannable), changed)).to.equal(false);
    }
  });

  it('refuse to compare different versions', () => {
    const params = { ...paramsOf(first as Case), iterations: 2 };
    const mine = scannableFingerprint(params, 1);
    const theirs = scannableFingerprint(exchanged(params), 2);
    expect(refusalOf(() => compareScannable(mine, theirs))).to.equal('version-mismatch');
  });

  it('refuse what is no scannable fingerprint', () => {
    const scannable = fromHex((first as Case).scannable);
    for (const bad of [new Uint8Array(), scannable.subarray(1), scannable.subarray(0, 40), utf8('hello')]) {
      expect(refusalOf(() => compareScannable(bad, scannable))).to.equal('bad-fingerprint');
      expect(refusalOf(() => compareScannable(scannable, bad))).to.equal('bad-fingerprint');
    }
    const tooLong = concatBytes(fromHex('080112430a41'), new Uint8Array(65), fromHex('1a020a00'));
    expect(refusalOf(() => compareScannable(tooLong, scannable))).to.equal('bad-fingerprint');
  });

  it('refuse iterations outside 2 to 1,000,000', () => {
    const params = paramsOf(first as Case);
    for (const iterations of [-1, 0, 1, 2.5, 1_000_001, Number.NaN]) {
      expect(refusalOf(() => displayableFingerprint({ ...params, iterations }))).to.equal('bad-iterations');
    }
  });

  it('are read out in twelve groups of five digits', () => {
    const groups = formatSafetyNumber((first as Case).display);
    expect(groups).to.have.lengthOf(12);
    expect(groups.every((group) => /^\d{5}$/.test(group))).to.equal(true);
    expect(groups.join('')).to.equal((first as Case).display);
    for (const bad of ['', '1'.repeat(59), '1'.repeat(61), `${'1'.repeat(59)}x`]) {
      expect(refusalOf(() => formatSafetyNumber(bad))).to.equal('bad-fingerprint');
    }
  });
});
