/** House rules about single files: size, naming, secrets, and where the terminal may be written. */

import { expect } from 'chai';
import { sourcesUnder } from '../support/sources.ts';

/** Aim at 250; past this there is a second noun in the file. */
const MAX_LINES = 400;

const sources = sourcesUnder('crypto', 'relay', 'client');

describe('source files', () => {
  it(`have at most ${MAX_LINES} lines`, () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ lines }) => lines > MAX_LINES);
    expect(long).to.deep.equal([]);
  });

  it('export no function outside crypto/primitives that takes or returns bare bytes named key, secret, private or seed', () => {
    const bare = /export (?:async )?function[^{]*?\b(?:key|secret|private|seed)\??: (?:readonly )?Uint8Array/;
    const wrong = sources
      .filter(({ path }) => !path.startsWith('crypto/primitives/'))
      .filter(({ text }) => bare.test(text))
      .map(({ path }) => path);
    expect(wrong).to.deep.equal([]);
  });

  it('write to the terminal in one file per program only', () => {
    const writers = sources
      .filter(({ text }) => /process\.(stdout|stderr)\.write|\bconsole\./.test(text))
      .map(({ path }) => path);
    expect(writers.filter((path) => !/voice\.ts$/.test(path))).to.deep.equal([]);
  });

  it('use no any, no non-null assertion and no default export', () => {
    const wrong = sources
      .filter(
        ({ text }) =>
          /^export default\b/m.test(text) ||
          /:\s*any\b(?!.*biome-ignore)/.test(text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')),
      )
      .map(({ path }) => path);
    expect(wrong).to.deep.equal([]);
  });

  it('name no path of a machine', () => {
    const wrong = sources
      .filter(({ text }) => /(^|[^a-zA-Z0-9_.])\/(home|root|work)\//m.test(text))
      .map(({ path }) => path);
    expect(wrong).to.deep.equal([]);
  });
});
