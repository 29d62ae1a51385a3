import { expect } from 'chai';
import { say } from '../../../client/cli/safe-text.ts';
import { DrawnScreen } from '../../../client/tui/drawn-screen.ts';
import { LINE_MAX_CODE_UNITS } from '../../../client/tui/line-editor.ts';
import type { ScreenHandlers } from '../../../client/tui/screen.ts';
import type { Row } from '../../../client/tui/view.ts';
import { FakeTerminal } from './fake-terminal.ts';

interface Drawn {
  readonly terminal: FakeTerminal;
  readonly screen: DrawnScreen;
  /** What the handlers heard, in words. */
  readonly heard: string[];
}

function row(text: string, tone: Row['tone'] = 'plain'): Row {
  return { text: say`${text}`, hang: say`  | `, tone };
}

describe('the drawn screen', () => {
  const screens: DrawnScreen[] = [];

  afterEach(() => {
    for (const screen of screens.splice(0)) screen.stop();
  });

  function draw({ color = false, comesBack = true, columns = 40 } = {}): Drawn {
    const terminal = new FakeTerminal({ columns });
    const screen = new DrawnScreen({ printer: terminal.printer, stdin: terminal.input.stream, color });
    const heard: string[] = [];
    const handlers: ScreenHandlers = {
      line: (text) => heard.push(`line ${text}`),
      paste: (text) => heard.push(`paste ${text}`),
      interrupt: (wasEmpty) => heard.push(`interrupt ${wasEmpty}`),
      end: () => heard.push('end'),
      refuse: (why) => heard.push(`refuse ${why}`),
      comesBack: () => comesBack,
      names: () => ['bob', 'bobby'],
    };
    screen.start(handlers);
    screen.prompt(say`bob> `);
    screens.push(screen);
    return { terminal, screen, heard };
  }

  it('takes the terminal and gives it back', async () => {
    const { terminal, screen } = draw();
    expect(terminal.input.isRaw).to.equal(true);
    await terminal.rows();
    expect(terminal.raw).to.contain('\x1b[?2004h');
    screen.stop();
    expect(terminal.input.isRaw).to.equal(false);
    expect(await terminal.rows()).to.deep.equal([]);
    expect(terminal.raw.endsWith('\x1b[?2004l\x1b[?7h')).to.equal(true);
    screen.stop();
  });

  it('ends quietly when the terminal is gone', () => {
    const { terminal, screen, heard } = draw();
    terminal.input.isGone = true;
    terminal.input.emit('error', new Error('EIO'));
    expect(heard).to.deep.equal(['end']);
    screen.stop();
  });

  it('keeps what is typed below what is shown', async () => {
    const { terminal, screen, heard } = draw();
    terminal.type('hel');
    await terminal.rows();
    screen.show([row('12:04 bob> one'), row('-- two')]);
    terminal.type('lo');
    expect(await terminal.rows()).to.deep.equal(['12:04 bob> one', '-- two', 'bob> hello']);
    expect(await terminal.cursor()).to.equal(10);
    terminal.type('\r');
    expect(await terminal.rows()).to.deep.equal(['12:04 bob> one', '-- two', 'bob>']);
    expect(heard).to.deep.equal(['line hello']);
  });

  it('leaves on the screen what does not come back as a message', async () => {
    const { terminal, heard } = draw({ comesBack: false });
    terminal.type('/help\r\r');
    expect(await terminal.rows()).to.deep.equal(['bob> /help', 'bob>']);
    expect(heard).to.deep.equal(['line /help', 'line ']);
  });

  it('folds long rows behind their hanging, so that nothing from outside begins a row', async () => {
    const { terminal, screen } = draw({ columns: 24 });
    screen.show([row(`12:04 bob> ${'x'.repeat(10)} 12:05 alice> yes`)]);
    const rows = await terminal.rows();
    expect(rows[0]).to.equal('12:04 bob> xxxxxxxxx');
    for (const each of rows.slice(1, -1)) expect(each.startsWith('  | ')).to.equal(true);
  });

  it('folds what is typed and finds it again in a narrower window', async () => {
    const { terminal } = draw({ columns: 20 });
    terminal.type('0123456789'.repeat(3));
    expect(await terminal.rows()).to.deep.equal(['bob> 01234567890123', '4567890123456789']);
    terminal.resize(60, 10);
    expect(await terminal.rows()).to.deep.equal([`bob> ${'0123456789'.repeat(3)}`]);
  });

  it('shows colours only when it may', async () => {
    const plain = draw();
    plain.screen.show([row('error', 'alarm')]);
    await plain.terminal.rows();
    for (const code of ['[0m', '[2m', '[31m']) expect(plain.terminal.raw).not.to.contain(code);
    const colored = draw({ color: true });
    colored.screen.show([row('error', 'alarm'), row('note', 'quiet'), row('text')]);
    await colored.terminal.rows();
    expect(colored.terminal.raw).to.contain('\x1b[31merror\x1b[0m').and.to.contain('\x1b[2mnote\x1b[0m');
    expect(colored.terminal.raw).to.contain('text\r\n');
  });

  it('clears the line on Ctrl-C and says whether there was one', async () => {
    const { terminal, heard } = draw();
    terminal.type('abc\x03');
    terminal.type('\x03');
    expect(await terminal.rows()).to.deep.equal(['bob>']);
    expect(heard).to.deep.equal(['interrupt false', 'interrupt true']);
  });

  it('ends on Ctrl-D only where nothing is typed', async () => {
    const { terminal, heard } = draw();
    terminal.type('ab\x01\x04');
    expect(await terminal.rows()).to.deep.equal(['bob> b']);
    terminal.type('\x04\x04');
    await terminal.rows();
    expect(heard).to.deep.equal(['end']);
  });

  it('hands over a paste of several lines with what stood around it', async () => {
    const { terminal, heard } = draw();
    terminal.type('@bob !\x02\x1b[200~one\r\ntwo\r\n\x1b[201~');
    expect(await terminal.rows()).to.deep.equal(['bob>']);
    expect(heard).to.deep.equal(['paste @bob one\ntwo!']);
    terminal.type('\x1b[200~three\r\x1b[201~');
    expect(await terminal.rows()).to.deep.equal(['bob> three']);
  });

  it('refuses what is too long instead of sending a part', async () => {
    const { terminal, heard } = draw();
    terminal.type(`\x1b[200~${'x'.repeat(300_000)}\x1b[201~`);
    terminal.type(`\x1b[200~${'x'.repeat(LINE_MAX_CODE_UNITS + 1)}\x1b[201~`);
    expect(await terminal.rows()).to.deep.equal(['bob>']);
    expect(heard.map((each) => each.slice(0, 12))).to.deep.equal(['refuse what ', 'refuse the l']);
  });

  it('brings older lines back and completes names', async () => {
    const { terminal } = draw();
    terminal.type('first\r\x1b[A');
    expect(await terminal.rows()).to.deep.equal(['bob> first']);
    terminal.type('\x15/op\tb\t');
    expect(await terminal.rows()).to.deep.equal(['bob> /open bob']);
    terminal.type('\t\t');
    expect(await terminal.rows()).to.deep.equal(['bob  bobby', 'bob> /open bob']);
  });

  it('draws everything anew on Ctrl-L', async () => {
    const { terminal, screen } = draw();
    screen.show([row('one')]);
    terminal.type('x\x0c');
    expect((await terminal.rows()).at(-1)).to.equal('bob> x');
  });

  it('takes an arrow key that comes in pieces, and types nothing of one that never ends', async () => {
    const { terminal } = draw();
    terminal.type('ab\x1b');
    await terminal.rows();
    terminal.type('[Dx');
    expect(await terminal.rows()).to.deep.equal(['bob> axb']);
    terminal.type('\x1b[999');
    expect(await terminal.rows()).to.deep.equal(['bob> axb']);
  });

  it('takes characters that come in pieces', async () => {
    const { terminal } = draw();
    const bytes = Buffer.from('日');
    terminal.input.write(bytes.subarray(0, 1));
    await terminal.rows();
    terminal.input.write(bytes.subarray(1));
    expect(await terminal.rows()).to.deep.equal(['bob> 日']);
  });
});
