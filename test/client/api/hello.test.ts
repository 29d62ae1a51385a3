import { expect } from 'chai';
import {
  checkVersions,
  type OwnerHello,
  parseClientHello,
  parseOwnerHello,
} from '../../../client/api/hello.ts';
import { API_VERSION } from '../../../client/api/limits.ts';
import { refusalOf } from '../../support/refusal.ts';

const owner: OwnerHello = { version: '1.4.2', api: API_VERSION, account: 'alice', role: 'daemon', pid: 7 };
const verdict = (own: string, changes: Partial<OwnerHello> = {}) =>
  refusalOf(() => checkVersions(own, { ...owner, ...changes }));

describe('hello', () => {
  it('lets an equal or older program in', () => {
    for (const own of ['1.4.2', '1.4.1', '1.3.9', '0.9.0', '1.4.2-beta'])
      expect(verdict(own)).to.equal('none');
  });

  it('refuses a newer program, which does not guess', () => {
    for (const own of ['1.4.3', '1.5.0', '2.0.0', '1.10.0']) expect(verdict(own)).to.equal('daemon-too-old');
  });

  it('refuses another form of requests, either way', () => {
    expect(verdict('1.4.2', { api: API_VERSION + 1 })).to.equal('program-too-old');
    expect(verdict('1.4.2', { api: API_VERSION - 1 })).to.equal('daemon-too-old');
  });

  it('refuses what is not this program', () => {
    for (const value of [undefined, {}, { version: '1.0.0' }, { version: 1, api: 1, account: 'a' }]) {
      expect(refusalOf(() => parseOwnerHello(value))).to.equal('api-mismatch');
    }
    expect(parseOwnerHello({ ...owner, role: 'king', pid: 'x' })).to.include({ role: 'command', pid: 0 });
  });

  it('takes a client that says nothing for a command that needs no relay', () => {
    for (const value of [undefined, null, 'x', {}, { lifetime: 'ever', link: 'yes' }]) {
      expect(parseClientHello(value)).to.include({ lifetime: 'command', link: false });
    }
  });
});
