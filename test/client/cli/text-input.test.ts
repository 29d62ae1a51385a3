import { Readable } from 'node:stream';
import { expect } from 'chai';
import { readText } from '../../../client/cli/text-input.ts';
import { rejectionOf } from '../../support/rejection.ts';

const LIMIT = 65_536;

function stdin(text: string | Uint8Array, isTTY = false): NodeJS.ReadStream {
  const bytes = Buffer.from(text as string);
  const halves = [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];
  return Object.assign(Readable.from(halves), { isTTY }) as unknown as NodeJS.ReadStream;
}

describe('text of a message', () => {
  const nothing = (): NodeJS.ReadStream => stdin('', true);

  it('is what stands after -m', async () => {
    expect(await readText('hello', nothing(), true)).to.equal('hello');
    expect(await readText('hello', stdin('not this'), true)).to.equal('hello');
  });

  it('is what stands on stdin when it is piped, or asked for with -', async () => {
    expect(await readText(undefined, stdin('from a pipe'), true)).to.equal('from a pipe');
    expect(await readText('-', stdin('typed', true), true)).to.equal('typed');
  });

  it('loses one line end', async () => {
    expect(await readText('hello\n', nothing(), true)).to.equal('hello');
    expect(await readText(undefined, stdin('hello\r\n'), true)).to.equal('hello');
    expect(await readText(undefined, stdin('\nhello\n\n'), true)).to.equal('\nhello\n');
  });

  it('may be exactly as long as allowed, in bytes', async () => {
    expect(await readText('x'.repeat(LIMIT), nothing(), true)).to.have.length(LIMIT);
    expect(await readText(undefined, stdin(`${'ü'.repeat(LIMIT / 2)}\n`), true)).to.have.length(LIMIT / 2);
  });

  it('is refused when it is too long, with its size', async () => {
    for (const attempt of [
      readText('x'.repeat(LIMIT + 1), nothing(), true),
      readText(undefined, stdin('ü'.repeat(LIMIT)), true),
    ]) {
      expect(await rejectionOf(attempt)).to.equal('text-too-long');
    }
    const error = await readText(undefined, stdin('x'.repeat(100_000)), true).catch((each: Error) => each);
    expect(String(error)).to.include('100000');
  });

  it('is refused when it is empty', async () => {
    for (const attempt of [
      readText('', nothing(), true),
      readText(undefined, stdin('\n'), true),
      readText('\n', nothing(), true),
    ]) {
      expect(await rejectionOf(attempt)).to.equal('empty-message');
    }
  });

  it('is missing on a terminal without -m', async () => {
    expect(await rejectionOf(readText(undefined, nothing(), true))).to.equal('text-missing');
  });

  it('is refused when it is not UTF-8', async () => {
    expect(await rejectionOf(readText(undefined, stdin(Uint8Array.of(0x68, 0xff)), true))).to.equal(
      'text-not-utf8',
    );
  });

  it('cannot share stdin with the passphrase', async () => {
    expect(await rejectionOf(readText(undefined, stdin('x'), false))).to.equal('usage');
    expect(await readText('x', stdin('passphrase'), false)).to.equal('x');
  });
});
