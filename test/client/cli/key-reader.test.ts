import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { KeyReader } from '../../../client/cli/key-reader.ts';

class Keyboard extends PassThrough {
  isRaw = false;
  readonly modes: boolean[] = [];

  setRawMode(raw: boolean): this {
    this.isRaw = raw;
    this.modes.push(raw);
    return this;
  }
}

function keyboard(...typed: readonly string[]): { readonly input: Keyboard; readonly keys: KeyReader } {
  const input = new Keyboard();
  for (const each of typed) input.write(each);
  return { input, keys: new KeyReader(input as unknown as NodeJS.ReadStream) };
}

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString();
const never = (): void => {
  throw new Error('interrupted');
};

describe('key reader', () => {
  it('reads an unseen line in raw mode and leaves it afterwards', async () => {
    const { input, keys } = keyboard('correct horse\r');
    expect(text(await keys.readLine(false, never))).to.equal('correct horse');
    expect(input.modes).to.deep.equal([true, false]);
  });

  it('takes back whole characters, and the whole line', async () => {
    expect(text(await keyboard('pö\x7f\x7fäx\b\r').keys.readLine(false, never))).to.equal('ä');
    expect(text(await keyboard('\x7fwrong\x15right\r').keys.readLine(false, never))).to.equal('right');
    expect(text(await keyboard('漢字\x7f\r').keys.readLine(false, never))).to.equal('漢');
  });

  it('passes over arrow keys, paste marks and other controls', async () => {
    const typed = '\x1b[200~pa\x1b[Dss\x1bOA\x07\x1b[201~\r';
    expect(text(await keyboard(typed).keys.readLine(false, never))).to.equal('pass');
  });

  it('keeps what was typed ahead for the next question', async () => {
    const { keys } = keyboard('one\rtwo\n', 'three\n');
    expect(text(await keys.readLine(false, never))).to.equal('one');
    expect(text(await keys.readLine(false, never))).to.equal('two');
    expect(text(await keys.readLine(true, never))).to.equal('three');
  });

  it('joins what comes in pieces', async () => {
    const { input, keys } = keyboard();
    const line = keys.readLine(true, never);
    input.write('hel');
    input.write('lo\n');
    expect(text(await line)).to.equal('hello');
  });

  it('tells of Ctrl-C', async () => {
    let interrupted = 0;
    const { keys } = keyboard('se\x03cret\r');
    await keys.readLine(false, () => {
      interrupted++;
    });
    expect(interrupted).to.equal(1);
  });

  it('ends with the input, and with Ctrl-D on an empty line', async () => {
    expect(await keyboard('\x04').keys.readLine(false, never)).to.equal(undefined);
    expect(text(await keyboard('a\x04b\r').keys.readLine(false, never))).to.equal('ab');
    const { input, keys } = keyboard();
    input.end();
    expect(await keys.readLine(true, never)).to.equal(undefined);
  });

  it('gives an empty line for Enter alone', async () => {
    expect(text(await keyboard('\r').keys.readLine(false, never))).to.equal('');
  });
});
