import { expect } from 'chai';
import fc from 'fast-check';
import { maskWords } from '../../../client/cli/argument-words.ts';
import { refusalOf } from '../../support/refusal.ts';

/** What the parser gets for the text, put back as it was typed. */
function textOf(argv: readonly string[]): string | undefined {
  const { words, restore } = maskWords(argv);
  const word = words.find((each) => each.startsWith('--message='));
  return word === undefined ? undefined : restore(word.slice('--message='.length));
}

describe('argument words', () => {
  it('take the next word as the text whatever it begins with', () => {
    for (const text of ['-5 degrees', '--help', '-m', '--', '-', '', 'a=b', '--message=x', '"quoted"']) {
      expect(textOf(['send', 'bob', '-m', text])).to.equal(text);
      expect(textOf(['send', 'bob', '--message', text, '--json'])).to.equal(text);
    }
  });

  it('take a text that is joined to its flag', () => {
    expect(textOf(['send', 'bob', '-mhello'])).to.equal('hello');
    expect(textOf(['send', 'bob', '-m=hello'])).to.equal('hello');
    expect(textOf(['send', 'bob', '--message=-x y'])).to.equal('-x y');
    expect(textOf(['send', 'bob', '-m='])).to.equal('');
    expect(textOf(['send', 'bob', '-m\nx'])).to.equal('\nx');
  });

  it('hide every text from the parser', () => {
    const { words } = maskWords(['send', 'bob', '-m', '--timeout']);
    expect(words.some((word) => word.includes('timeout'))).to.equal(false);
  });

  it('leave other words alone, in their order', () => {
    const argv = ['--json', 'send', 'bob', '--wait', 'sent'];
    expect(maskWords(argv).words).to.deep.equal(argv);
  });

  it('hide everything after -- and drop the first --', () => {
    const { words, restore } = maskWords(['send', '--', '-x', '--', '-m', 'y']);
    expect(words).to.have.length(5);
    expect(words.map(restore)).to.deep.equal(['send', '-x', '--', '-m', 'y']);
    expect(words.slice(1).some((word) => word.startsWith('-'))).to.equal(false);
  });

  it('refuse a second text', () => {
    expect(refusalOf(() => maskWords(['send', 'bob', '-m', 'a', '-m', 'b']))).to.equal('usage');
    expect(refusalOf(() => maskWords(['send', 'bob', '-ma', '--message=b']))).to.equal('usage');
  });

  it('refuse -m without a text', () => {
    expect(refusalOf(() => maskWords(['send', 'bob', '-m']))).to.equal('usage');
  });

  it('put back any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const text = raw.replaceAll('\0', '');
        expect(textOf(['send', 'bob', '-m', text])).to.equal(text);
      }),
    );
  });
});
