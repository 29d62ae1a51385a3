import { expect } from 'chai';
import * as account from '../../../crypto/account/limits.ts';
import { MAX_DEVICE_ID } from '../../../crypto/constants.ts';
import { isFatal, relayError, relayErrors, statusOf } from '../../../relay/protocol/errors.ts';
import { events } from '../../../relay/protocol/events.ts';
import * as limits from '../../../relay/protocol/limits.ts';
import { operations } from '../../../relay/protocol/operations.ts';

describe('relay errors', () => {
  it('have a number each, none of them 0', () => {
    const numbers = Object.values(relayErrors).map(({ status }) => status);
    expect(new Set(numbers).size).to.equal(numbers.length);
    expect(Math.min(...numbers)).to.equal(1);
  });

  it('are made from their number as from their code', () => {
    for (const code of Object.keys(relayErrors) as (keyof typeof relayErrors)[]) {
      const error = relayError(statusOf(code), { retryAfterMs: 5 });
      expect([error.code, error.retry, error.retryAfterMs]).to.deep.equal([code, relayErrors[code].retry, 5]);
    }
  });

  it('of a later relay are internal', () => {
    expect(relayError(60_000).code).to.equal('internal');
  });

  it('close the connection where nothing can follow', () => {
    const fatal = (Object.keys(relayErrors) as (keyof typeof relayErrors)[]).filter(isFatal);
    expect(fatal).to.deep.equal(['session-revoked', 'draining', 'superseded', 'unsupported-version']);
  });
});

describe('relay protocol', () => {
  it('gives every operation and every event a number of its own', () => {
    for (const table of [operations, events]) {
      const numbers = Object.values(table).map(({ number }) => number);
      expect(numbers).to.deep.equal(Array.from({ length: numbers.length }, (_, i) => i + 1));
    }
  });

  it('has the limits of account records', () => {
    expect(limits.RECORD_MAX_BYTES).to.equal(account.MAX_RECORD_BYTES);
    expect(limits.RECORD_CHAIN_MAX).to.equal(account.MAX_CHAIN_RECORDS);
    expect(limits.ACCOUNT_MAX_DEVICES).to.equal(account.MAX_DEVICES);
    expect(limits.USERNAME_MAX_BYTES).to.equal(account.MAX_NAME_BYTES);
    expect(limits.DEVICE_ID_MAX).to.equal(MAX_DEVICE_ID);
  });

  it('fits what it allows into a frame', () => {
    const around = 4_096;
    const kemPreKey = 1_569 + 64 + 16;
    const ecPreKey = 33 + 16;
    const capability = 32 + 8;
    const register =
      limits.RECORD_MAX_BYTES +
      (limits.ONE_TIME_KEYS_PER_UPLOAD_MAX + 1) * (kemPreKey + ecPreKey) +
      limits.CAPABILITIES_PER_UPLOAD_MAX * capability;
    expect(register + around).to.be.below(limits.FRAME_MAX_BYTES);
    expect(limits.ENVELOPE_MAX_BYTES + around).to.be.below(limits.FRAME_MAX_BYTES);
    const bundles = limits.ACCOUNT_MAX_DEVICES * (2 * kemPreKey + ecPreKey);
    expect(bundles + around).to.be.below(limits.FRAME_MAX_BYTES);
  });
});
