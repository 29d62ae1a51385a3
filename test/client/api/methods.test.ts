import { expect } from 'chai';
import { isRepeatable, parseCall } from '../../../client/api/methods.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('methods of the local socket', () => {
  it('are commands and queries under their own types', () => {
    expect(parseCall('send', { to: 'bob', text: 'hi', id: 'x' })).to.deep.equal({
      kind: 'command',
      command: { type: 'send', to: 'bob', text: 'hi', id: 'x' },
    });
    expect(parseCall('history', { who: 'bob', before: 7 })).to.deep.equal({
      kind: 'query',
      query: { type: 'history', who: 'bob', before: 7 },
    });
    expect(parseCall('whoami', undefined)).to.deep.equal({ kind: 'query', query: { type: 'whoami' } });
    expect(parseCall('events.subscribe', {})).to.deep.equal({ kind: 'subscribe' });
    expect(parseCall('daemon.stop', {})).to.deep.equal({ kind: 'stop' });
  });

  it('drop fields that mean nothing, the type above all', () => {
    expect(parseCall('read', { who: 'bob', type: 'logout', more: 1 })).to.deep.equal({
      kind: 'command',
      command: { type: 'read', who: 'bob' },
    });
  });

  it('bound how long a client may ask to wait', () => {
    expect(parseCall('drain', { timeoutMs: -5 })).to.deep.equal({
      kind: 'wait',
      what: 'drain',
      timeoutMs: 0,
    });
    const longest = parseCall('caughtUp', { timeoutMs: 1e12 });
    expect(longest).to.deep.equal({ kind: 'wait', what: 'caughtUp', timeoutMs: 86_400_000 });
  });

  for (const [method, params] of [
    ['send', { to: 'bob' }],
    ['send', { to: 7, text: 'hi' }],
    ['send', { to: 'bob', text: 'hi', promptReceipt: 'yes' }],
    ['send', { to: 'bob', text: 'hi', trustNewIdentities: 'sometimes' }],
    ['verify', { who: 'bob', confirmed: false }],
    ['mute', { who: 'bob' }],
    ['cursor.advance', { cursor: 'c', position: Number.NaN }],
    ['history', { who: ['bob'] }],
    ['read', null],
    ['read', 'bob'],
    ['drain', {}],
  ] as const) {
    it(`refuse ${method} with ${JSON.stringify(params)}`, () => {
      expect(refusalOf(() => parseCall(method, params))).to.equal('bad-params');
    });
  }

  it('know no method that is not one', () => {
    for (const name of ['', 'hello', 'constructor', 'toString', '__proto__', 'Send', 'events']) {
      expect(parseCall(name, {})).to.equal(undefined);
    }
  });

  it('take nothing from the prototype of what arrives', () => {
    const params = Object.create({ who: 'bob' }) as object;
    expect(refusalOf(() => parseCall('read', params))).to.equal('bad-params');
  });

  it('may be repeated where that does no harm', () => {
    expect(isRepeatable({ type: 'send', to: 'bob', text: 'x', id: 'a' })).to.equal(true);
    expect(isRepeatable({ type: 'send', to: 'bob', text: 'x' })).to.equal(false);
    expect(isRepeatable({ type: 'read', who: 'bob' })).to.equal(true);
    expect(isRepeatable({ type: 'address.rotate' })).to.equal(false);
  });
});
