import { expect } from 'chai';
import { readLimits } from '../../../relay/server/limit-settings.ts';
import { nearest } from '../../../relay/server/nearest.ts';
import { environmentName, readSettings, unknownVariables } from '../../../relay/server/settings.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('relay settings', () => {
  it('have defaults for everything', () => {
    expect(readSettings({}, {})).to.deep.equal({
      host: '127.0.0.1',
      port: 7_443,
      'log-level': undefined,
      'max-connections': 10_000,
      'max-connections-per-address': 256,
      'allowed-origins': [],
    });
  });

  it('take the environment over the default and the flag over the environment', () => {
    const env = { INTECHAT_RELAY_PORT: '1000', INTECHAT_RELAY_HOST: '::1' };
    const values = readSettings({ port: '2000' }, env);
    expect(values.port).to.equal(2_000);
    expect(values.host).to.equal('::1');
  });

  it('are named in the environment after their flag', () => {
    expect(environmentName('max-connections-per-address')).to.equal(
      'INTECHAT_RELAY_MAX_CONNECTIONS_PER_ADDRESS',
    );
  });

  for (const port of ['-1', '65536', '1e3', '0x10', ' 1', '', 'seven', '99999999999']) {
    it(`refuse the port ${JSON.stringify(port)} from a flag and from the environment`, () => {
      expect(refusalOf(() => readSettings({ port }, {}))).to.equal('usage');
      expect(refusalOf(() => readSettings({}, { INTECHAT_RELAY_PORT: port }))).to.equal('usage');
    });
  }

  it('refuse an unknown log level', () => {
    expect(refusalOf(() => readSettings({ 'log-level': 'loud' }, {}))).to.equal('usage');
  });

  it('take web origins as a list, and nothing but origins', () => {
    const values = readSettings({ 'allowed-origins': 'https://a.example, http://b.example:81' }, {});
    expect(values['allowed-origins']).to.deep.equal(['https://a.example', 'http://b.example:81']);
    for (const wrong of [
      'a.example',
      'https://a.example/',
      'https://a.example/x',
      'https://A.example',
      '*',
      'null',
    ]) {
      expect(
        refusalOf(() => readSettings({ 'allowed-origins': wrong }, {})),
        wrong,
      ).to.equal('usage');
    }
  });

  it('point at a misspelt variable and at the right one', () => {
    const env = { INTECHAT_RELAY_PROT: '1', INTECHAT_RELAY_PORT: '1', INTECHAT_RELAY_DATA: 'x', PATH: '' };
    expect(unknownVariables(env, ['INTECHAT_RELAY_DATA'])).to.deep.equal([
      'INTECHAT_RELAY_PROT (did you mean INTECHAT_RELAY_PORT?)',
    ]);
  });
});

describe('relay limit settings', () => {
  it('read single limits, the flag over the environment', () => {
    const env = { INTECHAT_RELAY_LIMIT_MAILBOX_MESSAGES: '7', INTECHAT_RELAY_LIMIT_LOOK_UPS_PER_DAY: '8' };
    expect(readLimits(['mailbox-messages=9'], env)).to.deep.equal({ mailboxMessages: 9, lookUpsPerDay: 8 });
    expect(readLimits([], {})).to.deep.equal({});
  });

  for (const flag of ['mailbox-messages', 'mailbox-messages=', 'mailbox-messages=0', 'mailbox-messages=-1']) {
    it(`refuse ${flag}`, () => {
      expect(refusalOf(() => readLimits([flag], {}))).to.equal('usage');
    });
  }

  it('refuse an unknown limit, also one that every object has', () => {
    for (const flag of ['mailbox-message=1', 'constructor=1', '__proto__=1', 'mailboxMessages=1']) {
      expect(
        refusalOf(() => readLimits([flag], {})),
        flag,
      ).to.equal('usage');
    }
  });
});

describe('did you mean', () => {
  it('finds the word a slip away and nothing for another word', () => {
    expect(nearest('inpsect', ['up', 'inspect', 'status'])).to.equal('inspect');
    expect(nearest('pu', ['up', 'inspect'])).to.equal(undefined);
    expect(nearest('backup', ['up', 'inspect', 'status'])).to.equal(undefined);
    expect(nearest('x'.repeat(100_000), ['up'])).to.equal(undefined);
  });
});
