// Goal: a record survives its stored form unchanged, damage ends in a typed error, and steps are values.

import { expect } from 'chai';
import fc from 'fast-check';
import { readUint32, toHex, uint32, utf8 } from '../../../crypto/bytes.ts';
import { CodecError } from '../../../crypto/errors.ts';
import {
  type AnySecret,
  decodeSessionRecord,
  decryptMessage,
  encodeSessionRecord,
  encryptMessage,
  type SessionRecord,
} from '../../../crypto/index.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { recordSecrets } from '../../../crypto/session/record.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { acknowledgedPair, exchange, NOW_MS, newPair, recordWith } from './pair.ts';

describe('a session record', () => {
  before(ready);

  function richRecord(): SessionRecord {
    const { alice, bob } = acknowledgedPair();
    const late = Array.from({ length: 5 }, () => alice.send(bob, 'late'));
    exchange(alice, bob, 'newest');
    alice.open(bob);
    exchange(alice, bob, 'second session');
    expect(late).to.have.lengthOf(5);
    return recordWith(bob, alice);
  }

  it('is the same after it was stored and loaded', () => {
    const { alice, bob } = newPair();
    const records = [
      richRecord(),
      recordWith(alice, bob),
      { current: undefined, archived: [] },
      { ...richRecord(), current: undefined },
    ];
    for (const record of records) {
      const encoded = encodeSessionRecord(record);
      expect(toHex(encodeSessionRecord(decodeSessionRecord(encoded)))).to.equal(toHex(encoded));
    }
  });

  it('shares no memory with the bytes that it was loaded from', () => {
    const encoded = encodeSessionRecord(richRecord());
    const before = toHex(encoded);
    const record = decodeSessionRecord(encoded);
    encoded.fill(0);
    expect(toHex(encodeSessionRecord(record))).to.equal(before);
  });

  it('is refused when it is cut off, continued or of another version', () => {
    const encoded = encodeSessionRecord(richRecord());
    for (let length = 0; length < encoded.length; length += 37) {
      expect(refusalOf(() => decodeSessionRecord(encoded.subarray(0, length)))).to.be.oneOf(BAD_STATE);
    }
    expect(refusalOf(() => decodeSessionRecord(Uint8Array.of(...encoded, 0)))).to.equal('bad-session-record');
    for (const [offset, value] of [
      [0, 2],
      [1, 2],
      [2, 41],
    ] as const) {
      const changed = encoded.slice();
      changed[offset] = value;
      expect(refusalOf(() => decodeSessionRecord(changed))).to.equal('bad-session-record');
    }
  });

  it('is refused when its skipped messages are out of order, twice there, or still to come', () => {
    const { alice, bob } = acknowledgedPair();
    for (let i = 0; i < 3; i++) alice.send(bob, 'late');
    exchange(alice, bob, 'newest');
    const encoded = encodeSessionRecord(recordWith(bob, alice));
    const chain = recordWith(bob, alice).current?.ratchet.doubleRatchet.receivingChains.at(-1);
    const block = chain?.skipped.blocks[0]?.expose() ?? new Uint8Array();
    const start = toHex(encoded).indexOf(toHex(block)) / 2;
    const counters = [0, 1, 2].map((i) => readUint32(encoded, start + i * 36));
    expect(counters).to.deep.equal([0, 1, 2]);
    for (const changedCounters of [
      [1, 0, 2],
      [0, 0, 1],
      [0, 1, chain?.index ?? 0],
    ]) {
      const changed = encoded.slice();
      for (const [i, counter] of changedCounters.entries()) changed.set(uint32(counter), start + i * 36);
      expect(refusalOf(() => decodeSessionRecord(changed))).to.equal('bad-session-record');
    }
  });

  it('is refused with a one-time pre-key and nothing that it belongs to', () => {
    const encoded = encodeSessionRecord(richRecord());
    const changed = encoded.slice();
    const flags = 3 + 4 + 33;
    expect(changed[flags]).to.equal(0);
    changed[flags] = 2;
    expect(refusalOf(() => decodeSessionRecord(changed))).to.equal('bad-session-record');
  });

  it('is refused with a typed error, or taken, whatever byte of it is damaged', () => {
    const encoded = encodeSessionRecord(richRecord());
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.integer({ min: 1, max: 255 }), (offset, mask) => {
        const changed = encoded.slice();
        changed[offset] = (changed[offset] as number) ^ mask;
        try {
          encodeSessionRecord(decodeSessionRecord(changed));
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
        }
      }),
      { numRuns: 2000, seed: 20_261 },
    );
  });

  it('is never made of arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        if (bytes[0] === 1 && bytes[1] === 0) return;
        expect(refusalOf(() => decodeSessionRecord(bytes))).to.be.oneOf(BAD_STATE);
      }),
      { seed: 20_261 },
    );
  });

  it('is left as it was by every step, and names what the step has spent', () => {
    const { alice, bob } = newPair();
    const preKeys = {
      oneTimePreKey: (id: number) => bob.party.store.preKeys.get(id),
      signedPreKey: (id: number) => bob.party.store.signedPreKeys.get(id),
      kemPreKey: (id: number) => bob.party.store.kemPreKeys.get(id),
    };
    let ours: SessionRecord | undefined;
    for (let i = 0; i < 12; i++) {
      if (i === 6) alice.open(bob);
      const message = alice.send(bob, `${i}`);
      const params = { local: bob.party.store.local, remote: alice.address, preKeys, nowMs: NOW_MS };
      const received = checkStep(ours, (record) =>
        decryptMessage({ ...params, record, message }, new SeededRandom(`r${i}`)),
      );
      const sent = checkStep(received, (record) =>
        encryptMessage({ ...params, record, plaintext: utf8('answer') }, new SeededRandom(`s${i}`)),
      );
      ours = sent;
    }
    expect(ours?.archived).to.have.lengthOf(1);
  });
});

const BAD_STATE = ['bad-session-record', 'bad-spqr-state', 'invalid-key'];

interface RecordStep {
  readonly state: SessionRecord;
  readonly spent: readonly AnySecret[];
}

function checkStep(
  record: SessionRecord | undefined,
  run: (record: SessionRecord | undefined) => RecordStep,
): SessionRecord {
  const before = record === undefined ? '' : toHex(encodeSessionRecord(record));
  const step = run(record);
  if (record !== undefined) expect(toHex(encodeSessionRecord(record)) === before).to.equal(true);
  const kept = new Set(recordSecrets(step.state));
  const spent = new Set(step.spent);
  const lost = (record === undefined ? [] : recordSecrets(record)).filter((secret) => !kept.has(secret));
  expect(lost.filter((secret) => !spent.has(secret))).to.deep.equal([]);
  expect([...spent].filter((secret) => kept.has(secret))).to.deep.equal([]);
  for (const secret of spent) secret.wipe();
  expect([...kept].some((secret) => secret.wiped)).to.equal(false);
  return step.state;
}
