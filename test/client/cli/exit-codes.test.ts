import { expect } from 'chai';
import { EXIT, exitCodeMeanings, exitCodeOf } from '../../../client/cli/exit-codes.ts';
import { InterruptedError, Interruption } from '../../../client/cli/interruption.ts';
import {
  BugError,
  CodecError,
  ProtocolError,
  RelayError,
  StoreError,
  TrustError,
  UsageError,
} from '../../../crypto/errors.ts';
import { rejectionOf } from '../../support/rejection.ts';

describe('exit codes', () => {
  it('follow the class of an error', () => {
    expect(exitCodeOf(new UsageError('some-code', ''))).to.equal(64);
    expect(exitCodeOf(new RelayError('some-code', ''))).to.equal(3);
    expect(exitCodeOf(new StoreError('some-code', ''))).to.equal(3);
    expect(exitCodeOf(new TrustError('some-code', ''))).to.equal(4);
    expect(exitCodeOf(new ProtocolError('some-code', ''))).to.equal(1);
    expect(exitCodeOf(new CodecError('some-code', ''))).to.equal(1);
    expect(exitCodeOf(new BugError('bug', ''))).to.equal(2);
    expect(exitCodeOf(new TypeError('x'))).to.equal(2);
    expect(exitCodeOf('thrown')).to.equal(2);
  });

  for (const [code, expected] of [
    ['identity-changed', 4],
    ['rate-limited', 5],
    ['mailbox-full', 5],
    ['invite-refused', 6],
    ['partly-sent', 7],
    ['not-found', 8],
    ['no-account', 8],
    ['no-keys-here', 8],
    ['ambiguous', 8],
    ['passphrase-missing', 9],
    ['wrong-passphrase', 9],
    ['store-in-use', 9],
    ['daemon-too-old', 9],
    ['signed-out', 9],
    ['mismatch', 10],
    ['fingerprint-mismatch', 10],
    ['queued', 75],
    ['not-delivered', 75],
    ['interrupted', 130],
    ['terminated', 143],
    ['name-taken', 1],
    ['wrong-relay', 3],
  ] as const) {
    it(`are ${expected} for ${code}`, () => {
      expect(exitCodeOf(new UsageError(code, ''))).to.equal(expected);
    });
  }

  it('are not fooled by names that every object has', () => {
    expect(exitCodeOf(new UsageError('constructor', ''))).to.equal(64);
    expect(exitCodeOf(new UsageError('toString', ''))).to.equal(64);
  });

  it('are all explained, each once', () => {
    const explained = exitCodeMeanings.map(([code]) => code);
    expect([...explained].sort((a, b) => a - b)).to.deep.equal(Object.values(EXIT).sort((a, b) => a - b));
  });
});

describe('interruption', () => {
  it('ends what is waited for, with the exit code of its signal', async () => {
    const interruption = new Interruption();
    const waiting = interruption.race(new Promise(() => {}));
    interruption.interrupt('SIGTERM');
    expect(await rejectionOf(waiting)).to.equal('terminated');
    expect(exitCodeOf(interruption.signal.reason)).to.equal(143);
    expect(exitCodeOf(new InterruptedError('SIGINT'))).to.equal(130);
  });

  it('refuses to begin anything afterwards', async () => {
    const interruption = new Interruption();
    interruption.interrupt('SIGINT');
    expect(await rejectionOf(interruption.race(Promise.resolve(1)))).to.equal('interrupted');
  });

  it('leaves results and errors of the work alone', async () => {
    const interruption = new Interruption();
    expect(await interruption.race(Promise.resolve(7))).to.equal(7);
    const failing = interruption.race(Promise.reject(new UsageError('not-found', '')));
    expect(await rejectionOf(failing)).to.equal('not-found');
  });

  it('can be given another meaning for a while, but not SIGTERM', () => {
    const interruption = new Interruption();
    let diverted = 0;
    const end = interruption.divert(() => {
      diverted++;
    });
    interruption.interrupt('SIGINT');
    expect([diverted, interruption.happened]).to.deep.equal([1, false]);
    end();
    interruption.interrupt('SIGINT');
    expect(interruption.happened).to.equal(true);
  });
});
