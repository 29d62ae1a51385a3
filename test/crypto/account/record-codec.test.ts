import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { MAX_DEVICES, MAX_RECORD_BYTES, MAX_SEALED_NAME_BYTES } from '../../../crypto/account/limits.ts';
import {
  type AccountRecord,
  decodeAccountRecord,
  decodeSignedRecord,
  encodeAccountRecord,
  hashRecordBody,
  SignedRecord,
} from '../../../crypto/account/record-codec.ts';
import { concatBytes, equalBytes } from '../../../crypto/bytes.ts';
import { ChatError } from '../../../crypto/errors.ts';
import { generateKeyPair } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

describe('account record codec', () => {
  before(ready);

  const random = new SeededRandom('record codec');
  const keys = Array.from({ length: 9 }, () => generateKeyPair(random, 'identityKey').publicKey);
  const [rootKey = keys[0], ...deviceKeys] = keys;
  if (rootKey === undefined) throw new Error('no key');
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const anyRecord: fc.Arbitrary<AccountRecord> = fc.record({
    version: fc.integer({ min: 0, max: 0xffff }),
    sequence: fc.maxSafeNat(),
    previousHash: hash,
    username: fc.string({ unit: 'grapheme', maxLength: 20 }),
    relayFingerprint: hash,
    rootKey: fc.constant(rootKey),
    devices: fc.array(
      fc.record({
        id: fc.integer({ min: 1, max: 127 }),
        registrationId: fc.integer({ min: 0, max: 0x3fff }),
        identityKey: fc.constantFrom(...deviceKeys),
        signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
        sealedName: fc.uint8Array({ maxLength: MAX_SEALED_NAME_BYTES }),
      }),
      { maxLength: MAX_DEVICES },
    ),
    timeMs: fc.maxSafeNat(),
  });

  it('round-trips every record', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(decodeAccountRecord(encodeAccountRecord(record))).to.deep.equal(record);
      }),
    );
  });

  function recordOfSize(nameBytes: number): AccountRecord {
    return {
      version: 1,
      sequence: 1,
      previousHash: new Uint8Array(32),
      username: 'alice',
      relayFingerprint: new Uint8Array(32),
      rootKey: rootKey as AccountRecord['rootKey'],
      devices: deviceKeys.map((identityKey, i) => ({
        id: i + 1,
        registrationId: 5,
        identityKey,
        signature: new Uint8Array(64),
        sealedName: new Uint8Array(Math.max(0, Math.min(128, nameBytes - 128 * i))),
      })),
      timeMs: 1_800_000_000_000,
    };
  }

  it('never gives a body whose signed form has the length of a KEM pre-key', () => {
    const lengths = new Set<number>();
    for (let nameBytes = 0; nameBytes <= 1024; nameBytes++) {
      const record = recordOfSize(nameBytes);
      const body = encodeAccountRecord(record);
      lengths.add(body.length);
      expect('InteChat record v1\0'.length + body.length).not.to.equal(1569);
      expect(equalBytes(encodeAccountRecord(decodeAccountRecord(body)), body)).to.equal(true);
    }
    // Both sides of the gap were reached, so the filler was needed at least once.
    expect(lengths.has(1549)).to.equal(true);
    expect(lengths.has(1551)).to.equal(true);
  });

  it('fits eight devices with full names into the limit', () => {
    const record = recordOfSize(0);
    const devices = record.devices.map((entry) => ({
      ...entry,
      sealedName: new Uint8Array(MAX_SEALED_NAME_BYTES),
    }));
    const body = encodeAccountRecord({ ...record, username: '山'.repeat(32), devices });
    const enrolment = { statement: new Uint8Array(256), signature: new Uint8Array(64) };
    const signed = SignedRecord.encode({ body, signature: new Uint8Array(64), signer: 3, enrolment });
    expect(signed.length).to.be.lessThan(MAX_RECORD_BYTES);
    expect(decodeSignedRecord(signed).body).to.deep.equal(body);
  });

  it('hashes the body under its own domain', () => {
    const body = new Uint8Array([1, 2, 3]);
    const expected = createHash('sha256').update('InteChat record hash v1').update(body).digest();
    expect(equalBytes(hashRecordBody(body), expected)).to.equal(true);
  });

  it('copies the record, so that a reused buffer changes nothing', () => {
    const body = encodeAccountRecord(recordOfSize(0));
    const signed = SignedRecord.encode({ body, signature: new Uint8Array(64), signer: 1 });
    const opened = decodeSignedRecord(signed);
    signed.fill(0);
    expect(opened.body).to.deep.equal(body);
  });

  it('refuses a record above 4,096 bytes before reading it', () => {
    expect(refusalOf(() => decodeSignedRecord(new Uint8Array(MAX_RECORD_BYTES + 1)))).to.equal('too-long');
  });

  for (const [name, change, code] of [
    ['device id 0', { id: 0 }, 'out-of-range'],
    ['device id 128', { id: 128 }, 'out-of-range'],
    ['a registration id of 15 bits', { registrationId: 0x4000 }, 'out-of-range'],
    ['a short signature', { signature: new Uint8Array(63) }, 'bad-length'],
    ['a device name above 256 bytes', { sealedName: new Uint8Array(257) }, 'too-long'],
  ] as const) {
    it(`refuses to write ${name}`, () => {
      const record = recordOfSize(0);
      const [first, ...rest] = record.devices;
      if (first === undefined) throw new Error('no device');
      const changed = { ...record, devices: [{ ...first, ...change }, ...rest] };
      expect(refusalOf(() => encodeAccountRecord(changed))).to.equal(code);
    });
  }

  it('refuses nine devices', () => {
    const record = recordOfSize(0);
    const devices = [...record.devices, ...record.devices.slice(0, 1)];
    expect(devices).to.have.length(9);
    expect(refusalOf(() => encodeAccountRecord({ ...record, devices }))).to.equal('too-many');
  });

  for (const [name, key] of [
    ['of small order', concatBytes(Uint8Array.of(5), new Uint8Array(32))],
    [
      'of order 8',
      concatBytes(
        Uint8Array.of(5),
        Uint8Array.of(
          0xe0,
          0xeb,
          0x7a,
          0x7c,
          0x3b,
          0x41,
          0xb8,
          0xae,
          0x16,
          0x56,
          0xe3,
          0xfa,
          0xf1,
          0x9f,
          0xc4,
          0x6a,
          0xda,
          0x09,
          0x8d,
          0xeb,
          0x9c,
          0x32,
          0xb1,
          0xfd,
          0x86,
          0x62,
          0x05,
          0x16,
          0x5f,
          0x49,
          0xb8,
          0x00,
        ),
      ),
    ],
    ['with bit 255 set', (rootKey as Uint8Array).map((byte, i) => (i === 32 ? byte | 0x80 : byte))],
    ['of another type', (rootKey as Uint8Array).map((byte, i) => (i === 0 ? 8 : byte))],
  ] as const) {
    it(`refuses a root key ${name}`, () => {
      const record = { ...recordOfSize(0), rootKey: key as AccountRecord['rootKey'] };
      expect(refusalOf(() => decodeAccountRecord(encodeAccountRecord(record)))).to.equal('invalid-key');
    });
  }

  it('fails only with typed errors on any bytes and on any changed record', () => {
    const body = encodeAccountRecord(recordOfSize(20));
    const signed = SignedRecord.encode({ body, signature: new Uint8Array(64), signer: 2, signerDeviceId: 3 });
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(signed.length - 1), fc.nat(255)).map(([at, value]) => {
        const changed = signed.slice();
        changed[at] = value;
        return changed;
      }),
      fc.nat(signed.length).map((end) => signed.slice(0, end)),
    );
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        try {
          decodeAccountRecord(decodeSignedRecord(bytes).body);
        } catch (error) {
          expect(error).to.be.instanceOf(ChatError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
