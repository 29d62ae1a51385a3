import { expect } from 'chai';
import { type ChainState, checkNextRecord } from '../../../crypto/account/check-chain.ts';
import {
  decodeEnrolmentStatement,
  type EnrolmentStatement,
  makeEnrolment,
  verifyEnrolment,
} from '../../../crypto/account/enrolment.ts';
import { makeNextRecord } from '../../../crypto/account/make-record.ts';
import { type Enrolment, SIGNER } from '../../../crypto/account/record-codec.ts';
import { generateKeyPair, type KeyPair } from '../../../crypto/keys/keys.ts';
import { ready } from '../../../crypto/primitives/sodium.ts';
import { makeTestAccount, makeTestDevice, TEST_TIME_MS, type TestDevice } from '../../support/accounts.ts';
import { faultOf, forgeRecord, nextBody } from '../../support/record-forge.ts';
import { refusalOf } from '../../support/refusal.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';

const timeMs = TEST_TIME_MS;

describe('enrolment', () => {
  let random: SeededRandom;
  let root: KeyPair;
  let issuer: TestDevice;
  let fresh: TestDevice;
  let other: TestDevice;
  let enrolmentKey: KeyPair;
  let chain: ChainState;
  let statement: EnrolmentStatement;

  before(async () => {
    await ready();
    const account = makeTestAccount('alice');
    ({ random, root, device: issuer } = account);
    other = makeTestDevice(random, root, 2);
    fresh = makeTestDevice(random, root, 3);
    enrolmentKey = generateKeyPair(random, 'identityKey');
    const signer = { kind: 'root', privateKey: root.privateKey } as const;
    const devices = [issuer.entry, other.entry];
    ({ chain } = makeNextRecord({ chain: account.chain, devices, signer, timeMs }, random));
    const { accountId } = chain;
    statement = { accountId, issuer: 1, enrolmentKey: enrolmentKey.publicKey, notAfterMs: timeMs };
  });

  const issue = (changes: Partial<EnrolmentStatement> = {}, by = issuer): Enrolment =>
    makeEnrolment({ ...statement, ...changes }, by.keyPair.privateKey, random);

  function submit(
    enrolment: Enrolment | undefined,
    key: KeyPair,
    devices = [other.entry, fresh.entry],
  ): string {
    const fields =
      enrolment === undefined ? { signer: SIGNER.enrolment } : { signer: SIGNER.enrolment, enrolment };
    const signed = forgeRecord(nextBody(chain, { devices }), { privateKey: key.privateKey, fields }, random);
    return faultOf(() => checkNextRecord(chain, signed));
  }

  it('lets the named key replace the device that issued it', () => {
    const params = { chain, devices: [other.entry, fresh.entry], timeMs };
    const signer = { kind: 'enrolment', privateKey: enrolmentKey.privateKey, enrolment: issue() } as const;
    const made = makeNextRecord({ ...params, signer }, random);
    expect(made.kind).to.equal('valid');
    expect(made.signer).to.deep.equal({ kind: 'enrolment', issuer: 1, notAfterMs: timeMs });
    expect(made.chain.current.devices.map(({ id }) => id)).to.deep.equal([2, 3]);
  });

  it('works once', () => {
    const signer = { kind: 'enrolment', privateKey: enrolmentKey.privateKey, enrolment: issue() } as const;
    const devices = [other.entry, fresh.entry];
    const first = makeNextRecord({ chain, devices, signer, timeMs }, random);
    const again = { chain: first.chain, devices: [other.entry], signer, timeMs };
    expect(faultOf(() => makeNextRecord(again, random))).to.equal('enrolment');
  });

  it('is judged without a clock', () => {
    expect(submit(issue({ notAfterMs: 0 }), enrolmentKey)).to.equal('accepted');
  });

  it('is refused while the issuer stays', () => {
    expect(submit(issue(), enrolmentKey, [issuer.entry, fresh.entry])).to.equal('issuer-still-listed');
  });

  it('is refused without a statement', () => {
    expect(submit(undefined, enrolmentKey)).to.equal('enrolment');
  });

  it('is refused for another account', () => {
    const { accountId } = makeTestAccount('bob').chain;
    expect(submit(issue({ accountId }), enrolmentKey)).to.equal('enrolment');
  });

  it('is refused from a device that is not listed', () => {
    for (const id of [0, 3, 127]) expect(submit(issue({ issuer: id }), enrolmentKey)).to.equal('enrolment');
  });

  it('is refused when another device signed the statement', () => {
    expect(submit(issue({}, other), enrolmentKey)).to.equal('enrolment');
  });

  it('is refused when another key signed the record', () => {
    expect(submit(issue(), generateKeyPair(random, 'identityKey'))).to.equal('signature');
    expect(submit(issue(), issuer.keyPair)).to.equal('signature');
  });

  it('is refused when any byte of the statement changed', () => {
    const good = issue();
    for (let i = 0; i < good.statement.length; i++) {
      const changed = good.statement.map((byte, at) => (at === i ? byte ^ 1 : byte));
      expect(submit({ ...good, statement: changed }, enrolmentKey), String(i)).to.equal('enrolment');
    }
  });

  it('round-trips its statement and verifies it for the issuer alone', () => {
    const enrolment = issue();
    expect(decodeEnrolmentStatement(enrolment.statement)).to.deep.equal(statement);
    expect(verifyEnrolment(issuer.keyPair.publicKey, enrolment)).to.equal(true);
    expect(verifyEnrolment(other.keyPair.publicKey, enrolment)).to.equal(false);
  });

  it('refuses statements that are none', () => {
    const { statement: encoded } = issue();
    expect(refusalOf(() => decodeEnrolmentStatement(new Uint8Array(0)))).to.equal('missing-field');
    expect(refusalOf(() => decodeEnrolmentStatement(encoded.slice(0, 20)))).not.to.equal('none');
    const zeroId = encoded.map((byte, i) => (i >= 2 && i < 18 ? 0 : byte));
    expect(refusalOf(() => decodeEnrolmentStatement(zeroId))).to.equal('bad-account-id');
  });
});
