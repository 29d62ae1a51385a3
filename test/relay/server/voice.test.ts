import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { createVoice, visible } from '../../../relay/server/voice.ts';

const hostile = JSON.parse(
  readFileSync(new URL('../../vectors/terminal-escapes.json', import.meta.url), 'utf8'),
) as readonly { readonly id: string; readonly text: string }[];

/** Anything that could move the cursor, hide or reorder text, or end the line. */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function collect(): { readonly lines: string[]; write(text: string): void } {
  const lines: string[] = [];
  return { lines, write: (text) => lines.push(text) };
}

describe('relay voice', () => {
  for (const { id, text } of hostile) {
    it(`shows the hostile text ${id} without obeying it, in every kind of line`, () => {
      const out = collect();
      const err = collect();
      const voice = createVoice(out, err);
      voice.result(text);
      voice.note(text);
      voice.warning(text);
      voice.error(text, [text]);
      voice.json({ text });
      for (const line of [...out.lines, ...err.lines]) {
        expect(line.endsWith('\n')).to.equal(true);
        expect(line.slice(0, -1)).to.not.match(DANGEROUS);
      }
      expect(JSON.parse(out.lines[1] ?? '')).to.deep.equal({ text });
    });
  }

  it('never lets a dangerous character through, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(visible(text)).to.not.match(DANGEROUS);
      }),
    );
  });

  it('leaves ordinary text of any script as it is', () => {
    for (const text of ['data in /srv/größe', 'борис', '山田太郎', 'a  b'])
      expect(visible(text)).to.equal(text);
  });

  it('names what it replaced', () => {
    expect(visible('a\u001b[2Jb')).to.equal('a<U+001B>[2Jb');
    expect(visible('\u{e0041}')).to.equal('<U+E0041>');
  });

  it('cuts a text of outside at 2,000 characters', () => {
    expect(visible('x'.repeat(10_000)).length).to.equal(2_001);
  });

  it('sends results to stdout and everything else to stderr under the name of the program', () => {
    const out = collect();
    const err = collect();
    const voice = createVoice(out, err);
    voice.result('ic://x');
    voice.note('stopped');
    voice.warning('runs as root');
    voice.error('port 1 is in use', ['choose another']);
    expect(out.lines).to.deep.equal(['ic://x\n']);
    expect(err.lines).to.deep.equal([
      'intechat-relay: stopped\n',
      'intechat-relay: warning: runs as root\n',
      'intechat-relay: error: port 1 is in use\n',
      'intechat-relay: hint: choose another\n',
    ]);
  });
});
