import { expect } from 'chai';
import fc from 'fast-check';
import { RESERVED_NAMES } from '../../../crypto/account/reserved-names.ts';
import { canonicalName, foldName, isCanonicalName } from '../../../crypto/account/username.ts';
import { ChatError, UsageError } from '../../../crypto/errors.ts';

function refusal(name: string): string {
  try {
    canonicalName(name);
  } catch (error) {
    if (error instanceof UsageError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('user name', () => {
  for (const [name, canonical] of [
    ['alice', 'alice'],
    ['Alice', 'alice'],
    ['ALICE.B-c_9', 'alice.b-c_9'],
    ['ａｌｉｃｅ', 'alice'],
    ['Jürgen', 'jürgen'],
    ['Ju\u0308rgen', 'jürgen'],
    ['STRASSE', 'strasse'],
    ['straße', 'strasse'],
    ['ΟΔΥΣΣΕΥΣ', 'οδυσσευσ'],
    ['οδυσσευς', 'οδυσσευσ'],
    ['Борис', 'борис'],
    ['דניאל', 'דניאל'],
    ['山田太郎', '山田太郎'],
    ['a1２', 'a12'],
    ['ﬁona', 'fiona'],
    ['abc', 'abc'],
    ['a'.repeat(32), 'a'.repeat(32)],
    ['𝐚𝐥𝐢𝐜𝐞', 'alice'],
  ] as const) {
    it(`folds ${JSON.stringify(name)} to ${JSON.stringify(canonical)}`, () => {
      expect(canonicalName(name)).to.equal(canonical);
    });
  }

  for (const [name, code] of [
    ['', 'username-length'],
    ['𠀀'.repeat(25), 'username-length'],
    ['ab', 'username-length'],
    ['a'.repeat(33), 'username-length'],
    [`${'a'.repeat(31)}ß`, 'username-length'],
    ['a'.repeat(100_000), 'username-length'],
    ['1alice', 'username-start'],
    ['.alice', 'username-start'],
    ['-alice', 'username-start'],
    ['_alice', 'username-start'],
    ['a b c', 'username-character'],
    ['alice!', 'username-character'],
    ['alice@relay', 'username-character'],
    ['alice\u0000', 'username-character'],
    ['ali\u200bce', 'username-character'],
    ['ali\u202ece', 'username-character'],
    ['alice\u0301\u0302\u0303', 'username-character'],
    ['aliceʼ', 'username-character'],
    ['\u115f\u115f\u115f', 'username-character'],
    ['가나\u1160', 'username-character'],
    ['가나\u3164', 'username-character'],
    ['\uffa0가나', 'username-character'],
    ['alice\u01c3', 'username-character'],
    ['alice\u01c0bob', 'username-character'],
    ['o\ua78cneil', 'username-character'],
    ['O\ua78bNEIL', 'username-character'],
    ['a\ua78fb\ua78fc', 'username-character'],
    ['alic٥', 'username-character'],
    ['ab\ud800', 'username-character'],
    ['alice😀', 'username-character'],
    ['𐎀𐎁𐎂𐎃', 'username-character'],
    ['Аlice', 'username-script'],
    ['aliсe', 'username-script'],
    ['αlpha', 'username-script'],
    ['ひらカナ', 'username-script'],
    ['all', 'username-reserved'],
    ['ALL', 'username-reserved'],
    ['relay', 'username-reserved'],
    ['ｓｅｎｄ', 'username-reserved'],
    ['register', 'username-reserved'],
    ['help', 'username-reserved'],
  ] as const) {
    it(`refuses ${JSON.stringify(name.slice(0, 40))} as ${code}`, () => {
      expect(refusal(name)).to.equal(code);
    });
  }

  it('counts characters after folding, not UTF-16 units', () => {
    expect(canonicalName('𠀀𠀁𠀂')).to.equal('𠀀𠀁𠀂');
    expect(refusal('𠀀𠀁')).to.equal('username-length');
  });

  it('has a limit in bytes, too, which only rare letters reach', () => {
    expect(canonicalName('𠀀'.repeat(24))).to.have.lengthOf(48);
    expect(refusal('𠀀'.repeat(25))).to.equal('username-length');
    expect(canonicalName('山'.repeat(32))).to.have.lengthOf(32);
  });

  it('keeps an old name readable that is reserved today', () => {
    expect(foldName('Relay')).to.equal('relay');
    expect(isCanonicalName('relay')).to.equal(true);
  });

  it('tells canonical from other spellings', () => {
    expect(isCanonicalName('alice')).to.equal(true);
    expect(isCanonicalName('Alice')).to.equal(false);
    expect(isCanonicalName('a')).to.equal(false);
  });

  it('reserves only words that could be names', () => {
    for (const word of RESERVED_NAMES)
      if (word.length >= 3) expect(isCanonicalName(word), word).to.equal(true);
  });

  it('is idempotent, and fails only with its own codes, on any text', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: 'grapheme', minLength: 3, maxLength: 12 }),
      fc.stringMatching(/^[A-Za-z0-9._-]{1,36}$/),
    );
    fc.assert(
      fc.property(anyText, (name) => {
        try {
          const folded = foldName(name);
          expect(foldName(folded)).to.equal(folded);
          expect(foldName(name.toUpperCase())).to.equal(foldName(folded.toUpperCase()));
        } catch (error) {
          expect(error).to.be.instanceOf(ChatError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('gives every single letter of Unicode one canonical form for both cases', () => {
    for (let point = 0; point <= 0x1ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const letter = String.fromCodePoint(point);
      if (!/\p{L}/u.test(letter)) continue;
      let folded: string;
      try {
        folded = foldName(letter.repeat(3));
      } catch {
        continue;
      }
      for (const twin of [letter.toUpperCase(), letter.toLowerCase()]) {
        try {
          expect(foldName(twin.repeat(3)), point.toString(16)).to.equal(folded);
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
        }
      }
    }
  });
});
