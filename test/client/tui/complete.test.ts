import { expect } from 'chai';
import { complete } from '../../../client/tui/complete.ts';

const names = ['bob', 'bobby', 'carol', 'Dave Smith'];

describe('Tab', () => {
  it('completes a name behind @ and where a command takes one', () => {
    expect(complete('@ca', names)).to.deep.equal({ before: '@carol ', candidates: [] });
    expect(complete('/open ca', names)).to.deep.equal({ before: '/open carol', candidates: [] });
    expect(complete('/v @ca', names)).to.deep.equal({ before: '/v carol', candidates: [] });
    expect(complete('/msg ca', names)).to.deep.equal({ before: '/msg carol ', candidates: [] });
  });

  it('goes as far as it is clear and says what there is', () => {
    expect(complete('@b', names)).to.deep.equal({ before: '@bob', candidates: ['bob', 'bobby'] });
    expect(complete('@bob', names)).to.deep.equal({ before: '@bob', candidates: ['bob', 'bobby'] });
  });

  it('puts a name with a space in quotes where a text follows', () => {
    expect(complete('@da', names).before).to.equal('@"Dave Smith" ');
    expect(complete('@"dave s', names).before).to.equal('@"Dave Smith" ');
    expect(complete('/open da', names).before).to.equal('/open Dave Smith');
    expect(complete('/open dave s', names).before).to.equal('/open Dave Smith');
  });

  it('completes commands', () => {
    expect(complete('/verif', names)).to.deep.equal({ before: '/verify ', candidates: [] });
    expect(complete('/he', names)).to.deep.equal({ before: '/help ', candidates: [] });
    expect(complete('/help ope', names).before).to.equal('/help open ');
    expect(complete('/un', names).candidates).to.deep.equal(['unblock', 'unmute']);
  });

  it('leaves everything else as it is', () => {
    for (const text of [
      '',
      'ca',
      '@carol hi ca',
      '/msg carol ca',
      '//ca',
      '@@ca',
      '/tail ca',
      '@zoe',
      '/open zoe',
      '/zzz',
    ]) {
      expect(complete(text, names), text).to.deep.equal({ before: text, candidates: [] });
    }
  });
});
