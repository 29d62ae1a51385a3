import { expect } from 'chai';
import { guardProcess } from '../../../client/cli/process-guard.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('process guard', () => {
  const before = process.env['NODE_OPTIONS'];

  afterEach(() => {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
  });

  for (const options of [
    '--inspect',
    '--inspect-brk=0',
    '--max-old-space-size=99 --inspect=127.0.0.1:1',
    '-inspect',
  ]) {
    it(`refuses a debugger from NODE_OPTIONS=${options}`, () => {
      process.env['NODE_OPTIONS'] = options;
      expect(refusalOf(guardProcess)).to.equal('debugger-refused');
    });
  }

  it('lets other options be, and writes no report of the memory', () => {
    process.env['NODE_OPTIONS'] = '--max-old-space-size=512';
    expect(refusalOf(guardProcess)).to.equal('none');
    expect(process.report?.reportOnFatalError).to.equal(false);
    expect(process.report?.reportOnUncaughtException).to.equal(false);
  });
});
