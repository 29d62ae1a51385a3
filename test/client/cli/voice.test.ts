import { Writable } from 'node:stream';
import { expect } from 'chai';
import { say } from '../../../client/cli/safe-text.ts';
import { Printer } from '../../../client/cli/voice.ts';
import { StoreError, UsageError } from '../../../crypto/errors.ts';
import { rejectionOf } from '../../support/rejection.ts';

class Sink extends Writable {
  text = '';
  readonly #fault: string | undefined;

  constructor(fault?: string) {
    super();
    this.#fault = fault;
    this.on('error', () => {});
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.text += chunk.toString();
    done(this.#fault === undefined ? undefined : Object.assign(new Error('broken'), { code: this.#fault }));
  }
}

interface Setup {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly fault?: string;
  readonly errorFault?: string;
}

function printing(setup: Setup = {}) {
  const stdout = new Sink(setup.fault);
  const stderr = new Sink(setup.errorFault);
  const { json = false, quiet = false, verbose = false } = setup;
  return { stdout, stderr, printer: new Printer({ stdout, stderr, json, quiet, verbose }) };
}

describe('printer', () => {
  it('puts results on stdout and everything else on stderr', () => {
    const { stdout, stderr, printer } = printing();
    printer.line(say`done`);
    printer.result({ no: 'json' });
    printer.note(say`a note`);
    printer.hint(say`a hint`);
    printer.warning(say`a warning`);
    printer.ask(say`sure? `);
    expect(stdout.text).to.equal('done\n');
    expect(stderr.text).to.equal(
      'intechat: a note\nintechat: hint: a hint\nintechat: warning: a warning\nsure? ',
    );
  });

  it('with --json puts one object on stdout and no line for people', () => {
    const { stdout, printer } = printing({ json: true });
    printer.line(say`done`);
    printer.result({ name: 'bob' });
    expect(JSON.parse(stdout.text)).to.deep.equal({ ok: true, result: { name: 'bob' } });
  });

  it('reports an error in both voices', () => {
    const { stdout, stderr, printer } = printing({ json: true });
    printer.failure(
      new UsageError('not-found', 'nobody is called so', { hints: ['look again', 'or not'] }),
      8,
      {
        id: '1',
      },
    );
    expect(JSON.parse(stdout.text)).to.deep.equal({
      ok: false,
      error: {
        code: 8,
        name: 'not-found',
        message: 'nobody is called so',
        hint: 'look again',
        data: { id: '1' },
      },
    });
    expect(stderr.text).to.equal(
      'intechat: error: nobody is called so\nintechat: hint: look again\nintechat: hint: or not\n',
    );
  });

  it('gives an error a type where it ends a stream', () => {
    const { stdout, printer } = printing({ json: true });
    printer.stream({ type: 'message', text: 'x' });
    printer.failure(new StoreError('disk-full', 'no room'), 3);
    const [first, last] = stdout.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly type: string });
    expect(first?.type).to.equal('message');
    expect(last).to.deep.include({ type: 'error', ok: false });
  });

  it('says nothing of what is unknown but that it is a bug', () => {
    const { stderr, printer } = printing();
    printer.failure(new Error('secret detail'), 2);
    expect(stderr.text).to.not.include('secret');
    expect(stderr.text).to.include('internal error');
  });

  it('keeps notes and hints to itself when quiet, and details unless verbose', () => {
    const quiet = printing({ quiet: true });
    quiet.printer.note(say`n`);
    quiet.printer.hint(say`h`);
    quiet.printer.warning(say`w`);
    expect(quiet.stderr.text).to.equal('intechat: warning: w\n');
    const plain = printing();
    plain.printer.detail(say`d`);
    expect(plain.stderr.text).to.equal('');
    const verbose = printing({ verbose: true });
    verbose.printer.detail(say`d`);
    expect(verbose.stderr.text).to.equal('intechat: d\n');
  });

  it('prints help as it stands, also with --json', async () => {
    const { stdout, printer } = printing({ json: true });
    printer.text(say`help`);
    await printer.flushed();
    expect(stdout.text).to.equal('help\n');
  });

  it('tells a reader that went away from a disk that is full', async () => {
    const closed = printing({ fault: 'EPIPE' }).printer;
    closed.line(say`x`);
    expect(await rejectionOf(closed.flushed())).to.equal('output-closed');
    const full = printing({ fault: 'ENOSPC' }).printer;
    full.line(say`x`);
    expect(await rejectionOf(full.flushed())).to.equal('output-failed');
  });

  it('does not fail because nobody reads its hints', async () => {
    const { printer } = printing({ errorFault: 'EPIPE' });
    printer.hint(say`x`);
    printer.line(say`y`);
    await printer.flushed();
  });
});
