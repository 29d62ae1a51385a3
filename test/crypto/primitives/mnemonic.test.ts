import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, fromUtf8, toHex, utf8 } from '../../../crypto/bytes.ts';
import { CodecError } from '../../../crypto/errors.ts';
import { entropyFromMnemonic, mnemonicFromEntropy } from '../../../crypto/primitives/mnemonic.ts';

/** From the English test vectors published with BIP-39. */
const VECTORS: readonly (readonly [string, string])[] = [
  ['00'.repeat(32), `${'abandon '.repeat(23)}art`],
  [
    '7f'.repeat(32),
    'legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title',
  ],
  [
    '80'.repeat(32),
    'letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless',
  ],
  ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`],
  [
    '68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c',
    'hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length',
  ],
  [
    '9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863',
    'panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich alcohol speed nation flash devote level hobby quick inner drive ghost inside',
  ],
];

function refusal(phrase: string): string {
  try {
    entropyFromMnemonic(utf8(phrase));
  } catch (error) {
    if (error instanceof CodecError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('mnemonic', () => {
  for (const [hex, words] of VECTORS) {
    it(`writes and reads ${hex.slice(0, 8)}… as the published words`, () => {
      expect(fromUtf8(mnemonicFromEntropy(fromHex(hex)))).to.equal(words);
      expect(toHex(entropyFromMnemonic(utf8(words)))).to.equal(hex);
    });
  }

  it('reads numbered, upper-case and wrapped words', () => {
    const words = fromUtf8(mnemonicFromEntropy(new Uint8Array(32).fill(7))).split(' ');
    const sheet = words.map((word, i) => `${i + 1}. ${word.toUpperCase()}`).join('\n');
    expect(toHex(entropyFromMnemonic(utf8(sheet)))).to.equal('07'.repeat(32));
  });

  it('refuses 23 and 25 words', () => {
    expect(refusal('abandon '.repeat(23))).to.equal('recovery-words-count');
    expect(refusal('abandon '.repeat(25))).to.equal('recovery-words-count');
    expect(refusal('')).to.equal('recovery-words-count');
    expect(refusal('abandon '.repeat(10_000))).to.equal('recovery-words-count');
  });

  it('names the place of an unknown word, never the word', () => {
    const words = 'abandon '.repeat(24).trim().split(' ');
    words[6] = 'intechat';
    try {
      entropyFromMnemonic(utf8(words.join(' ')));
      expect.fail('accepted');
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      expect(error.code).to.equal('recovery-words-unknown');
      expect(error.offset).to.equal(7);
      expect(error.message).not.to.contain('intechat');
    }
  });

  it('refuses words whose checksum is wrong, without quoting them', () => {
    try {
      entropyFromMnemonic(utf8('abandon '.repeat(24)));
      expect.fail('accepted');
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      expect(error.code).to.equal('recovery-words-checksum');
      expect(error.cause).to.equal(undefined);
      expect(error.message).not.to.contain('abandon');
    }
  });

  it('refuses ill-formed UTF-8 and other lengths of entropy', () => {
    expect(() => entropyFromMnemonic(new Uint8Array([0xff, 0xfe])))
      .to.throw(CodecError)
      .with.property('code', 'bad-utf8');
    for (const length of [0, 16, 31, 33]) {
      expect(() => mnemonicFromEntropy(new Uint8Array(length)))
        .to.throw(CodecError)
        .with.property('code', 'bad-length');
    }
  });

  it('round-trips any 32 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (entropy) => {
        expect(entropyFromMnemonic(mnemonicFromEntropy(entropy))).to.deep.equal(entropy);
      }),
    );
  });
});
