import { expect } from 'chai';
import { assert, assertNever, BugError, ChatError, CodecError, RelayError } from '../../crypto/errors.ts';
import { refusalOf } from '../support/refusal.ts';

describe('errors', () => {
  it('carry their code, hints and cause, and the name of their class', () => {
    const cause = new Error('below');
    const error = new CodecError('bad-hex', 'not hex', {
      hints: ['try again'],
      cause,
      field: 'id',
      offset: 0,
    });
    expect(error).to.be.instanceOf(ChatError);
    expect(error).to.include({ name: 'CodecError', code: 'bad-hex', field: 'id', offset: 0, cause });
    expect(error.hints).to.deep.equal(['try again']);
  });

  it('have no cause and no hints unless these are given', () => {
    const error = new CodecError('bad-hex', 'not hex');
    expect(Object.hasOwn(error, 'cause')).to.equal(false);
    expect(error.hints).to.deep.equal([]);
    expect(error.field).to.equal(undefined);
  });

  it('of a relay say whether to try again: by default never', () => {
    expect(new RelayError('forbidden', 'no')).to.include({ retry: 'never', retryAfterMs: undefined });
    const later = new RelayError('busy', 'later', { retry: 'later', retryAfterMs: 500 });
    expect(later).to.include({ retry: 'later', retryAfterMs: 500 });
  });

  it('of our own are bugs, whatever case was not handled', () => {
    expect(refusalOf(() => assert(true, 'holds'))).to.equal('none');
    expect(() => assert(false, 'does not hold')).to.throw(BugError, 'does not hold');
    expect(() => assertNever('secret' as never)).to.throw(BugError, 'unhandled case of type string');
  });
});
