import { expect } from 'chai';
import { Flags, parseChoice, parseNumber } from '../../../client/cli/flags.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('flags', () => {
  const bounds = { min: 1, max: 10, integer: true };

  it('are read by type', () => {
    const flags = new Flags({ name: 'bob', json: true, to: ['a', 'b'], count: '7', bare: true });
    expect(flags.text('name')).to.equal('bob');
    expect(flags.flag('json')).to.equal(true);
    expect(flags.flag('name')).to.equal(false);
    expect(flags.list('to')).to.deep.equal(['a', 'b']);
    expect(flags.number('count', bounds)).to.equal(7);
    expect(flags.text('bare')).to.equal(undefined);
    expect(flags.number('missing', bounds)).to.equal(undefined);
  });

  for (const text of ['0', '11', '1.5', 'ten', '', '1e1', '0x5', '-1', ' 3', '∞']) {
    it(`refuse ${JSON.stringify(text)} for a whole number from 1 to 10`, () => {
      expect(refusalOf(() => parseNumber(text, '-n', bounds))).to.equal('usage');
    });
  }

  it('take fractions where they may stand', () => {
    expect(parseNumber('0.5', '-t', { min: 0, max: 1 })).to.equal(0.5);
  });

  it('refuse a word that is missing, given twice or none of the choices', () => {
    expect(refusalOf(() => new Flags({}).word('name'))).to.equal('usage');
    expect(refusalOf(() => new Flags({ name: ['a', 'b'] }).text('name'))).to.equal('usage');
    expect(refusalOf(() => parseChoice('c', '--x', ['a', 'b']))).to.equal('usage');
  });
});
