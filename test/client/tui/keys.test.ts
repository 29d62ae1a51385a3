import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeKeys,
  flushKeys,
  type Key,
  type KeyState,
  noKeys,
  PASTE_MAX_CODE_UNITS,
} from '../../../client/tui/keys.ts';

function keysOf(...chunks: readonly string[]): readonly Key[] {
  return run(chunks).keys;
}

function run(chunks: readonly string[]): { readonly keys: readonly Key[]; readonly state: KeyState } {
  let state = noKeys;
  const keys: Key[] = [];
  for (const chunk of chunks) {
    const decoded = decodeKeys(state, chunk);
    state = decoded.state;
    keys.push(...decoded.keys);
  }
  return { keys, state };
}

describe('keys of a terminal', () => {
  it('takes a whole chunk of fast typing apart', () => {
    expect(keysOf('hi\x7f\r')).to.deep.equal([
      { kind: 'text', text: 'hi' },
      { kind: 'edit', edit: 'delete-left' },
      { kind: 'enter' },
    ]);
  });

  it('knows the arrows in both modes of terminals', () => {
    expect(keysOf('\x1b[A\x1bOB\x1b[1;5C')).to.deep.equal([
      { kind: 'edit', edit: 'older' },
      { kind: 'edit', edit: 'newer' },
      { kind: 'edit', edit: 'word-right' },
    ]);
  });

  it('waits for the rest of a sequence', () => {
    expect(keysOf('\x1b')).to.deep.equal([]);
    expect(keysOf('\x1b', '[', '3', '~')).to.deep.equal([{ kind: 'edit', edit: 'delete-right' }]);
  });

  it('forgets an Escape that stood alone', () => {
    const { state } = decodeKeys(noKeys, '\x1b');
    expect(decodeKeys(flushKeys(state), 'a').keys).to.deep.equal([{ kind: 'text', text: 'a' }]);
  });

  it('types nothing of a sequence it does not know', () => {
    expect(keysOf('\x1b[?1;2c\x1b[12;40R\x1b[200;1M\x1bOz')).to.deep.equal([]);
  });

  it('ends a sequence that is none', () => {
    expect(keysOf('\x1b[12\rx')).to.deep.equal([{ kind: 'enter' }, { kind: 'text', text: 'x' }]);
  });

  it('takes what is pasted as one piece, whatever is in it', () => {
    expect(keysOf('a\x1b[200~one\rtwo\x1b[A\x03\x1b[201~b')).to.deep.equal([
      { kind: 'text', text: 'a' },
      { kind: 'paste', text: 'one\rtwo\x1b[A\x03', cut: false },
      { kind: 'text', text: 'b' },
    ]);
  });

  it('finds the end of a paste wherever the chunks are cut', () => {
    const input = 'x\x1b[200~one\r\ntwo\x1b[201~\r';
    const whole = keysOf(input);
    for (let at = 1; at < input.length; at++) {
      expect(keysOf(input.slice(0, at), input.slice(at)), `cut at ${at}`).to.deep.equal(whole);
    }
  });

  it('cuts a paste that is too long and says so', () => {
    const paste = 'x'.repeat(PASTE_MAX_CODE_UNITS);
    expect(keysOf(`\x1b[200~${paste}`, 'yyy', '\x1b[201~')).to.deep.equal([
      { kind: 'paste', text: paste, cut: true },
    ]);
    expect(keysOf(`\x1b[200~${paste}\x1b[201~`)[0]).to.deep.equal({ kind: 'paste', text: paste, cut: false });
  });

  it('never types a control character, however the input is cut', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\x1b',
        '[',
        'O',
        '~',
        '\x1b[200~',
        '\x1b[201~',
        '\r',
        '\x00',
        '\x9b',
        '3',
        ';',
        'é',
        '🙂',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece), (chunks) => {
        for (const key of keysOf(...chunks)) {
          if (key.kind !== 'text') continue;
          expect([...key.text].every((character) => character >= ' ' && character !== '\x7f')).to.equal(true);
        }
      }),
    );
  });
});
