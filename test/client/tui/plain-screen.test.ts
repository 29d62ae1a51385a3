import { expect } from 'chai';
import { say } from '../../../client/cli/safe-text.ts';
import { LINE_MAX_CODE_UNITS } from '../../../client/tui/line-editor.ts';
import { PlainScreen } from '../../../client/tui/plain-screen.ts';
import { FakeTerminal, settled } from './fake-terminal.ts';

describe('the plain screen', () => {
  function make(isTTY = false): { terminal: FakeTerminal; screen: PlainScreen; heard: string[] } {
    const terminal = new FakeTerminal({ isTTY, columns: 200 });
    const screen = new PlainScreen({ printer: terminal.printer, stdin: terminal.input.stream });
    const heard: string[] = [];
    screen.start({
      line: (text) => heard.push(text),
      paste: () => heard.push('paste'),
      interrupt: () => heard.push('interrupt'),
      end: () => heard.push('end'),
      refuse: (why) => heard.push(`refuse ${why}`),
      comesBack: () => false,
      names: () => [],
    });
    return { terminal, screen, heard };
  }

  it('knows a pipe from a terminal', () => {
    expect(make(false).screen.kind).to.equal('pipe');
    expect(make(true).screen.kind).to.equal('plain-terminal');
  });

  it('reads lines however they are cut, also the last one without an end', async () => {
    const { terminal, heard } = make();
    terminal.type('one\r\ntw');
    terminal.type('o\n\n日');
    terminal.input.end();
    await settled();
    expect(heard).to.deep.equal(['one', 'two', '', '日', 'end']);
  });

  it('ends once', async () => {
    const { terminal, heard } = make();
    terminal.input.end('one\n');
    await settled();
    terminal.input.emit('close');
    expect(heard).to.deep.equal(['one', 'end']);
  });

  it('refuses a line that is too long, whole, and goes on with the next', async () => {
    const { terminal, heard } = make();
    terminal.type('x'.repeat(LINE_MAX_CODE_UNITS + 1));
    terminal.type('still the same line\nnext\n');
    terminal.type(`${'y'.repeat(LINE_MAX_CODE_UNITS + 1)}\nlast\n`);
    await settled();
    expect(heard.map((each) => each.slice(0, 12))).to.deep.equal([
      'refuse the l',
      'next',
      'refuse the l',
      'last',
    ]);
  });

  it('prints rows and a prompt that changed, and no control sequence', async () => {
    const { terminal, screen } = make(true);
    screen.prompt(say`bob> `);
    screen.prompt(say`bob> `);
    screen.show([{ text: say`-- error: no`, hang: say`   `, tone: 'alarm' }]);
    screen.prompt(say`carol> `);
    await settled();
    expect(terminal.raw).to.equal('bob>\n-- error: no\ncarol>\n');
  });

  it('reads on only while it may', async () => {
    const { terminal, screen, heard } = make();
    screen.flow(false);
    terminal.type('one\n');
    await settled();
    expect(heard).to.deep.equal([]);
    screen.flow(true);
    await settled();
    expect(heard).to.deep.equal(['one']);
    screen.stop();
    terminal.type('two\n');
    await settled();
    expect(heard).to.deep.equal(['one']);
  });
});
