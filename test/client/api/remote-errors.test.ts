import { expect } from 'chai';
import { decodeError, encodeError } from '../../../client/api/remote-errors.ts';
import { StaleDevicesError } from '../../../client/transport/stale-devices-error.ts';
import {
  BugError,
  type ChatError,
  CodecError,
  ProtocolError,
  RelayError,
  StoreError,
  TrustError,
  UsageError,
} from '../../../crypto/errors.ts';

const acrossTheSocket = (error: unknown): ChatError =>
  decodeError(JSON.parse(JSON.stringify(encodeError(error))));

describe('errors across the local socket', () => {
  for (const Class of [UsageError, CodecError, ProtocolError, TrustError, StoreError, BugError]) {
    it(`stay a ${Class.name} with code, words and hints`, () => {
      const arrived = acrossTheSocket(new Class('some-code', 'some words', { hints: ['do this'] }));
      expect(arrived).to.be.instanceOf(Class);
      expect(arrived).to.include({ code: 'some-code', message: 'some words' });
      expect(arrived.hints).to.deep.equal(['do this']);
    });
  }

  it('keep when a relay may be asked again', () => {
    const arrived = acrossTheSocket(new RelayError('busy', 'busy', { retry: 'later', retryAfterMs: 50 }));
    expect(arrived).to.be.instanceOf(RelayError);
    expect(arrived).to.include({ retry: 'later', retryAfterMs: 50 });
    expect(acrossTheSocket(new RelayError('x', 'y'))).to.include({ retry: 'never', retryAfterMs: undefined });
  });

  it('are of their class, whatever a subclass of it is called', () => {
    const stale = acrossTheSocket(new StaleDevicesError([]));
    expect(stale).to.be.instanceOf(RelayError);
    expect(stale).to.include({ code: 'stale-devices', retry: 'now' });
    const renamed = class extends StoreError {};
    expect(acrossTheSocket(new renamed('disk-full', 'full'))).to.be.instanceOf(StoreError);
  });

  it('say nothing of a failure that is a bug', () => {
    const arrived = acrossTheSocket(new TypeError('secret detail'));
    expect(arrived.code).to.equal('bug');
    expect(JSON.stringify(encodeError(new TypeError('secret detail')))).to.not.include('secret');
  });

  it('are typed whatever arrives', () => {
    for (const value of [
      undefined,
      null,
      7,
      'x',
      {},
      { code: -32000 },
      { code: -32601, message: 'no' },
      { code: -32000, data: { class: 'constructor', code: 5, hints: [1] } },
    ]) {
      expect(decodeError(value).code).to.be.a('string');
    }
  });
});
