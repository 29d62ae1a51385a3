import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { safe, safeJson, say } from '../../../client/cli/safe-text.ts';

interface HostileCase {
  readonly id: string;
  readonly class: string;
  readonly text: string;
}

const cases = JSON.parse(
  readFileSync(new URL('../../vectors/terminal-escapes.json', import.meta.url), 'utf8'),
) as HostileCase[];

const STEERS_A_TERMINAL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come out
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066\u2067\u200b\u{e0001}]/u;

describe('safe text', () => {
  it('has 99 hostile strings to try', () => {
    expect(cases).to.have.length(99);
  });

  for (const { id, text } of cases) {
    it(`lets nothing of ${id} steer the terminal`, () => {
      for (const multiline of [false, true]) {
        const out = safe(text, { multiline });
        expect(STEERS_A_TERMINAL.test(out)).to.equal(false);
        if (!multiline) expect(out).to.not.include('\n');
        expect(out.isWellFormed()).to.equal(true);
      }
      const json = safeJson({ text });
      expect(STEERS_A_TERMINAL.test(json)).to.equal(false);
      expect(JSON.parse(json)).to.deep.equal({ text });
    });
  }

  it('leaves plain text and ordinary writing of the world as it is', () => {
    for (const text of ['hello', 'Zoë', '漢字', 'नमस्ते', 'Tiếng Việt', '👨‍👩‍👧‍👦', '❤️', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿']) {
      expect(safe(text)).to.equal(text);
    }
  });

  it('isolates right-to-left text so that it cannot reorder its neighbours', () => {
    expect(safe('שלום')).to.equal('\u2068שלום\u2069');
  });

  it('shows what it does not print', () => {
    expect(safe('a\u202eb\u001b[2J')).to.equal('a‹U+202E›b‹U+001B›[2J');
    expect(safe('Al\u200bice')).to.equal('Al‹U+200B›ice');
    expect(safe('a\nb')).to.equal('a‹U+000A›b');
    expect(safe('a\tb')).to.equal('a b');
  });

  it('caps combining marks and says how many it left out', () => {
    const out = safe(`a${'\u0301'.repeat(50)}`);
    expect(out).to.match(/‹\+46 marks›$/);
  });

  it('cuts to a number of graphemes and marks the cut', () => {
    expect(safe('abcdef', { maxGraphemes: 3 })).to.equal('abc…');
    expect(safe('abc', { maxGraphemes: 3 })).to.equal('abc');
  });

  it('sanitises every value of a template and none of its own words', () => {
    expect(say`from ${'\u001b[31mbob'}: ${3}`).to.equal('from ‹U+001B›[31mbob: 3');
  });

  it('keeps any string harmless', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 64 }), (text) => {
        expect(STEERS_A_TERMINAL.test(safe(text))).to.equal(false);
        expect(JSON.parse(safeJson(text))).to.equal(text);
      }),
    );
  });
});
