import { expect } from 'chai';
import { exitCodeOf } from '../../../client/cli/exit-codes.ts';
import {
  failedError,
  heldError,
  notDelivered,
  queuedError,
  withdrawnError,
} from '../../../client/cli/send-errors.ts';

const ID = '00112233445566778899aabbccddeeff';

describe('why a message is not where it was to be', () => {
  it('is said in the words that scripts wait for when it is queued', () => {
    const { code, message } = queuedError(ID, 'relay-unreachable');
    expect(code).to.equal('queued');
    expect(message).to.equal(
      `queued as ${ID}: relay not reachable; it goes out with the next command or the daemon; do not send it again`,
    );
    expect(queuedError(ID, undefined).message).to.include('the relay has not taken it yet');
    expect(queuedError(ID, 'mailbox-full').message).to.include('mailbox');
  });

  it('tells a message that was taken back from one that stays', () => {
    expect(withdrawnError('relay-unreachable')).to.include({ code: 'not-sent' });
    expect(exitCodeOf(withdrawnError(undefined))).to.equal(3);
    expect(exitCodeOf(queuedError(ID, undefined))).to.equal(75);
    expect(exitCodeOf(notDelivered({ id: ID, name: 'bob', awaitingAcceptance: true }))).to.equal(75);
  });

  for (const [reason, code, exit] of [
    ['identity-changed', 'identity-changed', 4],
    ['identity-unknown', 'identity-unknown', 4],
    ['distrusted', 'distrusted', 4],
    ['blocked', 'blocked', 1],
    [undefined, 'identity-changed', 4],
  ] as const) {
    it(`names the next command when it is held because of ${reason ?? 'an unknown reason'}`, () => {
      const error = heldError({ id: ID, name: 'bob', reason, kept: true });
      expect(error).to.include({ code });
      expect(exitCodeOf(error)).to.equal(exit);
      expect(error.hints.length).to.be.greaterThan(0);
      for (const hint of error.hints) expect(hint).to.match(/intechat (verify|trust|unblock) bob/);
      expect(heldError({ id: ID, name: 'bob', reason, kept: false }).message).to.include('nothing is queued');
    });
  }

  for (const [reason, code, exit] of [
    ['quota-exceeded', 'quota-exceeded', 5],
    ['request-limit', 'request-limit', 5],
    ['too-long-for-request', 'send-failed', 1],
    ['too-large', 'send-failed', 1],
    [undefined, 'send-failed', 1],
  ] as const) {
    it(`is ${code} with exit ${exit} when the reason is ${reason ?? 'unknown'}`, () => {
      expect(failedError(reason)).to.include({ code });
      expect(exitCodeOf(failedError(reason))).to.equal(exit);
    });
  }
});
