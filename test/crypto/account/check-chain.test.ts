import { expect } from 'chai';
import fc from 'fast-check';
import { deriveAccountId, parseAccountId } from '../../../crypto/account/account-id.ts';
import { RecordChainError } from '../../../crypto/account/chain-error.ts';
import {
  type ChainState,
  checkChain,
  checkNextRecord,
  extendChain,
} from '../../../crypto/account/check-chain.ts';
import { MAX_CHAIN_RECORDS, MAX_RECORD_BYTES } from '../../../crypto/account/limits.ts';
import { makeFirstRecord, makeNextRecord, makeResetRecord } from '../../../crypto/account/make-record.ts';
import {
  type AccountRecord,
  decodeSignedRecord,
  hashRecordBody,
  SIGNER,
  SignedRecord,
} from '../../../crypto/account/record-codec.ts';
import { ProtocolError } from '../../../crypto/errors.ts';
import { generateKeyPair, type KeyPair } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { makeTestAccount, makeTestDevice, TEST_TIME_MS, type TestAccount } from '../../support/accounts.ts';
import { faultOf, forgeRecord, nextBody } from '../../support/record-forge.ts';

const timeMs = TEST_TIME_MS;

/** Records 0 to 4 of alice: 1 adds device 2, 2 drops it, 3 is a reset with device 3, 4 adds device 4. */
interface History {
  readonly account: TestAccount;
  readonly records: readonly Uint8Array[];
  readonly chains: readonly ChainState[];
  readonly newRoot: KeyPair;
}

function makeHistory(): History {
  const account = makeTestAccount('alice');
  const { random, root, device, record, chain } = account;
  const [d2, d3, d4] = [2, 3, 4].map((id) => makeTestDevice(random, root, id).entry);
  if (d2 === undefined || d3 === undefined || d4 === undefined) throw new Error('no device');
  const byRoot = { kind: 'root', privateKey: root.privateKey } as const;
  const newRoot = generateKeyPair(random, 'identityKey');
  const byNewRoot = { kind: 'root', privateKey: newRoot.privateKey } as const;
  const one = makeNextRecord({ chain, devices: [device.entry, d2], signer: byRoot, timeMs }, random);
  const two = makeNextRecord({ chain: one.chain, devices: [device.entry], signer: byRoot, timeMs }, random);
  const three = makeResetRecord({ chain: two.chain, newRoot, devices: [d3], timeMs }, random);
  const four = makeNextRecord({ chain: three.chain, devices: [d3, d4], signer: byNewRoot, timeMs }, random);
  return {
    account,
    newRoot,
    records: [record, one.record, two.record, three.record, four.record],
    chains: [chain, one.chain, two.chain, three.chain, four.chain],
  };
}

describe('account record chain', () => {
  let history: History;
  before(async () => {
    await ready();
    history = makeHistory();
  });

  const chainAt = (sequence: number): ChainState => {
    const chain = history.chains[sequence];
    if (chain === undefined) throw new Error('no such record');
    return chain;
  };
  const knownAt = (sequence: number) => ({ known: { sequence, hash: chainAt(sequence).hash } });

  it('is valid while the root key stays or changes hands', () => {
    const verdict = checkChain(history.records.slice(0, 3));
    expect(verdict.kind).to.equal('valid');
    expect(verdict.sequence).to.equal(2);
    expect(verdict.accountId).to.deep.equal(chainAt(0).accountId);
    expect(verdict.hash).to.deep.equal(chainAt(2).hash);
    expect(verdict.current.devices.map(({ id }) => id)).to.deep.equal([1]);
    expect([...verdict.chain.everListed.keys()]).to.deep.equal([1, 2]);
  });

  it('takes its id from the body of record 0', () => {
    const { body } = decodeSignedRecord(history.records[0] as Uint8Array);
    expect(chainAt(4).accountId).to.deep.equal(deriveAccountId(body));
    expect(chainAt(0).hash).to.deep.equal(hashRecordBody(body));
  });

  it('is a reset when the old root did not sign the new one, also records later', () => {
    for (const end of [4, 5]) {
      const verdict = checkChain(history.records.slice(0, end));
      expect(verdict.kind).to.equal('reset');
      if (verdict.kind === 'reset') expect(verdict.at).to.equal(3);
      expect(verdict.accountId).to.deep.equal(chainAt(0).accountId);
    }
  });

  it('reports a reset to whom it is new, and not again', () => {
    for (const [sequence, kind] of [
      [0, 'reset'],
      [2, 'reset'],
      [3, 'valid'],
      [4, 'valid'],
    ] as const) {
      expect(checkChain(history.records, knownAt(sequence)).kind, String(sequence)).to.equal(kind);
      expect(extendChain(chainAt(sequence), history.records.slice(sequence + 1)).kind).to.equal(kind);
    }
  });

  it('names the newest of several resets', () => {
    const { random, root } = history.account;
    const chain = chainAt(4);
    const newRoot = generateKeyPair(random, 'identityKey');
    const { entry } = makeTestDevice(random, root, 9);
    const { record } = makeResetRecord({ chain, newRoot, devices: [entry], timeMs }, random);
    const verdict = checkChain([...history.records, record]);
    expect(verdict.kind === 'reset' ? verdict.at : 0).to.equal(5);
  });

  it('lets a root that was never reset change with its own signature', () => {
    const { random, root, device } = history.account;
    const next = generateKeyPair(random, 'identityKey');
    const signer = { kind: 'root', privateKey: root.privateKey } as const;
    const params = { chain: chainAt(2), devices: [device.entry], rootKey: next.publicKey, signer, timeMs };
    const made = makeNextRecord(params, random);
    expect(made.kind).to.equal('valid');
    expect(checkChain([...history.records.slice(0, 3), made.record]).kind).to.equal('valid');
    // From here on the old root signs nothing any more.
    const after = { chain: made.chain, devices: [device.entry], signer, timeMs };
    expect(faultOf(() => makeNextRecord(after, random))).to.equal('signature');
  });

  it('refuses an account other than the one asked for', () => {
    const other = makeTestAccount('bob');
    const expected = { accountId: other.chain.accountId };
    expect(faultOf(() => checkChain(history.records, expected))).to.equal('wrong-account');
    expect(checkChain([other.record], expected).accountId).to.deep.equal(other.chain.accountId);
  });

  it('refuses a chain that ends before a known record', () => {
    expect(faultOf(() => checkChain(history.records.slice(0, 2), knownAt(2)))).to.equal('rolled-back');
  });

  it('refuses another record where a known one stood', () => {
    for (const sequence of [0, 2, 4]) {
      const known = { sequence, hash: new Uint8Array(32) };
      expect(faultOf(() => checkChain(history.records, { known }))).to.equal('forked');
    }
  });

  it('refuses no record, and records in any other order', () => {
    expect(faultOf(() => checkChain([]))).to.equal('empty');
    fc.assert(
      fc.property(fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }), (order) => {
        fc.pre(order.some((sequence, i) => sequence !== i));
        const records = order.map((sequence) => history.records[sequence] as Uint8Array);
        expect(faultOf(() => checkChain(records))).not.to.equal('accepted');
      }),
    );
  });

  it('refuses records of another account in between', () => {
    const other = makeTestAccount('bob');
    const { random, device } = other;
    const signer = { kind: 'device', deviceId: 1, privateKey: device.keyPair.privateKey } as const;
    const foreign = makeNextRecord({ chain: other.chain, devices: [device.entry], signer, timeMs }, random);
    const [first] = history.records as [Uint8Array];
    expect(faultOf(() => checkChain([first, foreign.record]))).to.equal('previous-hash');
  });

  it('is neither changed nor accepted otherwise by any single changed byte', () => {
    const original = checkChain(history.records);
    fc.assert(
      fc.property(fc.nat(4), fc.nat(1000), fc.integer({ min: 1, max: 255 }), (which, at, flip) => {
        const records = history.records.map((record) => record.slice());
        const record = records[which] as Uint8Array;
        const index = at % record.length;
        record[index] = (record[index] as number) ^ flip;
        try {
          const verdict = checkChain(records);
          expect(verdict.kind).to.equal(original.kind);
          expect(verdict.hash).to.deep.equal(original.hash);
          expect(verdict.current).to.deep.equal(original.current);
        } catch (error) {
          expect(error).to.be.instanceOf(RecordChainError);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('fails only with its own error on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }), (records) => {
        expect(faultOf(() => checkChain(records))).not.to.equal('accepted');
        expect(() => checkChain(records))
          .to.throw(ProtocolError)
          .with.property('code', 'bad-record-chain');
      }),
    );
  });

  it('says at which record it found the fault', () => {
    const records = history.records.slice();
    records[2] = records[1] as Uint8Array;
    expect(() => checkChain(records))
      .to.throw(RecordChainError)
      .with.property('sequence', 2);
  });

  it('leaves the state as it was when a record is refused', () => {
    const chain = chainAt(2);
    const before = structuredClone({ ...chain, everListed: [...chain.everListed] });
    for (const record of [history.records[2], history.records[4], new Uint8Array(5)]) {
      expect(faultOf(() => checkNextRecord(chain, record as Uint8Array))).not.to.equal('accepted');
    }
    checkNextRecord(chain, history.records[3] as Uint8Array);
    expect({ ...chain, everListed: [...chain.everListed] }).to.deep.equal(before);
  });

  it('refuses a record above 4,096 bytes', () => {
    const [first] = history.records as [Uint8Array];
    const padded = new Uint8Array(MAX_RECORD_BYTES + 1);
    padded.set(first);
    expect(faultOf(() => checkChain([padded]))).to.equal('malformed');
  });

  it('refuses to grow beyond its limits of records and bytes', () => {
    const { records } = history;
    const next = records[3] as Uint8Array;
    const long = { ...chainAt(2), sequence: MAX_CHAIN_RECORDS - 1 };
    expect(faultOf(() => checkNextRecord(long, next))).to.equal('too-long');
    const big = { ...chainAt(2), sizeBytes: 1_048_576 - next.length + 1 };
    expect(faultOf(() => checkNextRecord(big, next))).to.equal('too-long');
    expect(checkNextRecord({ ...big, sizeBytes: big.sizeBytes - 1 }, next).kind).to.equal('reset');
  });

  describe('record 0', () => {
    const firstBody = (changes: Partial<AccountRecord>): AccountRecord => ({
      ...chainAt(0).current,
      ...changes,
    });
    const signFirst = (
      changes: Partial<AccountRecord>,
      fields: { signer: number; signerDeviceId?: number },
    ) => {
      const { root, random } = history.account;
      return forgeRecord(firstBody(changes), { privateKey: root.privateKey, fields }, random);
    };

    for (const [name, changes, reason] of [
      ['a later sequence number', { sequence: 1 }, 'sequence'],
      ['a previous hash', { previousHash: new Uint8Array(32).fill(1) }, 'previous-hash'],
      ['a user name that is not canonical', { username: 'Alice' }, 'username'],
      ['a user name that is none', { username: '1' }, 'username'],
      ['no device', { devices: [] }, 'no-devices'],
      ['a later version', { version: 2 }, 'newer-version'],
    ] as const) {
      it(`is refused with ${name}`, () => {
        const record = signFirst(changes, { signer: SIGNER.root });
        expect(faultOf(() => checkChain([record]))).to.equal(reason);
      });
    }

    it('tells a later version from a broken record, whatever else a later version holds', () => {
      const body = Uint8Array.of(0x08, 0x02, 0x12, 0x03, 1, 2, 3);
      const record = SignedRecord.encode({ body, signature: new Uint8Array(64), signer: 9 });
      expect(faultOf(() => checkChain([record]))).to.equal('newer-version');
    });

    it('keeps a name that became a reserved word later', () => {
      const record = signFirst({ username: 'relay' }, { signer: SIGNER.root });
      expect(checkChain([record]).current.username).to.equal('relay');
    });

    it('is refused from any signer but its own root', () => {
      const { random, device } = history.account;
      for (const signer of [SIGNER.device, SIGNER.enrolment, 7]) {
        const record = signFirst({}, { signer, signerDeviceId: 1 });
        expect(faultOf(() => checkChain([record]))).to.equal('signer');
      }
      const { privateKey } = device.keyPair;
      const byDevice = forgeRecord(firstBody({}), { privateKey, fields: { signer: SIGNER.root } }, random);
      expect(faultOf(() => checkChain([byDevice]))).to.equal('signature');
    });

    it('is refused with a device signed for another root', () => {
      const other = makeTestAccount('bob');
      const record = signFirst({ devices: [other.device.entry] }, { signer: SIGNER.root });
      expect(faultOf(() => checkChain([record]))).to.equal('device-signature');
    });
  });

  it('is the same chain however the later records were asked for', () => {
    const whole = checkChain(history.records);
    const parts = extendChain(checkChain(history.records.slice(0, 2)).chain, history.records.slice(2));
    expect(parts.chain).to.deep.equal(whole.chain);
    expect(extendChain(whole.chain, []).kind).to.equal('valid');
  });

  it('gives two accounts of one root and device two ids', () => {
    const { random, root, device, chain } = history.account;
    const { relayFingerprint } = chain.current;
    const params = { username: 'alice2', relayFingerprint, root, devices: [device.entry], timeMs };
    const second = makeFirstRecord(params, random).chain;
    expect(second.accountId).not.to.deep.equal(chain.accountId);
    expect(parseAccountId(second.accountId)).to.deep.equal(second.accountId);
  });

  it('accepts the next record only once', () => {
    const record = history.records[3] as Uint8Array;
    const verdict = checkNextRecord(chainAt(2), record);
    expect(faultOf(() => checkNextRecord(verdict.chain, record))).to.equal('sequence');
    expect(faultOf(() => checkNextRecord(verdict.chain, forge(verdict.chain)))).to.equal('accepted');
  });

  function forge(chain: ChainState): Uint8Array {
    const { newRoot, account } = history;
    const signer = { privateKey: newRoot.privateKey, fields: { signer: SIGNER.root } };
    return forgeRecord(nextBody(chain), signer, account.random);
  }
});
